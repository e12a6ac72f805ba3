import { LEASE_STATUSES, idOf, instant, type AllocationEvent, type LeaseAsk } from '@slipway/contracts';
import type { LeaseView } from '@slipway/contracts/http';
import type { RecordedEvent } from '@slipway/event-store';
import type { Projection } from '@slipway/event-store/read-models';

type LeaseEvent = Extract<AllocationEvent, { data: { leaseId: string } }>;
type Requested = Extract<AllocationEvent, { type: 'LeaseRequested' }>;

/** Claims on resources; what was given back whole shows when its status is asked for, or by its id. */
export const leases: Projection<LeaseView> = {
  name: 'leases',
  version: 1,
  categories: ['allocation'],
  fields: {
    resourceId: { of: (row) => row.resourceId, filter: 'indexed' },
    requestId: { of: (row) => row.requestId, filter: 'indexed' },
    ownerId: { of: (row) => row.owner.id, filter: 'indexed' },
    type: { of: (row) => row.type, filter: 'indexed' },
    status: { of: (row) => row.status, filter: 'indexed', values: LEASE_STATUSES },
    holderId: { of: (row) => row.holderId, filter: 'checked' },
    environment: { of: (row) => row.environment, filter: 'checked' },
    irrevocable: { of: (row) => String(row.irrevocable !== undefined), filter: 'checked', values: ['true', 'false'] },
    createdAt: { of: (row) => row.createdAt, sort: true },
    updatedAt: { of: (row) => row.updatedAt, sort: true },
    priority: { of: (row) => row.priority, sort: true },
  },
  defaultSort: '-createdAt',
  defaultFilter: { status: LEASE_STATUSES.filter((status) => status !== 'destroyed') },
  project(model, recorded) {
    const event = { type: recorded.type, data: recorded.data } as unknown as AllocationEvent;
    if (event.type === 'LeaseRequested') return [{ id: event.data.leaseId, row: requested(event.data, recorded) }];
    if (!isOfLease(event)) return [];
    const id = event.data.leaseId;
    const row = model.get(id);
    if (!row) return [];
    const { recordedAt: updatedAt, position } = recorded;
    return [{ id, row: { ...row, ...changes(event), updatedAt, position } }];
  },
};

const isOfLease = (event: AllocationEvent): event is LeaseEvent => 'leaseId' in event.data;

function requested(
  { leaseId: id, at, resourceId, until, latest, waitUntil, key: _key, ...wanted }: Requested['data'],
  { stream, recordedAt, position }: RecordedEvent,
): LeaseView {
  return {
    ...{ id, environment: idOf(stream), status: 'pending' },
    ...(wanted satisfies Omit<LeaseAsk, 'resourceId' | 'until' | 'latest' | 'waitUntil' | 'key'>),
    ...(resourceId !== undefined && { wantedResourceId: resourceId }),
    ...(until !== undefined && { until: instant(until) }),
    ...(latest !== undefined && { latest: instant(latest) }),
    ...(waitUntil !== undefined && { waitUntil: instant(waitUntil) }),
    ...{ createdAt: instant(at), updatedAt: recordedAt, position },
  };
}

function changes(event: LeaseEvent): { [Field in keyof LeaseView]?: LeaseView[Field] | undefined } {
  switch (event.type) {
    case 'LeaseRequested':
      return {};
    case 'LeaseAcquired': {
      const { resourceId, token, until, latest, at } = event.data;
      return {
        ...{ status: 'acquired', resourceId, token, acquiredAt: instant(at), reason: undefined },
        ...(until !== undefined && { until: instant(until) }),
        ...(latest !== undefined && { latest: instant(latest) }),
      };
    }
    case 'LeaseActivated':
      return { status: 'active', activeAt: instant(event.data.at) };
    case 'LeaseRenewed':
      return { until: instant(event.data.until) };
    case 'LeaseRequeued': {
      const { reason, waitUntil } = event.data;
      return {
        ...{ status: 'pending', ...NOTHING_HELD, reason },
        ...(waitUntil !== undefined && { waitUntil: instant(waitUntil) }),
      };
    }
    case 'LeaseBroken':
      return { status: 'broken', reason: event.data.reason };
    case 'LeaseReleased': {
      const { because, reason, actor, at } = event.data;
      const end = { because, at: instant(at), ...(reason !== undefined && { reason }), ...(actor && { by: actor }) };
      return { status: 'released', end };
    }
    case 'LeaseIrrevocable': {
      const { reason, tries, retryAt } = event.data;
      return { irrevocable: { reason, tries, retryAt: instant(retryAt) } };
    }
    case 'LeaseDestroyed': {
      const { forced } = event.data;
      return {
        ...{ status: 'destroyed', irrevocable: undefined },
        ...(forced && { forced: { by: forced.actor, reason: forced.reason } }),
      };
    }
  }
}

const NOTHING_HELD = { resourceId: undefined, token: undefined, acquiredAt: undefined, activeAt: undefined };
