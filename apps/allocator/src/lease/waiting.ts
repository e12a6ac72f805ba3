import type { Deciding } from '../allocation/deciding.js';
import { blueprintState, failureKey, heldKey, type AllocationState } from '../allocation/state.js';
import { whyNotNow } from '../assignment/make.js';
import { ownerKey, windowOf } from '../assignment/queue.js';
import { blueprintsFor, lockHeld, shelvesFor } from '../assignment/room.js';
import { attributesFor, type BlueprintCatalogue } from '../blueprint/declaration.js';
import { takesLeases, type Resource } from '../resource/resource.js';
import type { Lease } from './lease.js';

/** How a lease stands that waits. */
export interface Standing {
  /** From 1: how many are to be served before it, and itself. */
  place: number;
  /** What it waits for, by blueprint. */
  reasons: string[];
  /** When it may be served (ms since the epoch), by the ends of those that have what suits it; none where that cannot be told. */
  estimate?: number;
}

/** Of a lease that waits, as things are now; `undefined` for one that does not. */
export function standing(
  state: AllocationState,
  catalogue: BlueprintCatalogue,
  leaseId: string,
  now: number,
): Standing | undefined {
  const lease = state.leases.get(leaseId);
  if (lease?.status !== 'pending') return undefined;
  const place = placeOf(state, lease);
  const estimate = estimateFor(state, catalogue, lease, place, now);
  const reasons = whatItWaitsFor({ state, catalogue, now }, lease);
  return { place, reasons, ...(estimate !== undefined && { estimate }) };
}

/**
 * Of earlier windows all come before it; of its own, those of each owner that he is served with until he has as many as the lease's owner has
 * when it is his turn.
 */
function placeOf(state: AllocationState, lease: Lease): number {
  const { type, number, owner } = lease;
  const mine = windowOf(lease.at, lease.priority);
  const lines = [...(state.queues.get(type)?.lines.entries() ?? [])].map(([, { owner: whose, priority, waiting }]) => {
    const earlier = waiting.countWhile((_number, at) => windowOf(at, priority) < mine);
    const until = (isBefore: (one: number) => boolean) =>
      waiting.countWhile((one, at) => windowOf(at, priority) <= mine && isBefore(one)) - earlier;
    const granted = (state.granted.get(heldKey(whose, type)) ?? 0) + earlier;
    return {
      owner: ownerKey(whose),
      waiting,
      earlier,
      granted,
      same: until(() => true),
      older: Math.max(
        0,
        until((one) => one < number),
      ),
    };
  });
  const own = lines.filter((line) => line.owner === ownerKey(owner));
  const beforeMine = sum(own.map(({ older }) => older));
  const had = Math.max(...own.map(({ granted }) => granted)) + beforeMine;
  const others = lines.filter((line) => line.owner !== ownerKey(owner));
  const ofOthers = others.map(({ waiting, earlier, same, granted }) => {
    const isFirst = waiting.first()![0] < number;
    return earlier + Math.min(same, Math.max(0, had - granted + Number(isFirst)));
  });
  return 1 + sum(ofOthers) + sum(own.map(({ earlier }) => earlier)) + beforeMine;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

/** Resources that are named to who waits. */
const SHOWN = 5;
/** Leases that are looked at for an estimate: of more, the estimate is of those. */
const MOST = 2_000;

/** When so many can have been served as stand before it, if each has what it has until it is over, and all before it want as much. */
function estimateFor(
  state: AllocationState,
  catalogue: BlueprintCatalogue,
  lease: Lease,
  place: number,
  now: number,
): number | undefined {
  const ends: number[] = [];
  let left = MOST;
  for (const resource of suitable(state, catalogue, lease)) {
    const on = [...resource.leases.entries()].map(([id]) => state.leases.get(id)!);
    const over = on.map((one) => ({ at: one.status === 'released' ? now : one.until, amount: one.amount, slots: one.slots }));
    const known = over.filter(({ at }) => at !== undefined) as { at: number; amount: number; slots: string[] }[];
    // A lock that is never given back is waited for in vain.
    const inWay = over.filter(({ slots }) => slots.some((slot) => lease.slots.includes(slot)));
    if (inWay.some(({ at }) => at === undefined)) continue;
    const locked = Math.max(now, ...inWay.map(({ at }) => at!));
    let free = resource.capacity - resource.load;
    for (const { at, amount } of known.toSorted((one, other) => one.at - other.at)) {
      const before = Math.floor(free / lease.amount);
      free += amount;
      for (let more = Math.floor(free / lease.amount) - before; more > 0; more -= 1) ends.push(Math.max(locked, at));
    }
    left -= 1 + on.length;
    if (left <= 0) break;
  }
  const again = blueprintsFor(state, catalogue, lease).flatMap((declared) => {
    const made = attributesFor(declared, lease);
    if ('reason' in made) return [];
    return blueprintState(state, declared.name).failed.get(failureKey(made.attributes))?.retryAt ?? [];
  });
  // What failed is tried once, for whoever is first.
  if (place === 1) ends.push(...again.map((at) => Math.max(at, now)));
  return ends.toSorted((one, other) => one - other)[place - 1];
}

function* suitable(state: AllocationState, catalogue: BlueprintCatalogue, lease: Lease): Generator<Resource> {
  if (lease.resourceId !== undefined) {
    const named = state.resources.get(lease.resourceId);
    if (named && takesLeases(named)) yield named;
    return;
  }
  for (const { name } of blueprintsFor(state, catalogue, lease)) yield* likely(state, name, lease);
}

/** What a lease waits for: by blueprint, and the locks that others have. */
export function whatItWaitsFor({ state, catalogue, now }: Pick<Deciding, 'state' | 'catalogue' | 'now'>, lease: Lease): string[] {
  const allowed = blueprintsFor(state, catalogue, lease);
  if (allowed.length === 0) return [`${ownerKey(lease.owner)} may use no blueprint any more that makes a ${lease.type}`];
  return allowed.map((declared) => {
    const { name, needs } = declared;
    const full = fullOnes(state, name, lease);
    const made = attributesFor(declared, lease);
    const making = 'reason' in made ? made.reason : whyNotNow(state, declared, made.attributes, now);
    if (lease.resourceId === undefined) full.push(making ?? `what it needs itself is not free: ${Object.keys(needs).join(', ')}`);
    return `${name}: ${full.join(', ')}`;
  });
}

function fullOnes(state: AllocationState, blueprint: string, lease: Lease): string[] {
  const full: string[] = [];
  for (const resource of likely(state, blueprint, lease)) {
    if (full.length === SHOWN) {
      const all = sum([...shelvesFor(state, blueprint, lease)].flatMap(({ byLoad }) => byLoad.map(({ ids }) => ids.size)));
      return [...full, `${all - SHOWN} more are leased`];
    }
    const lock = lockHeld(resource, lease);
    full.push(lock ? `${lock.slot} on ${resource.name} is held by ${lock.leaseId}` : fullReason(resource, lease));
  }
  return full;
}

const fullReason = ({ name, load, capacity }: Resource, { amount }: Lease): string =>
  `${name} has ${capacity - load} of ${capacity} free${amount > 1 ? `, and ${amount} are wanted` : ''}`;

function* likely(state: AllocationState, blueprint: string, lease: Lease): Generator<Resource> {
  for (const { byLoad } of shelvesFor(state, blueprint, lease))
    for (const { ids } of byLoad)
      for (const [id] of ids.entries())
        if (lease.resourceId === undefined || lease.resourceId === id) yield state.resources.get(id)!;
}
