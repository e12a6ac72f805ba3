import { SlipwayError, badInput, canonicalJson, type Actor, type JsonObject } from '@slipway/contracts';
import type { Entered } from '../allocation/commands.js';
import type { Deciding } from '../allocation/deciding.js';
import { blueprintState, failureKey, idOf } from '../allocation/state.js';
import { attributesFor, type BlueprintDeclaration } from '../blueprint/declaration.js';
import { end } from '../lease/end.js';
import type { Lease } from '../lease/lease.js';
import type { Resource } from './resource.js';

function assertCapacity(capacity: number): void {
  if (!Number.isSafeInteger(capacity) || capacity < 1)
    throw badInput([{ field: 'capacity', reason: 'must be a whole number from 1 on: how much of it can be leased at once' }]);
}

/** A resource is there, by hand. Again, with the same: nothing. Throws `no-blueprint`, `name-taken`, `bad-input`. */
export function enter(deciding: Deciding, entered: Entered, actor: Actor): void {
  const { state, now } = deciding;
  const { name, attributes, owner } = entered;
  const declared = deciding.blueprint(entered.blueprint);
  assertCanBeEntered(declared);
  const [, made] = /^(.+)-\d+$/.exec(name) ?? [];
  if ([...deciding.catalogue.values()].some(({ type }) => type === made))
    throw badInput([
      { field: 'name', reason: `must not be ${made}- and a number: such names are given to what blueprints make` },
    ]);
  if (entered.capacity !== undefined) assertCapacity(entered.capacity);
  const facts = {
    ...{ type: declared.type, name, blueprint: declared.name, manual: true, attributes },
    location: entered.location ?? declared.location,
    capacity: entered.capacity ?? declared.capacity,
    ...(owner && { owner }),
  };
  const known = state.names.get(name);
  if (known !== undefined) {
    const resource: object = state.resources.get(known)!;
    if (isPart(facts, resource)) return;
    throw new SlipwayError('name-taken', `There is a resource ${name} already: ${known}`, { name, resourceId: known });
  }
  assertDistinct(deciding, declared, attributes);
  const resourceId = idOf(state.environment, declared.type, state.lastNumber + 1);
  deciding.record({ type: 'ResourceEntered', data: { resourceId, ...facts, actor, at: now } });
}

function assertCanBeEntered({ name, needs, isOnlyMade }: BlueprintDeclaration): void {
  const refuse = (why: string): never => {
    throw badInput([{ field: 'blueprint', reason: `must be one whose resources can be entered by hand: ${name} ${why}` }]);
  };
  if (isOnlyMade) refuse('works only with what it made itself');
  const needed = Object.values(needs).map(({ type }) => type);
  if (needed.length > 0) refuse(`leases ${needed.join(' and ')} for each that it makes, and what is entered has none`);
}

/** Throws `bad-input` for what is entered already under another name. */
function assertDistinct(
  { state }: Deciding,
  { name: blueprint, distinct = [] }: BlueprintDeclaration,
  attributes: JsonObject,
  self?: string,
): void {
  const telling = distinct.filter((one) => Object.hasOwn(attributes, one));
  if (telling.length === 0) return;
  for (const [id, other] of state.resources.entries()) {
    if (other.blueprint !== blueprint || id === self) continue;
    const alike = telling.find((one) => isPart({ [one]: attributes[one] }, other.attributes));
    if (alike !== undefined) throw badInput([{ field: `attributes.${alike}`, reason: `is that of ${other.name} (${id})` }]);
  }
}

const isPart = (facts: object, whole: object): boolean =>
  canonicalJson(facts) ===
  canonicalJson(Object.fromEntries(Object.entries(whole).filter(([name]) => Object.hasOwn(facts, name))));

