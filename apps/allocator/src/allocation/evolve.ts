import { canonicalJson, type AllocationEvent, type JsonObject } from '@slipway/contracts';
import { PersistentMap } from '@slipway/event-store';
import { outOfLine, standingInLine, whereHeBelongs } from '../assignment/in-line.js';
import { ownerKey } from '../assignment/queue.js';
import { isAskedFor, type Lease } from '../lease/lease.js';
import { placed, withBlueprint } from '../resource/placed.js';
import type { Resource } from '../resource/resource.js';
import {
  FAILURES,
  KEYS,
  blueprintState,
  failureKey,
  heldKey,
  partsOf,
  type AllocationState,
  type MakingFailed,
} from './state.js';

type Data<Type extends AllocationEvent['type']> = Extract<AllocationEvent, { type: Type }>['data'];

/** The state after an event. */
export function evolve(before: AllocationState, event: AllocationEvent): AllocationState {
  const state = { ...before, lastAt: Math.max(before.lastAt, event.data.at) };
  switch (event.type) {
    case 'LeaseRequested':
      return requested(state, event.data);
    case 'LeaseAcquired':
      return acquired(state, event.data);
    case 'LeaseActivated':
      return ofLease(state, event.data, (lease) => ({ ...lease, status: 'active', activeAt: event.data.at }));
    case 'LeaseRenewed':
      return ofLease(state, event.data, (lease) => ({ ...lease, until: event.data.until }));
    case 'LeaseRequeued':
      return requeued(state, event.data);
    case 'LeaseBroken':
      return ofLease(state, event.data, (lease) => ({ ...lease, status: 'broken', reason: event.data.reason }));
    case 'LeaseReleased':
      return released(state, event.data);
    case 'LeaseIrrevocable': {
      const { reason, tries, retryAt } = event.data;
      return ofLease(state, event.data, (lease) => ({ ...lease, irrevocable: { reason, tries, retryAt } }));
    }
    case 'LeaseDestroyed':
      return leaseDestroyed(state, event.data);
    case 'ResourceRequested':
      return added(state, event.data, { status: 'pending', needs: event.data.needs ?? {} });
    case 'ResourceEntered':
      return added(state, event.data, { status: 'open', needs: {} });
    case 'ResourceOpened':
      return opened(state, event.data);
    case 'ResourceChanged':
      return changed(state, event.data);
    case 'ResourceUpdated':
      return withResource(state, event.data.resourceId, ({ behind: _behind, stuck: _stuck, ...resource }) => ({
        ...resource,
        ...(event.data.outputs && { outputs: event.data.outputs }),
      }));
    case 'ResourceStuck': {
      const { what, reason, tries, retryAt } = event.data;
      return withResource(state, event.data.resourceId, (resource) => ({ ...resource, stuck: { what, reason, tries, retryAt } }));
    }
    case 'ResourceCleared':
      return withResource(state, event.data.resourceId, ({ remains: _remains, ...resource }) => resource);
    case 'ResourceFailed':
      return failed(state, event.data);
    case 'ResourceBroken':
      return withResource(state, event.data.resourceId, (resource) => ({
        ...resource,
        status: 'broken',
        reason: event.data.reason,
      }));
    case 'ResourceDraining':
      return withResource(state, event.data.resourceId, (resource) => ({
        ...resource,
        // What is broken does not work again because it is drained.
        status: resource.status === 'broken' ? 'broken' : 'draining',
        isDrained: true,
        reason: event.data.reason,
      }));
    case 'ResourceClosed':
      return withResource(state, event.data.resourceId, ({ stuck: _stuck, ...resource }) => ({
        ...resource,
        status: 'closed',
        reason: event.data.reason,
      }));
    case 'ResourceDestroyed':
      return resourceDestroyed(state, event.data);
    case 'BlueprintChanged': {
      const { limits } = event.data;
      return withBlueprint(state, event.data.blueprint, (known) => ({ limits: { ...known.limits, ...limits } }));
    }
    case 'BlueprintApproved': {
      const key = ownerKey(event.data.owner);
      return approved(state, event.data, (known) => new Set([...known, key]));
    }
    case 'BlueprintRevoked': {
      const key = ownerKey(event.data.owner);
      return approved(state, event.data, (known) => new Set([...known].filter((other) => other !== key)));
    }
    case 'QuotaSet': {
      const quotas = new Map(state.quotas);
      const key = heldKey(event.data.owner, event.data.leaseType);
      if (event.data.most === null) quotas.delete(key);
      else quotas.set(key, event.data.most);
      return { ...state, quotas };
    }
  }
}

const isOther = (one: JsonObject, other: JsonObject): boolean => canonicalJson(one) !== canonicalJson(other);

