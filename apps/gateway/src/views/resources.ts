import { isDeepStrictEqual } from 'node:util';
import {
  HEALTHS,
  bareResourceEventType,
  categoryOf,
  idOf,
  instant,
  serviceUri,
  type EnvironmentEvent,
  type Installed,
  type JsonObject,
  type ResourceEvent,
  type ResourceKind,
  type StepAction,
} from '@slipway/contracts';
import type { ResourceView } from '@slipway/contracts/http';
import type { RecordedEvent } from '@slipway/event-store';
import type { Change, Model, Projection } from '@slipway/event-store/read-models';

/** Whom a request works for, noted from its claim until its plan is settled. */
type Claim = { instanceId: string; ownerId: string };

/** What exists, or is on its way; what was destroyed shows when its status is asked for, or by its id. */
const EXISTING = ['making', 'present', 'failed', 'destroying'] as const satisfies readonly ResourceView['status'][];

/** The view of one kind of resource: rows from the resources' own streams, whom they belong to from the environment's. */
const resourcesOf = (kind: ResourceKind): Projection<ResourceView> => ({
  name: `${kind}s`,
  version: 4,
  categories: [kind, 'environment'],
  fields: {
    name: { of: (row) => row.name, filter: 'indexed', sort: true },
    instanceId: { of: (row) => row.instanceId, filter: 'indexed' },
    ownerId: { of: (row) => row.ownerId, filter: 'indexed' },
    status: { of: (row) => row.status, filter: 'indexed', values: [...EXISTING, 'destroyed'] },
    health: { of: (row) => row.health, filter: 'checked', values: HEALTHS },
    definition: { of: (row) => row.definition.name, filter: 'checked' },
    location: { of: (row) => row.location, filter: 'checked' },
    driver: { of: (row) => row.driver, filter: 'checked' },
    environment: { of: (row) => row.environment, filter: 'checked' },
    createdAt: { of: (row) => row.createdAt, sort: true },
    updatedAt: { of: (row) => row.updatedAt, sort: true },
  },
  defaultSort: 'name',
  defaultFilter: { status: EXISTING },
  project: (model, event) =>
    categoryOf(event.stream) === 'environment' ? belonging(kind, model, event) : happened(kind, model, event),
});

export const storages = resourcesOf('storage');
export const databases = resourcesOf('database');
export const instances = resourcesOf('instance');

/** What an event of the resource's own stream changes. One of an older generation than is known changes nothing. */
function happened(kind: ResourceKind, model: Model<ResourceView>, recorded: RecordedEvent): Change<ResourceView>[] {
  const id = idOf(recorded.stream);
  const event = { type: bareResourceEventType(kind, recorded.type), data: recorded.data } as unknown as ResourceEvent;
  const row = model.get(id);
  if (row && event.data.generation < row.generation) return [];
  if (event.type === 'Started') {
    const claim = model.note(event.data.requestId) as Claim | undefined;
    const becomes = event.data.action === 'update' ? [{ note: noteOf(id), value: wantedOf(event.data) }] : [];
    return [...becomes, { id, row: started(kind, id, row, event.data, recorded, claim) }];
  }
  if (!row) return [];
  const was =
    event.type === 'Updated' ? { ...row, resourceUri: undefined, ...(model.note(noteOf(id)) as Wanted | undefined) } : row;
  return [{ id, row: { ...was, ...changes(was, event), updatedAt: recorded.recordedAt, position: recorded.position } }];
}

/** What an update that has begun makes of a resource. */
type Wanted = Pick<ResourceView, 'definition' | 'resourceUri'>;

const noteOf = (id: string): string => `update of ${id}`;

const wantedOf = ({ definition, spec: { resourceUri } }: { definition: ResourceView['definition']; spec: JsonObject }) => ({
  definition: { ...definition },
  ...(typeof resourceUri === 'string' && { resourceUri }),
});

function started(
  kind: ResourceKind,
  id: string,
  row: ResourceView | undefined,
  data: Extract<ResourceEvent, { type: 'Started' }>['data'],
  { recordedAt, position, metadata }: RecordedEvent,
  claim: Claim | undefined,
): ResourceView {
  const touched = { requestId: data.requestId, cause: undefined, updatedAt: recordedAt, position };
  if (row && data.action === 'destroy') return { ...row, ...touched, status: 'destroying' };
  // What is stopped, read out or changed is there all the while.
  if (row && data.action !== 'ensure') return { ...row, ...touched };
  const [environment, name] = id.split('.') as [string, string];
  const anew = row?.generation !== data.generation;
  const ownerId = metadata.ownerId ?? claim?.ownerId ?? row?.ownerId;
  const instanceId = kind === 'instance' ? name : (claim?.instanceId ?? row?.instanceId);
  return {
    id,
    kind,
    environment,
    name,
    status: data.action === 'destroy' ? 'destroying' : 'making',
    generation: data.generation,
    location: data.location,
    driver: data.driver,
    definition: data.definition,
    ...(ownerId !== undefined && { ownerId }),
    ...(instanceId !== undefined && { instanceId }),
    ...(typeof data.spec['resourceUri'] === 'string' && { resourceUri: data.spec['resourceUri'] }),
    outputs: anew ? {} : row.outputs,
    observed: anew ? {} : row.observed,
    createdAt: anew ? recordedAt : row.createdAt,
    ...touched,
  };
}

