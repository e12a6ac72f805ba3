import { SlipwayError, instant, type LeaseStanding } from '@slipway/contracts';
import { isOfAnother, partsOf, type AllocationState } from '../allocation/state.js';
import type { BlueprintCatalogue } from '../blueprint/declaration.js';
import type { Lease } from '../lease/lease.js';
import { standing } from '../lease/waiting.js';

/** What a replica knows of the work that is to be done. */
export interface WorkTold {
  /** How often in this life it failed to do something for a lease or a resource, and why the last time. */
  failing(id: string): { tries: number; reason: string } | undefined;
  /** Whether some replica that is heard of works there. */
  isServed(location: string): boolean;
}

/** How a lease is. Of one that is over and of which nothing is left: that. Throws `not-found` for one that never was. */
export function standingOf(
  state: AllocationState,
  deciders: { catalogue: BlueprintCatalogue; now(): number; work: WorkTold },
  leaseId: string,
): LeaseStanding {
  const { catalogue, work } = deciders;
  const lease = state.leases.get(leaseId);
  if (!lease) {
    if ((partsOf(leaseId)?.number ?? Infinity) <= state.lastNumber && !isOfAnother(state, catalogue, leaseId))
      return { leaseId, status: 'destroyed', reasons: [] };
    throw new SlipwayError('not-found', `There is no lease ${leaseId}`, { leaseId });
  }
  const { status, granted } = lease;
  const waits = standing(state, catalogue, leaseId, deciders.now());
  if (!waits) {
    const has = granted && { token: granted.token, resourceId: granted.resourceId };
    return { leaseId, status, reasons: [...whyItIsSo(lease), ...whyNotYet(state, catalogue, lease, work)], ...has };
  }
  const { place, reasons, estimate } = waits;
  return { leaseId, status, place, reasons, ...(estimate !== undefined && { estimate: instant(estimate) }) };
}

const whyItIsSo = ({ reason, end, irrevocable }: Lease): string[] =>
  [
    reason,
    end && (end.reason ?? `It is over: ${end.because}`),
    irrevocable && `It could not be taken back ${irrevocable.tries} times: ${irrevocable.reason}`,
  ].filter((text) => text !== undefined);

/** What is still to happen until an acquired lease can be used. */
function whyNotYet(state: AllocationState, catalogue: BlueprintCatalogue, lease: Lease, work: WorkTold): string[] {
  const resource = lease.status === 'acquired' && lease.granted ? state.resources.get(lease.granted.resourceId) : undefined;
  if (!resource) return [];
  const { id, name, blueprint, location, openedAt, needs } = resource;
  if (!catalogue.has(blueprint)) return [`${blueprint} is not configured any more: ${name} waits until it is`];
  if (!work.isServed(location)) return [`nobody works at ${location}, where ${name} is`];
  const told = (what: string, of: string) => {
    const failing = work.failing(of);
    return failing ? `${what}: it failed ${failing.tries} times, and is tried again: ${failing.reason}` : what;
  };
  if (openedAt !== undefined) return [told(`it is prepared on ${name}`, lease.id)];
  const lacking = Object.entries(needs).filter(([, leaseId]) => state.leases.get(leaseId)?.status !== 'active');
  if (lacking.length === 0) return [told(`${name} is being made`, id)];
  const first = `${name} is made when what it needs itself can be used`;
  return [
    `${first}: ${lacking.map(([role, leaseId]) => `${role} (${[leaseId, ...standingOfNeed(state, catalogue, leaseId, work)].join(': ')})`).join(', ')}`,
  ];
}

function standingOfNeed(state: AllocationState, catalogue: BlueprintCatalogue, leaseId: string, work: WorkTold): string[] {
  const lease = state.leases.get(leaseId);
  return lease ? whyNotYet(state, catalogue, lease, work) : [];
}