function requested(state: AllocationState, { leaseId, ...ask }: Data<'LeaseRequested'>): AllocationState {
  const { number } = partsOf(leaseId)!;
  const patience = ask.waitUntil === undefined ? {} : { patience: ask.waitUntil - ask.at };
  const lease: Lease = { ...ask, ...patience, id: leaseId, number, status: 'pending' };
  const { key, requestId } = lease;
  const after = {
    ...state,
    leases: state.leases.with(leaseId, lease),
    held: counted(counted(state.held, lease, 1), lease, 1, lease.type),
    ...(key && { keys: state.keys.with(key.id, { leaseId, body: key.body }) }),
    ...(requestId !== undefined && {
      requests: state.requests.with(requestId, [...(state.requests.get(requestId) ?? []), leaseId]),
    }),
    lastNumber: number,
  };
  return standingInLine(after, lease);
}

function acquired(state: AllocationState, { leaseId, resourceId, token, at, ...ends }: Data<'LeaseAcquired'>): AllocationState {
  const lease = state.leases.get(leaseId)!;
  const granted: Lease = {
    ...lease,
    ...ends,
    status: 'acquired',
    since: lease.since ?? at,
    granted: { resourceId, token, at },
  };
  const after = {
    ...outOfLine(state, lease),
    leases: state.leases.with(leaseId, granted),
    granted: counted(state.granted, lease, 1, lease.type),
    lastToken: token,
  };
  return withResource(whereHeBelongs(after, lease.owner, lease.type), resourceId, (resource) => ({
    ...resource,
    load: resource.load + lease.amount,
    leases: resource.leases.with(leaseId, true),
    slots: lease.slots.reduce((slots, slot) => slots.with(slot, leaseId), resource.slots),
  }));
}

/** Gives back what it holds of its resource. `remains`: what it had there was not taken back. */
function letGo(state: AllocationState, lease: Lease, at: number, remains = false): AllocationState {
  const { id, granted, amount, slots, owner, attributes } = lease;
  if (!granted) return state;
  const { resourceId, token } = granted;
  const left = { leaseId: id, token, owner, amount, slots, attributes };
  const after = { ...state, granted: counted(state.granted, lease, -1, lease.type) };
  return withResource(whereHeBelongs(after, owner, lease.type), resourceId, (resource) => ({
    ...resource,
    load: resource.load - amount,
    leases: resource.leases.without(id),
    slots: slots.reduce((others, slot) => others.without(slot), resource.slots),
    idleSince: at,
    ...(remains && { remains: [...(resource.remains ?? []), left] }),
  }));
}

function requeued(state: AllocationState, { leaseId, reason, waitUntil, at }: Data<'LeaseRequeued'>): AllocationState {
  const lease = state.leases.get(leaseId)!;
  const { granted, activeAt: _activeAt, ...rest } = lease;
  const waiting: Lease = {
    ...rest,
    status: 'pending',
    reason,
    ...(waitUntil !== undefined && { waitUntil }),
  };
  // Taken back before its resource is opened again: what is destroyed goes as a whole, but what breaks may work again, whoever made it.
  const isOut = granted !== undefined && state.resources.get(granted.resourceId)!.openedAt !== undefined;
  const after = letGo(state, lease, at, isOut);
  return standingInLine({ ...after, leases: after.leases.with(leaseId, waiting) }, waiting);
}

function released(state: AllocationState, { leaseId, because, reason, at }: Data<'LeaseReleased'>): AllocationState {
  const lease = state.leases.get(leaseId)!;
  const over: Lease = { ...lease, status: 'released', end: { because, at, ...(reason !== undefined && { reason }) } };
  const after = lease.status === 'pending' ? outOfLine(state, lease) : state;
  return {
    ...after,
    leases: after.leases.with(leaseId, over),
    held: counted(counted(after.held, lease, -1), lease, -1, lease.type),
  };
}

function leaseDestroyed(state: AllocationState, { leaseId, at }: Data<'LeaseDestroyed'>): AllocationState {
  const lease = state.leases.get(leaseId)!;
  const { key, requestId } = lease;
  const after = letGo(state, lease, at);
  const others = requestId === undefined ? [] : (after.requests.get(requestId) ?? []).filter((id) => id !== leaseId);
  return {
    ...after,
    leases: after.leases.without(leaseId),
    ...(key && forgotten(after, key.id)),
    ...(requestId !== undefined && {
      requests: others.length > 0 ? after.requests.with(requestId, others) : after.requests.without(requestId),
    }),
  };
}

/** Its key is known for a while, and that of the oldest no more. */
function forgotten({ keys, keyed }: AllocationState, key: string): Pick<AllocationState, 'keys' | 'keyed'> {
  const all = [...keyed, key];
  return all.length > KEYS ? { keys: keys.without(all[0]!), keyed: all.slice(1) } : { keys, keyed: all };
}

