import type { Deciding } from '../allocation/deciding.js';
import { idOf, type AllocationState } from '../allocation/state.js';
import { closeWhereFree, drain } from '../resource/standing.js';
import type { Lease } from '../lease/lease.js';
import { keepFor } from './keep.js';
import { Kept } from './kept.js';
import { grant } from './make.js';
import type { Rank } from './queue.js';

/**
 * Grants what can be granted to those that wait for some types. Who is next: the earlier window (of ten minutes in which he asked, one earlier
 * for each priority), then the owner who has the least of the type, then who asked first.
 *
 * A1. What there is comes before what could be made, and what could be made of a blueprint before what comes after it.
 * A2. Who cannot have it keeps what he is nearest to: nobody after him takes of it.
 * A3. What a resource needs itself is granted in the same breath, all of it or none.
 * A4. An idle resource that is in the way of one that is wanted is given back at once.
 */
export function assign(deciding: Deciding, types: readonly string[]): void {
  const { catalogue, now } = deciding;
  const kept = new Kept();
  const hopeless = new Set<string>();
  while (!deciding.isLong) {
    const next = nextInLine(deciding.state, types, hopeless);
    if (!next) return;
    const { lease, group } = next;
    const granted = grant(deciding.state, catalogue, lease, kept, now);
    if (granted.length > 0) {
      deciding.record(...granted);
      continue;
    }
    const inTheWay = keepFor(deciding.state, catalogue, lease, kept, now);
    for (const id of inTheWay) {
      drain(deciding, deciding.state.resources.get(id)!, { reason: `Makes room for ${lease.id}, for which it is of no use` });
      closeWhereFree(deciding, id);
    }
    if (inTheWay.length === 0) hopeless.add(group);
  }
}

/** The lease that is next, but for those of groups of which none can have what they want. */
function nextInLine(
  state: AllocationState,
  types: readonly string[],
  hopeless: ReadonlySet<string>,
): { lease: Lease; group: string } | undefined {
  let next: { rank: Rank; group: string } | undefined;
  for (const type of types)
    for (const [name, order] of state.queues.get(type)?.groups.entries() ?? []) {
      const group = `${type} ${name}`;
      const [rank] = order.first()!;
      if (!hopeless.has(group) && (!next || isBefore(rank, next.rank))) next = { rank, group };
    }
  return next && { lease: state.leases.get(idOf(state.environment, 'lease', next.rank[2]))!, group: next.group };
}

function isBefore(one: Rank, other: Rank): boolean {
  if (one[0] !== other[0]) return one[0] < other[0];
  return one[1] === other[1] ? one[2] < other[2] : one[1] < other[1];
}