/** Throws `not-possible` for less capacity than is leased, and `not-possible` or `bad-input` for attributes that its blueprint cannot bring it to. */
export function change(
  deciding: Deciding,
  resource: Resource,
  {
    attributes: wanted = resource.attributes,
    capacity = resource.capacity,
    actor,
  }: { attributes?: JsonObject; capacity?: number; actor: Actor },
): void {
  const { id, load } = resource;
  assertCapacity(capacity);
  if (capacity < load)
    throw new SlipwayError('not-possible', `${resource.name} cannot have a capacity of ${capacity}: ${load} of it are leased`, {
      load,
    });
  const attributes =
    resource.manual || wanted === resource.attributes
      ? wanted
      : brought(deciding.blueprint(resource.blueprint), resource, wanted);
  if (canonicalJson([attributes, capacity]) === canonicalJson([resource.attributes, resource.capacity])) return;
  const declared = deciding.catalogue.get(resource.blueprint);
  if (declared && resource.manual) assertDistinct(deciding, declared, attributes, id);
  deciding.record({ type: 'ResourceChanged', data: { resourceId: id, attributes, capacity, actor, at: deciding.now } });
}

/** Attributes of what was made once it is brought to others: what is not said stays as it is. */
function brought(declared: BlueprintDeclaration, { name, attributes }: Resource, wanted: JsonObject): JsonObject {
  const others = Object.entries(wanted).filter(([one, value]) => !isPart({ [one]: value }, attributes));
  if (others.length === 0) return attributes;
  const refuse = (reason: string): never => {
    throw new SlipwayError('not-possible', `${name} stays as it was made: ${reason}`, { blueprint: declared.name });
  };
  if (!declared.can.includes('update')) refuse(`${declared.name} cannot change what it made`);
  const changed = Object.fromEntries(others);
  const possible = attributesFor(declared, { attributes: changed, amount: 1 });
  if ('reason' in possible) throw badInput([{ field: 'attributes', reason: possible.reason }]);
  for (const one of Object.keys(changed))
    if (declared.attributes[one]?.isFixed) refuse(`${declared.name} makes another one for another ${one}`);
  return { ...attributes, ...changed };
}

/** By hand. Throws `not-possible` where what was left on it was not taken back: nobody would ever do that any more. */
export function remove(deciding: Deciding, resource: Resource, by: { actor: Actor; reason: string }): void {
  const { name, manual, remains = [], isDrained } = resource;
  if (manual && remains.length > 0 && !isDrained) {
    const leaseIds = remains.map(({ leaseId }) => leaseId);
    throw new SlipwayError(
      'not-possible',
      `${name} stays until it works again and is rid of what ${leaseIds.join(', ')} had on it; or force it, and somebody answers for what is left`,
      { leaseIds },
    );
  }
  drain(deciding, resource, by);
}

/** It takes no leases any more, and those that are there go on. Of one that is being made nothing is given out yet: they wait for another one. */
export function drain(deciding: Deciding, resource: Resource, { actor, reason }: { actor?: Actor; reason: string }): void {
  const { id, status, name, isDrained } = resource;
  if (status === 'closed' || isDrained) return;
  deciding.record({ type: 'ResourceDraining', data: { resourceId: id, reason, ...(actor && { actor }), at: deciding.now } });
  if (status === 'pending') lose(deciding, resource, `${name} is not made: ${reason}`, () => true);
}

/** It is made. What is given back in the meantime, or does not work, is not opened by somebody who comes late. */
export function opened(deciding: Deciding, resource: Resource | null, outputs?: JsonObject): void {
  if (resource?.status !== 'pending') return;
  deciding.record({ type: 'ResourceOpened', data: { resourceId: resource.id, ...(outputs && { outputs }), at: deciding.now } });
}

/** Its blueprint has brought it to attributes: those that it is to have, unless they have changed again. */
export function updated(
  deciding: Deciding,
  resource: Resource | null,
  { attributes, outputs }: { attributes: JsonObject; outputs?: JsonObject },
): void {
  if (!resource?.behind || canonicalJson(resource.attributes) !== canonicalJson(attributes)) return;
  deciding.record({
    type: 'ResourceUpdated',
    data: { resourceId: resource.id, attributes, ...(outputs && { outputs }), at: deciding.now },
  });
}

