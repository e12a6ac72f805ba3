import {
  RESOURCE_KINDS,
  bareResourceEventType,
  categoryOf,
  idOf,
  instant,
  type EnvironmentEvent,
  type ResourceKind,
} from '@slipway/contracts';
import type { EnvironmentView } from '@slipway/contracts/http';
import type { RecordedEvent } from '@slipway/event-store';
import type { Change, Model, Projection } from '@slipway/event-store/read-models';
import { pauseOf } from './pause.js';

/** An environment without its names, which are rows of a model of their own: there may be very many. */
export type EnvironmentRow = Omit<EnvironmentView, 'names'>;

export const environments: Projection<EnvironmentRow> = {
  name: 'environments',
  version: 2,
  categories: ['environment', ...RESOURCE_KINDS],
  fields: {
    paused: { of: (row) => String(row.paused), filter: 'checked', values: ['true', 'false'] },
    name: { of: (row) => row.name, filter: 'checked', sort: true },
    updatedAt: { of: (row) => row.updatedAt, sort: true },
  },
  defaultSort: 'name',
  project(model, event) {
    const category = categoryOf(event.stream);
    return category === 'environment' ? decided(model, event) : counted(model, event, category as ResourceKind);
  },
};

const touched = (model: Model<EnvironmentRow>, name: string, { recordedAt, position }: RecordedEvent): EnvironmentRow => ({
  ...(model.get(name) ?? { name, paused: false, instances: 0, storages: 0, databases: 0 }),
  updatedAt: recordedAt,
  position,
});

function decided(model: Model<EnvironmentRow>, recorded: RecordedEvent): Change<EnvironmentRow>[] {
  const id = idOf(recorded.stream);
  const row = touched(model, id, recorded);
  const event = { type: recorded.type, data: recorded.data } as unknown as EnvironmentEvent;
  if (event.type === 'DispatchPaused')
    return [{ id, row: { ...row, paused: true, pause: pauseOf(event.data, recorded.recordedAt) } }];
  if (event.type === 'DispatchResumed') return [{ id, row: { ...row, paused: false, pause: undefined } }];
  return [{ id, row }];
}

/** Counts what exists. A note remembers what has been counted: a resource may be found again, or fail to be destroyed. */
function counted(model: Model<EnvironmentRow>, event: RecordedEvent, kind: ResourceKind): Change<EnvironmentRow>[] {
  const type = bareResourceEventType(kind, event.type);
  const known = model.note(event.stream) !== undefined;
  const difference = type === 'Provisioned' && !known ? 1 : type === 'Destroyed' && known ? -1 : 0;
  if (difference === 0) return [];
  const id = idOf(event.stream).split('.', 1)[0]!;
  const row = touched(model, id, event);
  return [
    { note: event.stream, value: difference > 0 ? true : null },
    { id, row: { ...row, [`${kind}s`]: row[`${kind}s`] + difference } },
  ];
}

/** A name that is claimed in an environment. */
export interface NameRow {
  environment: string;
  name: string;
  ownerId: string;
  /** The request that works on it. */
  requestId?: string;
  /** How long it is wanted. */
  until?: string;
}

/** Shown with their environment, not by themselves. */
export const names: Projection<NameRow> = {
  name: 'names',
  version: 2,
  categories: ['environment'],
  fields: {
    environment: { of: (row) => row.environment, filter: 'indexed' },
    name: { of: (row) => row.name, sort: true },
  },
  defaultSort: 'name',
  project(model, recorded) {
    const environment = idOf(recorded.stream);
    const event = { type: recorded.type, data: recorded.data } as unknown as EnvironmentEvent;
    if (event.type === 'UntilSet' || event.type === 'UntilExtended') {
      const id = `${environment}.${event.data.name}`;
      const row = model.get(id);
      return row ? [{ id, row: { ...row, until: instant(event.data.until) } }] : [];
    }
    if (event.type !== 'NameClaimed' && event.type !== 'NameReleased' && event.type !== 'PlanSettled') return [];
    const { name, requestId } = event.data;
    const id = `${environment}.${name}`;
    if (event.type === 'NameReleased') return [{ id, row: null }];
    if (event.type === 'PlanSettled')
      return [name, ...(event.data.along ?? [])].flatMap((one) => {
        const held = model.get(`${environment}.${one}`);
        return held?.requestId === requestId ? [{ id: `${environment}.${one}`, row: { ...held, requestId: undefined } }] : [];
      });
    const row = model.get(id);
    const ownerId = event.data.job === 'provision' || !row ? event.data.owner.id : row.ownerId;
    return [{ id, row: { ...row, environment, name, ownerId, requestId } }];
  },
};
