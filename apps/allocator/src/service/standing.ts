import { SlipwayError, instant, type LeaseStanding } from '@slipway/contracts';
import { isOfAnother, partsOf, type AllocationState } from '../allocation/state.js';
import type { BlueprintCatalogue } from '../blueprint/declaration.js';
import type { Lease } from '../lease/lease.js';
import { standing } from '../lease/waiting.js';

/** How a lease is. Of one that is over and of which nothing is left: that. Throws `not-found` for one that never was. */
export function standingOf(state: AllocationState, catalogue: BlueprintCatalogue, leaseId: string, now: number): LeaseStanding {
  const lease = state.leases.get(leaseId);
  if (!lease) {
    if ((partsOf(leaseId)?.number ?? Infinity) <= state.lastNumber && !isOfAnother(state, catalogue, leaseId))
      return { leaseId, status: 'destroyed', reasons: [] };
    throw new SlipwayError('not-found', `There is no lease ${leaseId}`, { leaseId });
  }
  const { status, granted } = lease;
  const waits = standing(state, catalogue, leaseId, now);
  if (!waits) {
    const has = granted && { token: granted.token, resourceId: granted.resourceId };
    return { leaseId, status, reasons: whyItIsSo(lease), ...has };
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
