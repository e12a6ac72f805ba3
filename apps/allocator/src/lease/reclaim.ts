import { badInput, canonicalJson, type Actor } from '@slipway/contracts';
import type { LeasesOf } from '../allocation/commands.js';
import type { Deciding } from '../allocation/deciding.js';
import { ownerKey } from '../assignment/queue.js';
import { drain } from '../resource/standing.js';
import { end } from './end.js';
import type { Lease } from './lease.js';

type By = { actor: Actor; reason: string };

/** Takes back what is meant, as much as one decision may: again, and the rest is. Throws `not-found` for a lease that never was, `bad-input` where nothing is said. */
export function reclaim(deciding: Deciding, { leaseId, owner, attributes = {} }: LeasesOf, by: By): void {
  if (leaseId !== undefined) {
    const lease = deciding.lease(leaseId);
    if (lease) reclaimOne(deciding, lease, by);
    return;
  }
  const values = Object.entries(attributes);
  if (owner === undefined && values.length === 0)
    throw badInput([{ field: 'of', reason: 'must name a lease, an owner or attributes: not all leases at once' }]);
  const isMeant = ({ owner: its, attributes: has, holderId }: Lease): boolean =>
    // What a resource holds itself is nobody's, and goes with it.
    holderId === undefined &&
    (owner === undefined || ownerKey(its) === ownerKey(owner)) &&
    values.every(([name, value]) => Object.hasOwn(has, name) && canonicalJson(has[name]) === canonicalJson(value));
  const meant = [...deciding.state.leases.entries()].map(([, lease]) => lease).filter(isMeant);
  for (const lease of meant.toSorted((one, other) => one.number - other.number)) {
    if (deciding.isLong) return;
    end(deciding, lease, 'reclaim', by);
  }
}

/** Of what a resource holds itself, that resource goes first, with all who have it: so it never stands on nothing. */
function reclaimOne(deciding: Deciding, lease: Lease, by: By): void {
  if (deciding.isLong) return;
  const holder = lease.holderId === undefined ? undefined : deciding.state.resources.get(lease.holderId);
  if (!holder) {
    end(deciding, lease, 'reclaim', by);
    return;
  }
  const on = [...holder.leases.entries()].map(([id]) => deciding.state.leases.get(id)!);
  for (const one of on.toSorted((first, other) => first.number - other.number)) reclaimOne(deciding, one, by);
  if (deciding.isLong) return;
  drain(deciding, deciding.state.resources.get(holder.id)!, by);
}
