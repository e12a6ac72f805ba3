import type { AllocationEvent } from '@slipway/contracts';
import { assign } from '../assignment/assign.js';
import type { BlueprintCatalogue } from '../blueprint/declaration.js';
import { ask, assertGranted } from '../lease/ask.js';
import { cannotTakeBack, endRequest, expire, release, renew, tookBack } from '../lease/end.js';
import { reclaim } from '../lease/reclaim.js';
import {
  broke,
  cannotPrepare,
  change,
  closeWhereFree,
  enter,
  failed,
  forceGone,
  gone,
  mended,
  opened,
  remove,
  stuck,
  updated,
} from '../resource/standing.js';
import { keepWarm, tidy } from '../resource/tidy.js';
import type { AllocationCommand } from './commands.js';
import { Deciding } from './deciding.js';
import { approve, setLimits, setQuota } from './rules.js';
import type { AllocationState } from './state.js';

/**
 * What follows from a command on an environment's leases, and the state after that. Pure; all that is granted is granted here (decision 43).
 *
 * I1. Leases on a resource take no more than its capacity, and each of its locks has one holder.
 * I2. Each acquisition has a greater token than all before it; what is not acquired has none.
 * I3. What is over holds its place until it was taken back.
 * I4. A resource goes only when nobody has it, and what it held itself is given back then.
 * I5. A blueprint makes no more resources than its limit.
 * I6. After each command nobody waits who could have what he wants, but for what is kept for somebody before him, and for what is left to the
 *     next `Tidy` because the decision became long.
 */
export function decide(
  before: AllocationState,
  command: AllocationCommand,
  catalogue: BlueprintCatalogue,
): { events: AllocationEvent[]; state: AllocationState } {
  const now = Math.max(command.now, before.lastAt);
  const running = command.type === 'Tidy' ? Math.max(command.running ?? now, now) : now;
  const deciding = new Deciding(before, catalogue, now, running);
  carryOut(deciding, command);
  if (command.type !== 'Tidy' && deciding.events.length === 0) return deciding;
  for (const id of touched(deciding.events, before)) closeWhereFree(deciding, id);
  assign(deciding, typesToAssign(deciding, before, command));
  if (command.type === 'Tidy') keepWarm(deciding);
  if (command.type === 'Ask' && !command.wait) assertGranted(deciding);
  return deciding;
}

