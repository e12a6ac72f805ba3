import type { AllocationEvent } from '@slipway/contracts';
import type { AllocationState } from '../allocation/state.js';
import type { BlueprintCatalogue } from '../blueprint/declaration.js';
import type { Lease } from '../lease/lease.js';
import type { Resource } from '../resource/resource.js';

/** What is to be done in the world now, for one lease or one resource. */
export type Work =
  | { do: 'allocate'; resourceId: string }
  /** `until`: something else is to be done then. */
  | { do: 'manage'; resourceId: string; until?: number }
  /** `notBefore`: it could not be done, and is tried again then. */
  | { do: 'update' | 'destroy'; resourceId: string; notBefore: number }
  /** `token`: of the acquisition. */
  | { do: 'prepare'; leaseId: string; resourceId: string; token: number }
  /** `notBefore`: it could not be taken back, and is tried again then. */
  | { do: 'takeBack'; leaseId: string; resourceId: string; token: number; notBefore: number };

/**
 * What is to be done for a lease or a resource, as the state says it (decision 43): whoever starts again after a crash reads the same. Nothing
 * for what is of a blueprint that the configuration has no more: nobody knows then how it is treated.
 *
 * W1. A resource is made once all that it needs is active, and destroyed once nobody has it.
 * W2. A lease is prepared on a resource that works, and taken back as soon as it is over, whether that works or not.
 * W3. What has been made is looked at regularly, also what is broken: it may work again. That goes on while what it could not be changed to waits
 *     for the next try (`now`).
 */
export function workFor(state: AllocationState, catalogue: BlueprintCatalogue, id: string, now: number): Work | undefined {
  const lease = state.leases.get(id);
  if (lease) return workForLease(state, catalogue, lease);
  const resource = state.resources.get(id);
  return resource && workForResource(state, catalogue, resource, now);
}

function workForResource(
  state: AllocationState,
  catalogue: BlueprintCatalogue,
  resource: Resource,
  now: number,
): Work | undefined {
  const { id: resourceId, status, needs, behind, isDrained, remains = [], stuck } = resource;
  const can = catalogue.get(resource.blueprint)?.can ?? [];
  switch (status) {
    case 'pending': {
      const isReady = Object.values(needs).every((leaseId) => state.leases.get(leaseId)?.status === 'active');
      return isReady && can.includes('allocate') ? { do: 'allocate', resourceId } : undefined;
    }
    case 'open':
    case 'draining': {
      const notBefore = behind && can.includes('update') ? (stuck?.retryAt ?? 0) : undefined;
      if (notBefore !== undefined && (notBefore <= now || !can.includes('manage')))
        return { do: 'update', resourceId, notBefore };
      return can.includes('manage')
        ? { do: 'manage', resourceId, ...(notBefore !== undefined && { until: notBefore }) }
        : undefined;
    }
    case 'broken':
      return can.includes('manage') && (!isDrained || remains.length > 0) ? { do: 'manage', resourceId } : undefined;
    case 'closed':
      return can.includes('destroy') ? { do: 'destroy', resourceId, notBefore: stuck?.retryAt ?? 0 } : undefined;
    case 'destroyed':
      return undefined;
  }
}

function workForLease(state: AllocationState, catalogue: BlueprintCatalogue, lease: Lease): Work | undefined {
  const { id: leaseId, status, granted, irrevocable } = lease;
  const resource = granted && state.resources.get(granted.resourceId);
  if (!resource || !catalogue.has(resource.blueprint)) return undefined;
  const { token, resourceId } = granted;
  if (status === 'released') return { do: 'takeBack', leaseId, resourceId, token, notBefore: irrevocable?.retryAt ?? 0 };
  const isUsable = resource.status === 'open' || resource.status === 'draining';
  return status === 'acquired' && isUsable && resource.openedAt !== undefined
    ? { do: 'prepare', leaseId, resourceId, token }
    : undefined;
}

/** Leases and resources for which something else may be to be done after an event. */
export function touchedBy(state: AllocationState, { data }: AllocationEvent): string[] {
  if ('leaseId' in data) {
    const lease = state.leases.get(data.leaseId);
    const resourceId = lease?.granted?.resourceId;
    return [data.leaseId, resourceId, lease?.holderId].filter((id) => id !== undefined);
  }
  if (!('resourceId' in data)) return [];
  const on = [...(state.resources.get(data.resourceId)?.leases.entries() ?? [])].map(([leaseId]) => leaseId);
  return [data.resourceId, ...on];
}
