import { RESOURCE_KINDS, idOf } from '@slipway/contracts';
import type { InstalledRequirementView, InstalledView, InstalledWireView } from '@slipway/contracts/http';
import type { Change, Projection } from '@slipway/event-store/read-models';
import { settle, settledBy } from './settled.js';

/** What is installed in environments. */
export const installedResources: Projection<InstalledView> = {
  name: 'resources',
  version: 1,
  categories: ['environment'],
  fields: {
    name: { of: (row) => row.name, filter: 'indexed', sort: true },
    instanceId: { of: (row) => row.instanceId, filter: 'indexed' },
    environment: { of: (row) => row.environment, filter: 'indexed' },
    kind: { of: (row) => row.kind, filter: 'checked', values: RESOURCE_KINDS },
    definition: { of: (row) => row.definition.name, filter: 'checked' },
    ownerId: { of: (row) => row.owner.id, filter: 'checked' },
    driver: { of: (row) => row.driver, filter: 'checked' },
    location: { of: (row) => row.location, filter: 'checked' },
    key: { of: (row) => row.key, sort: true },
    installedAt: { of: (row) => row.installedAt, sort: true },
  },
  defaultSort: 'key',
  project(model, recorded) {
    const changes = settle(model, recorded, ({ environment, id, key, installed, requestId, at, position, before }) => {
      const { kind, name, generation, definition, driver, location, guestLocation, provisioner, instanceId } = installed;
      const { owner, offerings, uncertain } = installed;
      const known = before(id);
      const same = known?.generation === generation ? known : undefined;
      const row: InstalledView = {
        ...{ environment, key, kind, name, generation, definition, driver, location, guestLocation },
        ...(provisioner !== undefined && { provisioner }),
        ...(instanceId !== undefined && { instanceId }),
        owner,
        ...(offerings && { offerings }),
        ...(uncertain && { uncertain }),
        ...{ madeBy: same?.madeBy ?? requestId, requestId, installedAt: same?.installedAt ?? at, updatedAt: at, position },
      };
      return [[id, row] as const];
    });
    const doubted = settledBy(recorded)?.uncertain ?? [];
    return [
      ...changes,
      ...doubted.flatMap((key): Change<InstalledView>[] => {
        const id = `${idOf(recorded.stream)}.${key}`;
        const row = model.get(id);
        const { recordedAt: updatedAt, position } = recorded;
        return row ? [{ id, row: { ...row, uncertain: true, updatedAt, position } }] : [];
      }),
    ];
  },
};

/** What of it needs what. */
export const installedRequirements: Projection<InstalledRequirementView> = {
  name: 'requirements',
  version: 1,
  categories: ['environment'],
  fields: {
    resource: { of: (row) => row.resource, filter: 'indexed', sort: true },
    environment: { of: (row) => row.environment, filter: 'indexed' },
    name: { of: (row) => row.name, filter: 'checked' },
    namespace: { of: (row) => row.namespace, filter: 'checked', sort: true },
    definition: { of: (row) => row.definition.name, filter: 'checked' },
    resolution: { of: (row) => row.resolution ?? 'mandatory', filter: 'checked', values: ['mandatory', 'optional'] },
    wired: { of: (row) => String(row.wiredTo.length > 0), filter: 'checked', values: ['true', 'false'] },
  },
  defaultSort: 'resource',
  project: (model, recorded) =>
    settle(model, recorded, ({ environment, id, key: resource, installed, wires, at, position, before }) =>
      (installed.needs ?? []).map((need) => {
        const row = `${id}.${need.name}`;
        const wiredTo = wires.flatMap(({ requirement, to }) => (requirement === need.name ? [to] : []));
        const since = before(row)?.since ?? at;
        return [row, { environment, resource, definition: installed.definition, ...need, wiredTo, since, position }] as const;
      }),
    ),
};

/** How it is wired. */
export const installedWires: Projection<InstalledWireView> = {
  name: 'wires',
  version: 1,
  categories: ['environment'],
  fields: {
    from: { of: (row) => row.from, filter: 'indexed', sort: true },
    to: { of: (row) => row.to, filter: 'indexed', sort: true },
    environment: { of: (row) => row.environment, filter: 'indexed' },
    requirement: { of: (row) => row.requirement, filter: 'checked' },
    namespace: { of: (row) => row.namespace, filter: 'checked' },
  },
  defaultSort: 'from',
  project: (model, recorded) =>
    settle(model, recorded, ({ environment, id, installed, wires, requestId, at, position, before }) =>
      wires.map((wire) => {
        const row = `${id}.${wire.requirement}.${wire.to}`;
        const known = before(row);
        const namespace = installed.needs?.find(({ name }) => name === wire.requirement)?.namespace;
        const since = { requestId: known?.requestId ?? requestId, since: known?.since ?? at, position };
        return [row, { environment, ...wire, ...(namespace !== undefined && { namespace }), ...since }] as const;
      }),
    ),
};
