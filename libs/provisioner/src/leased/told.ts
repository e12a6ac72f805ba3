import type { LeaseStanding } from '@slipway/contracts';

/** How a lease is, for a person. Of one of which nothing is left the allocator knows no more than that; the read model does. */
export function told({ leaseId, status, place, reasons }: LeaseStanding): string {
  const why = status === 'destroyed' ? [`\`slipway leases show ${leaseId}\` tells why`] : reasons;
  return [`${leaseId} is ${status}`, ...(place === undefined ? [] : [`place ${place} in the queue`]), ...why].join('; ');
}
