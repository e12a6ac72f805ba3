import { RESOURCE_KINDS, SERVICE, categoryOf, idOf, type Capability, type DefinitionRef, type Json } from '@slipway/contracts';
import type { InstalledCapabilityView } from '@slipway/contracts/http';
import type { RecordedEvent } from '@slipway/event-store';
import type { Change, Model, Projection } from '@slipway/event-store/read-models';
import { capabilitiesOf, servicesOf, standingAfter, type Standing } from '@slipway/solver';
import { settle, settledBy } from './settled.js';

type Row = InstalledCapabilityView;

/** What an installed instance offers while it is healthy: noted, so that its health needs to say no more than how it is. */
interface Services {
  generation: number;
  definition: DefinitionRef;
  offered: Capability[];
}

/** What is there for requirements to be wired to. The services of instances come and go with their health. */
export const installedCapabilities: Projection<Row> = {
  name: 'capabilities',
  version: 1,
  categories: ['environment', 'instance'],
  fields: {
    resource: { of: (row) => row.resource, filter: 'indexed', sort: true },
    environment: { of: (row) => row.environment, filter: 'indexed' },
    namespace: { of: (row) => row.namespace, filter: 'checked', sort: true },
    kind: { of: (row) => row.resource.split('/', 1)[0], filter: 'checked', values: RESOURCE_KINDS },
    definition: { of: (row) => row.definition.name, filter: 'checked' },
  },
  defaultSort: 'resource',
  project: (model, event) => (categoryOf(event.stream) === 'instance' ? stands(model, event) : offered(model, event)),
};

const standingNote = (id: string) => `standing of ${id}`;
const servicesNote = (id: string) => `services of ${id}`;
const serviceId = (id: string, index: number) => `${id}.service.${index}`;
const isHealthy = (standing: Standing | undefined, { generation }: Services): boolean =>
  standing?.generation === generation && standing.health === 'healthy';

/** What a settled plan makes of what is offered. An instance's services are its own from then on, shown or not. */
function offered(model: Model<Row>, recorded: RecordedEvent): Change<Row>[] {
  const services = new Map<string, Services | null>();
  const environment = idOf(recorded.stream);
  for (const key of settledBy(recorded)?.removed ?? [])
    if (key.startsWith('instance/')) services.set(`${environment}.${key.slice('instance/'.length)}`, null);
  const changes = settle<Row>(model, recorded, ({ id, key: resource, installed, at, position, before }) => {
    const { definition, generation, kind, name, capabilities = [] } = installed;
    const rowOf = ({ attributes = {}, ...capability }: Capability, since = at): Row => ({
      ...{ environment, resource, definition, ...capability, attributes, since, position },
    });
    const others = capabilities.filter(({ namespace }) => namespace !== SERVICE);
    const own = capabilitiesOf({ ...definition, capabilities: others }).map((capability, index) => {
      const known = before(`${id}.${index}`);
      const since = known?.namespace === capability.namespace ? known.since : at;
      return [`${id}.${index}`, rowOf(capability, since)] as const;
    });
    if (kind !== 'instance') return own;
    const mine: Services = { generation, definition, offered: servicesOf(installed) };
    services.set(`${environment}.${name}`, mine);
    const standing = model.note(standingNote(`${environment}.${name}`)) as Standing | undefined;
    const healthy = isHealthy(standing, mine);
    const itself = mine.offered.map(
      (one, index) => [serviceId(id, index), healthy ? rowOf(one, standing!.since) : null] as const,
    );
    return [...own, ...itself];
  });
  return [...changes, ...[...services].map(([id, value]) => ({ note: servicesNote(id), value: value as Json }))];
}

/** What an event of its own stream makes of an instance's services. */
function stands(model: Model<Row>, recorded: RecordedEvent): Change<Row>[] {
  const id = idOf(recorded.stream);
  const before = model.note(standingNote(id)) as Standing | undefined;
  const after = standingAfter(before, recorded);
  if (after === before) return [];
  const noted: Change<Row> = { note: standingNote(id), value: (after ?? null) as Json };
  const services = model.note(servicesNote(id)) as Services | undefined;
  if (!services || isHealthy(before, services) === isHealthy(after, services)) return [noted];
  const [environment, name] = id.split('.') as [string, string];
  const resource = `instance/${name}`;
  const { definition } = services;
  const rows = services.offered.map(({ attributes = {}, ...capability }, index): Change<Row> => {
    const { recordedAt: since, position } = recorded;
    const row = { environment, resource, definition, ...capability, attributes, since, position };
    return { id: serviceId(`${environment}.${resource}`, index), row: isHealthy(after, services) ? row : null };
  });
  return [noted, ...rows];
}