function carryOut(deciding: Deciding, command: AllocationCommand): void {
  const { now } = deciding;
  switch (command.type) {
    case 'Ask':
      return ask(deciding, command.ask);
    case 'Renew':
      return renew(deciding, deciding.lease(command.leaseId), command);
    case 'Release': {
      const { actor, reason } = command;
      return release(deciding, deciding.lease(command.leaseId), { actor, ...(reason !== undefined && { reason }) });
    }
    case 'Reclaim':
      return reclaim(deciding, command.of, { actor: command.actor, reason: command.reason });
    case 'EndRequest':
      return endRequest(deciding, command.requestId);
    case 'Expire': {
      const lease = deciding.lease(command.leaseId);
      if (lease) expire(deciding, lease);
      return;
    }
    case 'Activate': {
      const lease = deciding.lease(command.leaseId);
      // What was prepared for an earlier acquisition is of no use to this one.
      if (lease?.status !== 'acquired' || lease.granted?.token !== command.token) return;
      const resource = deciding.resource(lease.granted.resourceId);
      if (resource?.openedAt === undefined || resource.status === 'broken') return;
      return deciding.record({ type: 'LeaseActivated', data: { leaseId: lease.id, at: now } });
    }
    case 'CannotPrepare':
      return cannotPrepare(deciding, deciding.lease(command.leaseId), command);
    case 'TookBack':
      return tookBack(deciding, deciding.lease(command.leaseId));
    case 'CannotTakeBack':
      return cannotTakeBack(deciding, deciding.lease(command.leaseId), command);
    case 'Force':
      return tookBack(deciding, deciding.lease(command.leaseId), { actor: command.actor, reason: command.reason });
    case 'Enter':
      return enter(deciding, command.resource, command.actor);
    case 'Change': {
      const resource = deciding.resource(command.resourceId);
      if (resource) change(deciding, resource, command);
      return;
    }
    case 'Drain': {
      const resource = deciding.resource(command.resourceId);
      if (resource) remove(deciding, resource, command);
      return;
    }
    case 'Opened':
      return opened(deciding, deciding.resource(command.resourceId), command.outputs);
    case 'Mended':
      return mended(deciding, deciding.resource(command.resourceId), command.tookBack);
    case 'Failed':
      return failed(deciding, deciding.resource(command.resourceId), command);
    case 'CannotUpdate':
      return stuck(deciding, deciding.resource(command.resourceId), 'update', command);
    case 'CannotDestroy':
      return stuck(deciding, deciding.resource(command.resourceId), 'destroy', command);
    case 'Updated':
      return updated(deciding, deciding.resource(command.resourceId), command);
    case 'Broke':
      return broke(deciding, deciding.resource(command.resourceId), command.reason);
    case 'Gone':
      return gone(deciding, deciding.resource(command.resourceId));
    case 'ForceGone':
      return forceGone(deciding, deciding.resource(command.resourceId), { actor: command.actor, reason: command.reason });
    case 'SetLimits':
      return setLimits(deciding, command);
    case 'Approve':
    case 'Revoke':
      return approve(deciding, command);
    case 'SetQuota':
      return setQuota(deciding, command);
    case 'Tidy':
      return tidy(deciding);
  }
}

/** Of these nobody has more room than before. */
const CHANGES_NO_ROOM: ReadonlySet<AllocationEvent['type']> = new Set([
  'LeaseRenewed',
  'LeaseActivated',
  'LeaseIrrevocable',
  'ResourceStuck',
]);

/** Resources that events are of, or that a lease of these was on. */
function touched(events: readonly AllocationEvent[], before: AllocationState): Set<string> {
  const ids = new Set<string>();
  for (const { type, data } of events) {
    if (CHANGES_NO_ROOM.has(type)) continue;
    if ('resourceId' in data && data.resourceId !== undefined) ids.add(data.resourceId);
    const granted = 'leaseId' in data ? before.leases.get(data.leaseId)?.granted : undefined;
    if (granted) ids.add(granted.resourceId);
  }
  return ids;
}

/** Types of which somebody may be given something that he could not be given before. */
function typesToAssign(
  { state, events, catalogue }: Deciding,
  before: AllocationState,
  { type: command }: AllocationCommand,
): string[] {
  const waiting = [...state.queues.keys()];
  if (waiting.length === 0 || OF_ALL_TYPES.has(command)) return waiting;
  const types = new Set<string>();
  for (const { type, data } of events) {
    // Who asks no more keeps nothing any more.
    const lease =
      'leaseId' in data && !CHANGES_NO_ROOM.has(type)
        ? (state.leases.get(data.leaseId) ?? before.leases.get(data.leaseId))
        : undefined;
    if (lease) types.add(lease.type);
    else if (type === 'LeaseRequested') types.add(data.type);
  }
  for (const id of touched(events, before)) types.add((state.resources.get(id) ?? before.resources.get(id))!.type);
  // Of what needs something else, and of what is needed: it is kept for the former.
  for (let size = -1; size !== types.size;) {
    size = types.size;
    for (const { type, needs } of catalogue.values()) {
      const together = [type, ...Object.values(needs).map((need) => need.type)];
      if (together.some((one) => types.has(one))) for (const one of together) types.add(one);
    }
  }
  return waiting.filter((type) => types.has(type));
}

/** What may help those who wait for whatever it is. */
const OF_ALL_TYPES: ReadonlySet<AllocationCommand['type']> = new Set(['Tidy', 'SetLimits', 'Approve', 'Revoke']);
