import type { AllocationEvent } from '@slipway/contracts';
import { PersistentOrder } from '@slipway/event-store';
import type { Deciding } from '../allocation/deciding.js';
import { idOf, type AllocationState } from '../allocation/state.js';
import { closeWhereFree, drain } from '../resource/standing.js';
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
 * A4. What is made for one and has room for more is there for all that wait, in their order.
 * A5. An idle resource that is in the way of one that is wanted is given back at once.
 */
export function assign(deciding: Deciding, types: readonly string[]): void {
  const { catalogue, now, running } = deciding;
  let kept = new Kept();
  let order = firsts(deciding.state, types);
  while (!deciding.isLong) {
    const [rank, { type, name }] = order.first() ?? NOBODY;
    if (!rank) return;
    const [first] = deciding.state.queues.get(type)?.groups.get(name)?.first() ?? [];
    if (!first || !isSame(first, rank)) {
      // Whoever was first there has been served, or his owner has more than before.
      order = order.without(rank);
      if (first) order = order.with(first, { type, name });
      continue;
    }
    const { environment, leases } = deciding.state;
    const lease = leases.get(idOf(environment, 'lease', first[2]))!;
    const granted = grant(deciding.state, catalogue, lease, kept, deciding);
    if (granted.length > 0) {
      deciding.record(...granted);
      if (granted.some((event) => isMadeWithRoom(deciding.state, event))) {
        // Whoever could not have what he wants may have it of what is left.
        kept = new Kept();
        order = firsts(deciding.state, types);
      }
      continue;
    }
    const inTheWay = keepFor({ state: deciding.state, catalogue, kept, now, running, since: lease.at }, lease);
    for (const id of inTheWay) {
      drain(deciding, deciding.state.resources.get(id)!, { reason: `Makes room for ${lease.id}, for which it is of no use` });
      closeWhereFree(deciding, id);
    }
    // Where the first of a group cannot have what he wants, none of it can.
    if (inTheWay.length === 0) order = order.without(rank);
  }
}

/** A group of those that wait for a type. */
interface Group {
  type: string;
  name: string;
}

const NOBODY: readonly [undefined, Group] = [undefined, { type: '', name: '' }];

/** The groups that wait for some types, in the order of the first of each. */
function firsts({ queues }: AllocationState, types: readonly string[]): PersistentOrder<Group, Rank> {
  let order = PersistentOrder.of<Group, Rank>();
  for (const type of types)
    for (const [name, lines] of queues.get(type)?.groups.entries() ?? []) order = order.with(lines.first()![0], { type, name });
  return order;
}

/** Whether a resource is made for somebody who does not take all of it. */
function isMadeWithRoom({ resources }: AllocationState, { type, data }: AllocationEvent): boolean {
  if (type !== 'ResourceRequested') return false;
  const { load, capacity } = resources.get(data.resourceId)!;
  return load < capacity;
}

const isSame = (one: Rank, other: Rank): boolean => one[0] === other[0] && one[1] === other[1] && one[2] === other[2];