/** Where an instance that has an address is called. */
function at({ kind, resourceUri }: ResourceView, { url }: JsonObject): Pick<ResourceView, 'resourceUrl'> {
  const has = kind === 'instance' && typeof url === 'string' && /^https?:/.test(url) && URL.canParse(url);
  return has ? { resourceUrl: serviceUri(url, resourceUri) } : {};
}

const NOT_RUNNING = {
  desired: undefined,
  health: undefined,
  healthReason: undefined,
  rotation: undefined,
  resourceUrl: undefined,
  until: undefined,
};

function changes(row: ResourceView, event: ResourceEvent): Partial<ResourceView> {
  switch (event.type) {
    case 'Provisioned': {
      // What runs is provisioned once it is healthy; from then on changes are recorded.
      const runs = event.data.stopped
        ? { desired: 'stopped' as const, health: 'stopped' as const, healthReason: 'It was stopped' }
        : { desired: 'running' as const, health: 'healthy' as const, healthReason: undefined };
      const health = row.kind === 'instance' ? runs : {};
      return {
        status: 'present',
        outputs: event.data.outputs,
        observed: event.data.observed,
        ...at(row, event.data.outputs),
        cause: undefined,
        ...health,
      };
    }
    case 'Updated': {
      const runs = row.kind === 'instance' && row.desired !== 'stopped';
      const health = runs ? { health: 'healthy' as const, healthReason: undefined } : {};
      const { outputs, observed } = event.data;
      return { status: 'present', outputs, observed, ...at(row, outputs), cause: undefined, ...health };
    }
    case 'Stopped':
      return row.kind === 'instance' ? { desired: 'stopped', health: 'stopped', healthReason: 'It was stopped' } : {};
    case 'Failed':
      return { cause: event.data.cause, ...(changesIt(event.data.action) && { status: 'failed' as const }) };
    case 'Destroyed':
      return { status: 'destroyed', outputs: {}, observed: {}, ...NOT_RUNNING, cause: undefined };
    case 'Adopted':
      return { observed: event.data.observed };
    case 'RotationStarted':
      return { rotation: { id: event.data.rotation, state: 'rotating' } };
    case 'CredentialsRotated':
      return { outputs: event.data.outputs, rotation: { id: event.data.rotation, state: 'rotated' } };
    case 'RotationFailed':
      return { rotation: { id: event.data.rotation, state: 'failed', cause: event.data.cause } };
    case 'DesiredStateChanged':
      return { desired: event.data.desired };
    case 'HealthChanged':
      return { health: event.data.to, healthReason: event.data.reason };
    case 'Restarted':
      return { restarts: event.data.restarts };
    default:
      return {};
  }
}

/** What is stopped, read out or changed stays what it was, also when that fails: a change is taken back. */
const changesIt = (action: StepAction): boolean => action === 'ensure' || action === 'destroy';

/** A claim tells whom the request works for; the settled plan says for good whose each resource is. */
function belonging(kind: ResourceKind, model: Model<ResourceView>, recorded: RecordedEvent): Change<ResourceView>[] {
  const event = { type: recorded.type, data: recorded.data } as unknown as EnvironmentEvent;
  if (event.type === 'NameClaimed') {
    const { requestId, name, owner, along } = event.data;
    return along ? [] : [{ note: requestId, value: { instanceId: name, ownerId: owner.id } satisfies Claim }];
  }
  if (event.type === 'UntilSet' || event.type === 'UntilExtended')
    return kind === 'instance' ? wanted(model, event.data, recorded) : [];
  if (event.type === 'NameReleased') return [{ note: event.data.requestId, value: null }];
  if (event.type !== 'PlanSettled') return [];
  const environment = idOf(recorded.stream);
  const settled = event.data.installed.filter((installed) => installed.kind === kind);
  return [
    { note: event.data.requestId, value: null },
    ...settled.flatMap((installed) => settle(model, `${environment}.${installed.name}`, installed, recorded)),
  ];
}

/** How long an instance is wanted. */
function wanted(
  model: Model<ResourceView>,
  { name, until }: { name: string; until: number },
  { stream, recordedAt, position }: RecordedEvent,
): Change<ResourceView>[] {
  const id = `${idOf(stream)}.${name}`;
  const row = model.get(id);
  return row ? [{ id, row: { ...row, until: instant(until), updatedAt: recordedAt, position } }] : [];
}

function settle(
  model: Model<ResourceView>,
  id: string,
  { generation, owner, instanceId, guestLocation, provisioner }: Installed,
  { recordedAt, position }: RecordedEvent,
): Change<ResourceView>[] {
  const row = model.get(id);
  if (row?.generation !== generation) return [];
  const settled = { ownerId: owner.id, instanceId, guestLocation, provisioner };
  if (isDeepStrictEqual(settled, settledOf(row))) return [];
  return [{ id, row: { ...row, ...settled, updatedAt: recordedAt, position } }];
}

/** What only a settled plan says for good. */
const settledOf = ({ ownerId, instanceId, guestLocation, provisioner }: ResourceView) => ({
  ...{ ownerId, instanceId, guestLocation, provisioner },
});
