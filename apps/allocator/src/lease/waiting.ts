import type { Deciding } from '../allocation/deciding.js';
import { blueprintState, failureKey, heldKey, type AllocationState } from '../allocation/state.js';
import { Kept } from '../assignment/kept.js';
import { DEPTH, isFull, wantedBy, whyNotNow } from '../assignment/make.js';
import { ownerKey, windowOf, type Wanted } from '../assignment/queue.js';
import { locksGivenBack } from '../assignment/room-at.js';
import { blueprintsFor, isLike, lockHeld, roomFor, suitable } from '../assignment/room.js';
import { attributesFor, type BlueprintCatalogue, type BlueprintDeclaration } from '../blueprint/declaration.js';
import { takesLeases, type Resource } from '../resource/resource.js';
import { endOf, type Lease } from './lease.js';

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
  for (const resource of likelyOf(state, catalogue, lease)) {
    const on = [...resource.leases.entries()].map(([id]) => state.leases.get(id)!);
    // A lock that is never given back is waited for in vain.
    const locked = Math.max(now, locksGivenBack(state, resource, lease.slots, now));
    const over = locked === Infinity ? [] : on.filter((one) => endOf(one, now) < Infinity);
    let free = resource.capacity - resource.load;
    for (const one of over.toSorted((first, second) => endOf(first, now) - endOf(second, now))) {
      const before = Math.floor(free / lease.amount);
      free += one.amount;
      for (let more = Math.floor(free / lease.amount) - before; more > 0; more -= 1) ends.push(Math.max(locked, endOf(one, now)));
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

function* likelyOf(state: AllocationState, catalogue: BlueprintCatalogue, lease: Lease): Generator<Resource> {
  if (lease.resourceId !== undefined) {
    const named = state.resources.get(lease.resourceId);
    if (named && takesLeases(named)) yield named;
    return;
  }
  for (const { name } of blueprintsFor(state, catalogue, lease)) yield* likely(state, name, lease);
}

type Seen = Pick<Deciding, 'state' | 'catalogue' | 'now'>;

/** What somebody waits for: by blueprint, and the locks that others have. */
export function whatItWaitsFor(seen: Seen, wanted: Wanted, depth = 0): string[] {
  const { state, catalogue, now } = seen;
  const allowed = blueprintsFor(state, catalogue, wanted);
  if (allowed.length === 0) return [`${ownerKey(wanted.owner)} may use no blueprint any more that makes a ${wanted.type}`];
  if (wanted.resourceId !== undefined) return [whatNamedWaitsFor(state, wanted.resourceId, wanted)];
  return allowed.map((declared) => {
    const { name } = declared;
    const full = fullOnes(state, name, wanted);
    const made = attributesFor(declared, wanted);
    const making = 'reason' in made ? made.reason : whyNotNow(state, declared, made.attributes, now);
    full.push(making ?? whatNeedsWaitFor(seen, declared, wanted.owner, depth));
    if (isFull(state, declared)) full.push(...brokenOnes(state, name));
    return `${name}: ${full.join(', ')}`;
  });
}

function whatNamedWaitsFor(state: AllocationState, resourceId: string, wanted: Wanted): string {
  const named = state.resources.get(resourceId);
  if (!named) return `${resourceId} is gone, and no other one is wanted`;
  const { name, blueprint, status, reason } = named;
  if (takesLeases(named))
    return `${blueprint}: ${isLike(named, wanted) ? whyNotOn(state, named, wanted) : `${name} is not like that any more`}`;
  return `${blueprint}: ${name} is ${status}${reason === undefined ? '' : ` (${reason})`}, and no other one is wanted`;
}

/** What a blueprint that could make it lacks: of what it needs itself that which cannot be had, and why. */
function whatNeedsWaitFor(seen: Seen, { needs }: BlueprintDeclaration, owner: Wanted['owner'], depth: number): string {
  const roles = Object.entries(needs);
  const lacking = roles.flatMap(([role, need]) => {
    const needed = wantedBy(need, owner);
    if (canBeHad(seen, needed, depth)) return [];
    return `${role}${depth < DEPTH ? ` (${whatItWaitsFor(seen, needed, depth + 1).join('; ')})` : ''}`;
  });
  if (lacking.length > 0) return `what it needs itself is not free: ${lacking.join(', ')}`;
  if (roles.length === 0) return 'one is made as soon as those before it are served';
  return `what it needs itself is not free for it at once: ${roles.map(([role]) => role).join(', ')}`;
}

/** Whether it could be had now if nobody wanted anything else. */
function canBeHad(seen: Seen, wanted: Wanted, depth: number): boolean {
  const { state, catalogue, now } = seen;
  if (roomFor(state, catalogue, wanted, new Kept())) return true;
  if (depth >= DEPTH) return false;
  return blueprintsFor(state, catalogue, wanted).some((declared) => {
    const made = attributesFor(declared, wanted);
    if ('reason' in made || whyNotNow(state, declared, made.attributes, now) !== undefined) return false;
    return Object.values(declared.needs).every((need) => canBeHad(seen, wantedBy(need, wanted.owner), depth + 1));
  });
}

function fullOnes(state: AllocationState, blueprint: string, lease: Wanted): string[] {
  const full: string[] = [];
  for (const resource of likely(state, blueprint, lease)) {
    if (full.length === SHOWN) {
      const all = sum([...suitable(state, blueprint, lease)].map(({ ids }) => ids.size));
      return [...full, `${all - SHOWN} more are leased`];
    }
    full.push(whyNotOn(state, resource, lease));
  }
  return full;
}

function whyNotOn(state: AllocationState, resource: Resource, wanted: Wanted): string {
  const { name, load, capacity } = resource;
  const lock = lockHeld(resource, wanted);
  if (lock) return `${lock.slot} on ${name} is held by ${lock.leaseId}`;
  const free = `${name} has ${capacity - load} of ${capacity} free${irrevocableOn(state, resource)}`;
  if (wanted.amount <= capacity - load) return `${free}, kept for who is before`;
  return wanted.amount > 1 ? `${free}, and ${wanted.amount} are wanted` : free;
}

/** What cannot be taken back so far, of all that is leased of a resource. */
function irrevocableOn({ leases }: AllocationState, resource: Resource): string {
  for (const [id] of resource.leases.entries()) {
    const { irrevocable } = leases.get(id)!;
    if (irrevocable) return ` (${id} cannot be taken back: ${irrevocable.reason})`;
  }
  return '';
}

/** Those of a blueprint that broke while they were leased, and whose holders have yet to give them back. */
function brokenOnes({ resources }: AllocationState, blueprint: string): string[] {
  const broken: string[] = [];
  for (const [, { name, status, leases, reason, ...its }] of resources.entries()) {
    if (its.blueprint !== blueprint || status !== 'broken' || leases.size === 0) continue;
    if (broken.length === SHOWN) return [...broken, 'and more are'];
    const [[first] = []] = leases.entries();
    broken.push(`${name} is broken (${reason ?? 'nobody said why'}), and ${first!} has yet to be released`);
  }
  return broken;
}

function* likely(state: AllocationState, blueprint: string, wanted: Wanted): Generator<Resource> {
  for (const { ids } of suitable(state, blueprint, wanted)) for (const [id] of ids.entries()) yield state.resources.get(id)!;
}
