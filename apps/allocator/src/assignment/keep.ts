import type { JsonObject } from '@slipway/contracts';
import { blueprintState, failureKey, type AllocationState } from '../allocation/state.js';
import { attributesFor, type BlueprintCatalogue, type BlueprintDeclaration } from '../blueprint/declaration.js';
import { takesLeases, type Resource } from '../resource/resource.js';
import type { Kept } from './kept.js';
import { DEPTH, isFull, wantedBy, whyNotNow } from './make.js';
import { PATIENCE_MS, type Wanted } from './queue.js';
import { roomAt } from './room-at.js';
import { blueprintsFor, roomFor, suitable } from './room.js';

/** What is looked at to keep something for a lease that waits since then (ms since the epoch). */
interface Seen {
  state: AllocationState;
  catalogue: BlueprintCatalogue;
  kept: Kept;
  now: number;
  /** By which it is told what is tried again now. */
  running: number;
  since: number;
}

/**
 * Keeps what a lease that cannot have what it wants is nearest to, so that smaller ones do not starve it: as much as it wants of the resource
 * that has room first, and what a new resource for it would need itself. Tells which idle resources are to go, so that their blueprint may make
 * what is wanted instead.
 */
export function keepFor(seen: Seen, wanted: Wanted, depth = 0): string[] {
  const { state, catalogue, kept, running } = seen;
  const allowed = blueprintsFor(state, catalogue, wanted);
  if (wanted.resourceId !== undefined) {
    const named = state.resources.get(wanted.resourceId);
    if (named && takesLeases(named) && allowed.some(({ name }) => name === named.blueprint)) kept.keep(named.id, wanted);
    return [];
  }
  const nearest = nearestTo(seen, allowed, wanted);
  if (nearest !== undefined) kept.keep(nearest, wanted);
  const inTheWay: string[] = [];
  for (const declared of allowed) {
    const made = attributesFor(declared, wanted);
    if ('reason' in made) continue;
    const idle = inTheWayOf(seen, declared, made.attributes);
    if (idle !== undefined) return [idle];
    if (depth >= DEPTH || whyNotNow(state, declared, made.attributes, running) !== undefined) continue;
    for (const need of Object.values(declared.needs)) {
      const needed = wantedBy(need, wanted.owner);
      const room = roomFor(state, catalogue, needed, kept);
      if (room) kept.keep(room.id, needed);
      else inTheWay.push(...keepFor(seen, needed, depth + 1));
    }
  }
  return inTheWay;
}

/**
 * The resource that has room for it first. Where that cannot be told, because something without an end is in the way on each, the one that lacks
 * the least; and who waits longer takes one after the other, so that he never waits for ever for what is never given back.
 */
function nearestTo(
  { state, kept, now, since }: Seen,
  allowed: readonly BlueprintDeclaration[],
  wanted: Wanted,
): string | undefined {
  const few = allowed.flatMap(({ name }) => [...firstFew(state, suitable(state, name, wanted))]);
  const all = few.map((resource) => {
    const { id, capacity, load } = resource;
    return { id, at: roomAt(state, resource, wanted, kept, now), room: capacity - load - kept.amountOf(id) };
  });
  const [nearest] = all.toSorted((one, other) => earlier(one.at, other.at) || other.room - one.room);
  if (nearest?.at !== Infinity || now - since < PATIENCE_MS) return nearest?.id;
  return all.map(({ id }) => id).toSorted()[turnAfter(now - since - PATIENCE_MS, all.length)];
}

const earlier = (one: number, other: number): number => (one === other ? 0 : one - other);

/** Whose turn it is of some: each has as long as the others, and in each round twice as long as before, until it is long enough (ms). */
export function turnAfter(waited: number, of: number): number {
  let [left, each] = [waited, PATIENCE_MS];
  for (; left >= of * each; each *= 2) left -= of * each;
  return Math.floor(left / each);
}

/** Leases that are looked at to find out who has room first: of resources of which none has an end, not all are. */
const MOST = 500;

/** Of those with the most room a few. */
function* firstFew({ resources }: AllocationState, suiting: ReturnType<typeof suitable>): Generator<Resource> {
  let left = MOST;
  for (const { ids } of suiting)
    for (const [id] of ids.entries()) {
      const resource = resources.get(id)!;
      yield resource;
      left -= 10 + resource.leases.size;
      if (left <= 0) return;
    }
}

/** A resource that nobody has, of a blueprint that would make what is wanted if it had not made as many as it may. */
function inTheWayOf({ state, kept, running }: Seen, declared: BlueprintDeclaration, attributes: JsonObject): string | undefined {
  const failed = blueprintState(state, declared.name).failed.get(failureKey(attributes));
  if (!declared.can.includes('allocate') || !isFull(state, declared, true) || (failed && failed.retryAt > running))
    return undefined;
  for (const [, id] of state.idle.get(declared.name)?.entries() ?? []) if (kept.amountOf(id) === 0) return id;
  return undefined;
}
