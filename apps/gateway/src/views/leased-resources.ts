import {
  LEASED_RESOURCE_STATUSES,
  canonicalJson,
  idOf,
  instant,
  type AllocationEvent,
  type LeaseAsk,
  type Owner,
} from '@slipway/contracts';
import type { LeasedResourceView } from '@slipway/contracts/http';
import type { RecordedEvent } from '@slipway/event-store';
import type { Change, Model, Projection } from '@slipway/event-store/read-models';

type Entered = Extract<AllocationEvent, { type: 'ResourceRequested' | 'ResourceEntered' }>;
type OfResource = Exclude<Extract<AllocationEvent, { data: { resourceId: string } }>, Entered | { type: 'LeaseAcquired' }>;

/** What a lease takes of whatever it gets, noted from when it is asked for until it was taken back. */
type Share = { amount: number; slots: string[]; owner: Pick<Owner, keyof Owner>; resourceId?: string; token?: number };

/** What is leased, by whichever blueprint it was made or entered; what is gone shows when its status is asked for, or by its id. */
export const leasedResources: Projection<LeasedResourceView> = {
  name: 'leased-resources',
  version: 2,
  categories: ['allocation'],
  fields: {
    name: { of: (row) => row.name, filter: 'indexed', sort: true },
    blueprint: { of: (row) => row.blueprint, filter: 'indexed' },
    type: { of: (row) => row.type, filter: 'indexed' },
    status: { of: (row) => row.status, filter: 'indexed', values: LEASED_RESOURCE_STATUSES },
    ownerId: { of: (row) => row.owner?.id, filter: 'checked' },
    location: { of: (row) => row.location, filter: 'checked' },
    manual: { of: (row) => String(row.manual), filter: 'checked', values: ['true', 'false'] },
    environment: { of: (row) => row.environment, filter: 'checked' },
    stuck: { of: (row) => String(row.stuck !== undefined), filter: 'checked', values: ['true', 'false'] },
    createdAt: { of: (row) => row.createdAt, sort: true },
    updatedAt: { of: (row) => row.updatedAt, sort: true },
    load: { of: (row) => row.load, sort: true },
  },
  defaultSort: 'name',
  defaultFilter: { status: LEASED_RESOURCE_STATUSES.filter((status) => status !== 'destroyed') },
  project(model, recorded) {
    const event = { type: recorded.type, data: recorded.data } as unknown as AllocationEvent;
    switch (event.type) {
      case 'ResourceRequested':
      case 'ResourceEntered':
        return [{ id: event.data.resourceId, row: added(event, recorded) }];
      case 'LeaseRequested':
        return [{ note: event.data.leaseId, value: shareOf(event.data) }];
      case 'LeaseAcquired':
        return took(model, event.data, recorded);
      case 'LeaseRequeued':
      case 'LeaseDestroyed':
        return gave(model, event, recorded);
      default:
        return 'resourceId' in event.data
          ? touched(model, event.data.resourceId, recorded, (row) => changes(row, event as OfResource))
          : [];
    }
  },
};

function added({ type: told, data }: Entered, { stream, recordedAt, position }: RecordedEvent): LeasedResourceView {
  const { resourceId: id, at, type, name, blueprint, manual, location, owner, attributes, capacity } = data;
  const needs = told === 'ResourceRequested' ? data.needs : undefined;
  return {
    ...{ id, environment: idOf(stream), type, name, status: told === 'ResourceEntered' ? 'open' : 'pending' },
    ...{ blueprint, manual, location, ...(owner && { owner }), attributes, capacity, load: 0, slots: [], needs: needs ?? {} },
    ...{ createdAt: instant(at), updatedAt: recordedAt, position },
  };
}

type Changes = { [Field in keyof LeasedResourceView]?: LeasedResourceView[Field] | undefined };

function changes(row: LeasedResourceView, { type, data }: OfResource): Changes {
  switch (type) {
    case 'ResourceOpened':
      return { status: 'open', reason: undefined, remains: undefined, ...(data.outputs && { outputs: data.outputs }) };
    case 'ResourceChanged': {
      const { attributes, capacity } = data;
      const isOther = !row.manual && canonicalJson(row.attributes) !== canonicalJson(attributes);
      return { attributes, capacity, ...(isOther && { behind: true, stuck: undefined }) };
    }
    case 'ResourceUpdated':
      return { behind: undefined, stuck: undefined, ...(data.outputs && { outputs: data.outputs }) };
    case 'ResourceStuck': {
      const { what, reason, tries, retryAt } = data;
      return { stuck: { what, reason, tries, retryAt: instant(retryAt) } };
    }
    case 'ResourceCleared':
      return { remains: undefined };
    case 'ResourceFailed':
    case 'ResourceClosed':
      return { status: 'closed', reason: data.reason, stuck: undefined };
    case 'ResourceBroken':
      return { status: 'broken', reason: data.reason };
    case 'ResourceDraining':
      return { status: row.status === 'broken' ? 'broken' : 'draining', reason: data.reason };
    case 'ResourceDestroyed': {
      const { actor: by, reason } = data.forced ?? {};
      // Of what an operator has given up it stays known what was left of it.
      return by && reason !== undefined
        ? { status: 'destroyed', outputs: undefined, forced: { by, reason } }
        : { status: 'destroyed', outputs: undefined, stuck: undefined, remains: undefined };
    }
  }
}

const shareOf = ({ amount, slots, owner }: LeaseAsk): Share => ({ amount, slots, owner });

function took(
  model: Model<LeasedResourceView>,
  { leaseId, resourceId, token }: { leaseId: string; resourceId: string; token: number },
  recorded: RecordedEvent,
): Change<LeasedResourceView>[] {
  const share = model.note(leaseId) as Share | undefined;
  if (!share) return [];
  const held = share.slots.map((name) => ({ name, leaseId }));
  return [
    { note: leaseId, value: { ...share, resourceId, token } satisfies Share },
    ...touched(model, resourceId, recorded, ({ load, slots }) => ({ load: load + share.amount, slots: [...slots, ...held] })),
  ];
}

function gave(
  model: Model<LeasedResourceView>,
  { type, data: { leaseId } }: Extract<AllocationEvent, { type: 'LeaseRequeued' | 'LeaseDestroyed' }>,
  recorded: RecordedEvent,
): Change<LeasedResourceView>[] {
  const share = model.note(leaseId) as Share | undefined;
  if (!share) return [];
  const { resourceId, token, ...wanted } = share;
  const { owner, amount } = wanted;
  const freed = ({ load, slots, status, remains = [] }: LeasedResourceView): Changes => ({
    load: load - amount,
    slots: slots.filter((slot) => slot.leaseId !== leaseId),
    ...(type === 'LeaseRequeued' && status === 'broken' && { remains: [...remains, { leaseId, token: token!, owner }] }),
  });
  return [
    { note: leaseId, value: type === 'LeaseRequeued' ? wanted : null },
    ...(resourceId === undefined ? [] : touched(model, resourceId, recorded, freed)),
  ];
}

function touched(
  model: Model<LeasedResourceView>,
  id: string,
  { recordedAt: updatedAt, position }: RecordedEvent,
  change: (row: LeasedResourceView) => Changes,
): Change<LeasedResourceView>[] {
  const row = model.get(id);
  return row ? [{ id, row: { ...row, ...change(row), updatedAt, position } as LeasedResourceView }] : [];
}