function approved(
  state: AllocationState,
  { blueprint, owner }: Data<'BlueprintApproved' | 'BlueprintRevoked'>,
  how: (approved: ReadonlySet<string>) => ReadonlySet<string>,
): AllocationState {
  let after = withBlueprint(state, blueprint, (known) => ({ approved: how(known.approved) }));
  for (const type of state.queues.keys()) after = whereHeBelongs(after, owner, type);
  return after;
}

function added(
  state: AllocationState,
  {
    resourceId,
    type,
    name,
    blueprint,
    manual,
    location,
    owner,
    attributes,
    capacity,
    at,
  }: Data<'ResourceEntered' | 'ResourceRequested'>,
  { status, needs }: Pick<Resource, 'status' | 'needs'>,
): AllocationState {
  const resource: Resource = {
    ...{ id: resourceId, type, name, blueprint, manual, location, attributes, capacity, status, needs, at },
    ...(owner && { owner }),
    ...(status === 'open' && { openedAt: at }),
    ...{ load: 0, leases: PersistentMap.of<true>(), slots: PersistentMap.of<string>(), idleSince: at },
  };
  const after = {
    ...state,
    names: state.names.with(name, resourceId),
    lastNumber: Math.max(state.lastNumber, partsOf(resourceId)!.number),
  };
  const known = blueprintState(after, blueprint).failed.get(failureKey(attributes));
  const isTried = status === 'pending' && known !== undefined;
  return placed(isTried ? withFailure(after, resource, { ...known, triedBy: resourceId }) : after, undefined, resource);
}

/** With other attributes it is tried anew to bring it there. */
function changed(state: AllocationState, { resourceId, attributes, capacity }: Data<'ResourceChanged'>): AllocationState {
  return withResource(state, resourceId, ({ stuck, ...resource }) => {
    const isBehind = !resource.manual && isOther(resource.attributes, attributes);
    return { ...resource, attributes, capacity, ...(isBehind ? { behind: true as const } : stuck && { stuck }) };
  });
}

function opened(state: AllocationState, { resourceId, outputs, at }: Data<'ResourceOpened'>): AllocationState {
  const before = state.resources.get(resourceId)!;
  const after = withResource(state, resourceId, ({ reason: _reason, remains: _remains, ...resource }) => ({
    ...resource,
    status: 'open',
    openedAt: resource.openedAt ?? at,
    idleSince: at,
    ...(outputs && { outputs }),
  }));
  return before.manual ? after : withFailure(after, before, undefined);
}

function failed(state: AllocationState, { resourceId, ...failure }: Data<'ResourceFailed'>): AllocationState {
  const { reason, failures, retryAt } = failure;
  const after = withResource(state, resourceId, (resource) => ({ ...resource, status: 'closed', reason }));
  return withFailure(after, after.resources.get(resourceId)!, { failures, reason, retryAt });
}

/** With what is known of the making of what is like a resource; `undefined`: nothing is wrong with it. */
function withFailure(
  state: AllocationState,
  { blueprint, attributes }: Pick<Resource, 'blueprint' | 'attributes'>,
  failure: MakingFailed | undefined,
): AllocationState {
  const { failed: before } = blueprintState(state, blueprint);
  const key = failureKey(attributes);
  if (!failure && !before.has(key)) return state;
  const others = [...before].filter(([other]) => other !== key);
  if (failure) others.push([key, failure]);
  const kept = others.length > FAILURES ? others.toSorted(([, one], [, other]) => other.retryAt - one.retryAt) : others;
  return withBlueprint(state, blueprint, () => ({ failed: new Map(kept.slice(0, FAILURES)) }));
}

function resourceDestroyed(state: AllocationState, { resourceId }: Data<'ResourceDestroyed'>): AllocationState {
  const resource = state.resources.get(resourceId)!;
  return { ...placed(state, resource, undefined), names: state.names.without(resource.name) };
}

function ofLease(state: AllocationState, { leaseId }: { leaseId: string }, change: (lease: Lease) => Lease): AllocationState {
  return { ...state, leases: state.leases.with(leaseId, change(state.leases.get(leaseId)!)) };
}

function withResource(state: AllocationState, id: string, change: (resource: Resource) => Resource): AllocationState {
  const before = state.resources.get(id)!;
  return placed(state, before, change(before));
}

/** Counts of owners after one more, or less; of what a resource holds itself none is kept. */
function counted(counts: PersistentMap<number>, lease: Lease, by: number, type?: string): PersistentMap<number> {
  if (!isAskedFor(lease)) return counts;
  const key = heldKey(lease.owner, type);
  const count = (counts.get(key) ?? 0) + by;
  return count > 0 ? counts.with(key, count) : counts.without(key);
}