/** It could not be changed, or not be destroyed: that is told, and tried again. */
export function stuck(
  deciding: Deciding,
  resource: Resource | null,
  what: 'update' | 'destroy',
  { reason, retryAt }: { reason: string; retryAt: number },
): void {
  if (!resource || (what === 'destroy' ? resource.status !== 'closed' : !resource.behind)) return;
  const tries = (resource.stuck?.what === what ? resource.stuck.tries : 0) + 1;
  deciding.record({ type: 'ResourceStuck', data: { resourceId: resource.id, what, reason, tries, retryAt, at: deciding.now } });
}

/**
 * It was broken and works again, and nothing of earlier leases is left on it, by the tokens of what was taken back. Leases that broke with it
 * stay broken: they were told.
 */
export function mended(deciding: Deciding, resource: Resource | null, tookBack: readonly number[]): void {
  if (resource?.status !== 'broken') return;
  const { remains = [] } = resource;
  // Who has left it in the meantime is taken back the next time.
  if (remains.some(({ token }) => !tookBack.includes(token))) return;
  if (resource.isDrained) {
    // What is drained does not come back.
    if (remains.length > 0) deciding.record({ type: 'ResourceCleared', data: { resourceId: resource.id, at: deciding.now } });
    return;
  }
  const { leases } = deciding.state;
  // What stands on something that is gone does not work, whatever it looks like.
  if (Object.values(resource.needs).some((leaseId) => leases.get(leaseId)?.status !== 'active')) return;
  deciding.record({ type: 'ResourceOpened', data: { resourceId: resource.id, at: deciding.now } });
}

/** It could not be made: who was to have it waits for another one. */
export function failed(
  deciding: Deciding,
  resource: Resource | null,
  { reason, retryAt, isFinal = false }: { reason: string; retryAt: number; isFinal?: boolean },
): void {
  if (resource?.status !== 'pending') return;
  const { id, blueprint, attributes } = resource;
  const failures = (blueprintState(deciding.state, blueprint).failed.get(failureKey(attributes))?.failures ?? 0) + 1;
  deciding.record({ type: 'ResourceFailed', data: { resourceId: id, reason, failures, retryAt, at: deciding.now } });
  lose(deciding, resource, `${resource.name} could not be made: ${reason}`, () => !isFinal);
}

/** It does not work any more: its leases are told, and so is what stands on it. */
export function broke(deciding: Deciding, resource: Resource | null, reason: string): void {
  if (!resource || resource.status === 'broken' || resource.status === 'closed') return;
  if (resource.status === 'pending') {
    failed(deciding, resource, { reason, retryAt: deciding.now });
    return;
  }
  deciding.record({ type: 'ResourceBroken', data: { resourceId: resource.id, reason, at: deciding.now } });
  lose(deciding, resource, `${resource.name} broke: ${reason}`, ({ replace }) => replace);
}

/** Of what is broken or is not made, leases that were not told yet, because the decision on it became long. */
export function loseRest(deciding: Deciding): void {
  for (const [, resource] of deciding.state.resources.entries()) {
    const { name, status, openedAt, reason = '' } = resource;
    if (status === 'broken') lose(deciding, resource, `${name} broke: ${reason}`, ({ replace }) => replace);
    else if (status === 'draining' && openedAt === undefined) {
      lose(deciding, resource, `${name} is not made: ${reason}`, () => true);
      closeWhereFree(deciding, resource.id);
    }
  }
}

/** Its leases wait for another one, or are broken, as many as one decision may tell. What stands on it breaks too, or, where it is being made, is not made. */
function lose(deciding: Deciding, { id, leases }: Resource, reason: string, isRequeued: (lease: Lease) => boolean): void {
  const on = [...leases.entries()].map(([leaseId]) => deciding.state.leases.get(leaseId)!);
  for (const lease of on.toSorted((one, other) => one.number - other.number)) {
    if (deciding.isLong) return;
    const { id: leaseId, status, holderId } = lease;
    if (status === 'released' || status === 'broken') continue;
    const isMade = deciding.state.resources.get(id)!.openedAt !== undefined;
    if (holderId !== undefined) {
      if (!isMade) end(deciding, lease, 'broken', { reason });
      else deciding.record({ type: 'LeaseBroken', data: { leaseId, reason, at: deciding.now } });
      loseHolder(deciding, holderId, reason);
    } else if (isRequeued(lease)) {
      const waitUntil = lease.patience === undefined ? {} : { waitUntil: deciding.now + lease.patience };
      deciding.record({ type: 'LeaseRequeued', data: { leaseId, reason, ...waitUntil, at: deciding.now } });
    } else if (isMade) deciding.record({ type: 'LeaseBroken', data: { leaseId, reason, at: deciding.now } });
    else end(deciding, lease, 'broken', { reason });
  }
}

