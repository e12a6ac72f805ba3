import type { AllocationEvent, JsonObject } from '@slipway/contracts';
import type { Deciding } from '../allocation/deciding.js';
import { evolve } from '../allocation/evolve.js';
import { blueprintState, failureKey, idOf, limitsOf, type AllocationState } from '../allocation/state.js';
import { attributesFor, type BlueprintCatalogue, type BlueprintDeclaration, type Need } from '../blueprint/declaration.js';
import type { Lease } from '../lease/lease.js';
import type { Kept } from './kept.js';
import type { Wanted } from './queue.js';
import { blueprintsFor, roomFor } from './room.js';

/** How deep resources may hold leases on resources that hold leases. */
export const DEPTH = 5;

/** When it is decided, and by which time it is told what is tried again. */
type Times = Pick<Deciding, 'now' | 'running'>;

/** What gives a lease a resource: one that there is, or a new one; nothing where neither can be. */
export function grant(
  state: AllocationState,
  catalogue: BlueprintCatalogue,
  lease: Lease,
  kept: Kept,
  times: Times,
  depth = 0,
): AllocationEvent[] {
  const resource = roomFor(state, catalogue, lease, kept);
  if (resource) return [acquisition(state, catalogue, lease, resource, times.now)];
  if (lease.resourceId !== undefined || depth >= DEPTH) return [];
  for (const declared of blueprintsFor(state, catalogue, lease)) {
    const wanted = attributesFor(declared, lease);
    if ('reason' in wanted || whyNotNow(state, declared, wanted.attributes, times.running) !== undefined) continue;
    const made = make(state, catalogue, declared, wanted.attributes, lease, kept, times, depth);
    if (made) return made;
  }
  return [];
}

function acquisition(
  state: AllocationState,
  catalogue: BlueprintCatalogue,
  { id: leaseId, holderId, since, until, latest }: Lease,
  { id: resourceId, blueprint }: { id: string; blueprint: string },
  at: number,
): AllocationEvent {
  const { leaseSeconds } = limitsOf(state, catalogue.get(blueprint)!);
  // What a resource holds goes with it.
  const longest = holderId !== undefined || leaseSeconds === 0 ? Infinity : (since ?? at) + leaseSeconds * 1000;
  const last = Math.min(latest ?? Infinity, longest);
  const ends = last === Infinity ? {} : { until: Math.min(until ?? last, last), latest: last };
  return { type: 'LeaseAcquired', data: { leaseId, resourceId, token: state.lastToken + 1, ...ends, at } };
}

/** Whether a blueprint has made as many as it may; `leaving`: also when those that are being given back are gone. */
export function isFull(state: AllocationState, declared: BlueprintDeclaration, leaving = false): boolean {
  const known = blueprintState(state, declared.name);
  return known.made - (leaving ? known.leaving : 0) >= limitsOf(state, declared).resources;
}

/** Why a blueprint makes nothing with these attributes just now; `undefined` when it does. */
export function whyNotNow(
  state: AllocationState,
  declared: BlueprintDeclaration,
  attributes: JsonObject,
  now: number,
): string | undefined {
  const { name, can } = declared;
  if (!can.includes('allocate')) return `${name} makes none`;
  const failed = blueprintState(state, name).failed.get(failureKey(attributes));
  if (isFull(state, declared)) {
    const { resources } = limitsOf(state, declared);
    // A limit that cannot be raised is no way out.
    return resources === declared.mostResources
      ? `there is no more of ${name}`
      : `${name} has made as many as it may: ${resources}`;
  }
  if (failed && failed.retryAt > now)
    return `${name} failed (${failed.reason}) and is tried again at ${new Date(failed.retryAt).toISOString()}`;
  // After a failure one try is enough to see whether it works again.
  if (failed?.triedBy !== undefined && state.resources.get(failed.triedBy)?.status === 'pending')
    return `${name} failed (${failed.reason}) and is being tried again`;
  return undefined;
}

/** What a resource must be that another one needs. */
export const wantedBy = ({ type, attributes, filter, slots }: Need, owner: Wanted['owner']): Wanted => ({
  ...{ type, attributes: attributes ?? {}, slots: [...(slots ?? [])], amount: 1, owner },
  ...(filter !== undefined && { filter }),
});

/** A new resource and the leases that it needs, all of them; nothing where one of them cannot be had. */
function make(
  before: AllocationState,
  catalogue: BlueprintCatalogue,
  declared: BlueprintDeclaration,
  attributes: JsonObject,
  lease: Lease,
  kept: Kept,
  times: Times,
  depth: number,
): AllocationEvent[] | undefined {
  const { now } = times;
  const { environment } = before;
  const { name: blueprint, type, location, capacity } = declared;
  const resourceId = idOf(environment, type, before.lastNumber + 1);
  const name = resourceId.slice(environment.length + 1);
  const roles = Object.entries(declared.needs);
  const needs = Object.fromEntries(roles.map(([role], at) => [role, idOf(environment, 'lease', before.lastNumber + 2 + at)]));
  const events: AllocationEvent[] = [];
  let state = before;
  const follow = (...more: AllocationEvent[]) => {
    events.push(...more);
    state = more.reduce(evolve, state);
  };
  const facts = { type, name, blueprint, location, capacity, attributes, manual: false };
  follow({ type: 'ResourceRequested', data: { resourceId, ...facts, ...(roles.length > 0 && { needs }), at: now } });
  for (const [role, need] of roles) {
    const { owner, actor, priority } = lease;
    const asked = { leaseId: needs[role]!, ...wantedBy(need, owner), actor, priority, replace: false, holderId: resourceId };
    follow({ type: 'LeaseRequested', data: { ...asked, at: now } });
  }
  for (const [role] of roles) {
    const granted = grant(state, catalogue, state.leases.get(needs[role]!)!, kept, times, depth + 1);
    if (granted.length === 0) return undefined;
    follow(...granted);
  }
  follow(acquisition(state, catalogue, lease, { id: resourceId, blueprint }, now));
  return events;
}