function loseHolder(deciding: Deciding, holderId: string, reason: string): void {
  const holder = deciding.state.resources.get(holderId);
  if (holder?.status === 'pending') {
    drain(deciding, holder, { reason });
    closeWhereFree(deciding, holderId);
  } else if (holder) broke(deciding, holder, reason);
}

/** An acquired lease could not be made usable: it is broken, and so is what was to stand on it. */
export function cannotPrepare(
  deciding: Deciding,
  lease: Lease | null,
  { token, reason }: { token: number; reason: string },
): void {
  if (lease?.status !== 'acquired' || lease.granted?.token !== token) return;
  if (deciding.resource(lease.granted.resourceId)?.openedAt === undefined) return;
  deciding.record({ type: 'LeaseBroken', data: { leaseId: lease.id, reason, at: deciding.now } });
  if (lease.holderId !== undefined) loseHolder(deciding, lease.holderId, reason);
}

/** Nothing of it is left. Throws `not-possible` for what nobody gave back. */
export function gone(deciding: Deciding, resource: Resource | null): void {
  if (!resource) return;
  const { status, name } = resource;
  if (status !== 'closed')
    throw new SlipwayError('not-possible', `${name} is ${status}: it goes once it is drained and nobody has it`, { status });
  lose(deciding, resource, `${name} could not be made: ${resource.reason ?? ''}`, () => true);
  // Asked again, as long as it is closed.
  if (deciding.state.resources.get(resource.id)!.leases.size === 0) forget(deciding, resource);
}

/** An operator says that it is gone, whatever is left. Throws `not-possible` for what somebody has, and for what was not removed before. */
export function forceGone(deciding: Deciding, resource: Resource | null, forced: { actor: Actor; reason: string }): void {
  if (!resource) return;
  const { status, name, manual, leases } = resource;
  if (leases.size > 0)
    throw new SlipwayError(
      'not-possible',
      `There are leases on ${name} (${leases.size}): reclaim them, and force those that cannot be taken back`,
      {
        leaseIds: [...leases.entries()].map(([leaseId]) => leaseId),
      },
    );
  if (status !== 'closed' && !manual)
    throw new SlipwayError('not-possible', `${name} is ${status}: remove it first, so that it is tried to destroy it`, {
      status,
    });
  forget(deciding, resource, forced);
}

/** What it held itself is given back then. */
function forget(deciding: Deciding, { id, needs }: Resource, forced?: { actor: Actor; reason: string }): void {
  deciding.record({ type: 'ResourceDestroyed', data: { resourceId: id, ...(forced && { forced }), at: deciding.now } });
  for (const leaseId of Object.values(needs)) {
    const lease = deciding.state.leases.get(leaseId);
    if (!lease) continue;
    end(deciding, lease, 'holder-gone');
    if (lease.granted) closeWhereFree(deciding, lease.granted.resourceId);
  }
}

/** What nobody has any more and takes no leases goes: by its blueprint where that can, else at once, rid of what was left on it. */
export function closeWhereFree(deciding: Deciding, resourceId: string): void {
  const resource = deciding.state.resources.get(resourceId);
  if (!resource || resource.leases.size > 0) return;
  const { status, manual, blueprint, isDrained, remains = [] } = resource;
  if (manual) {
    if (isDrained && remains.length === 0) forget(deciding, resource);
    return;
  }
  if (status !== 'draining' && status !== 'broken') return;
  const reason = resource.reason ?? 'It is not wanted any more';
  deciding.record({ type: 'ResourceClosed', data: { resourceId, reason, at: deciding.now } });
  // Of a blueprint that is not there any more nobody knows what it can do: it stays closed, and is named.
  const declared = deciding.catalogue.get(blueprint);
  if (declared && !declared.can.includes('destroy')) forget(deciding, resource);
}
