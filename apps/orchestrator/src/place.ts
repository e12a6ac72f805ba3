import { DEFAULT_ENVIRONMENT, type Json, type JsonObject, type Place } from '@slipway/contracts';
import { badInput, type GuestLocationConfig, type MeshConfig } from '@slipway/mesh';

/** A job's body: what of it says where. */
type Where = { clusterId?: Json; guestLocation?: Json };

/** The guest location that is meant: as given, else the first of the cluster that is meant. */
export function guestLocationOf({ clusters }: MeshConfig, { clusterId, guestLocation }: Where): string | undefined {
  if (typeof guestLocation === 'string') return guestLocation;
  const cluster = typeof clusterId === 'string' ? clusters[clusterId] : (clusters['default'] ?? Object.values(clusters)[0]);
  return cluster?.[0];
}

/** Where a job's things are made. Throws `bad-input` that names the field and what there is. */
export function placeOf(config: MeshConfig, where: Where): Place {
  const { clusters, guestLocations } = config;
  const { clusterId } = where;
  const cluster = typeof clusterId === 'string' ? lookUp(clusters, clusterId, 'clusterId', 'cluster') : undefined;
  const name = guestLocationOf(config, where);
  if (name === undefined)
    throw badInput([
      { field: 'guestLocation', reason: `is needed: no cluster is configured; there are: ${list(guestLocations)}` },
    ]);
  const { location, drivers } = lookUp(guestLocations, name, 'guestLocation', 'guest location');
  if (cluster && !cluster.includes(name))
    throw badInput([
      { field: 'guestLocation', reason: `${name} is not in the cluster ${String(clusterId)}; it has: ${cluster.join(', ')}` },
    ]);
  return { guestLocation: name, location, drivers: listsOf(drivers) };
}

const listsOf = (drivers: GuestLocationConfig['drivers']): Place['drivers'] =>
  Object.fromEntries(Object.entries(drivers).map(([kind, one]) => [kind, [one].flat()])) as Place['drivers'];

function lookUp<T>(known: Record<string, T>, name: string, field: string, what: string): T {
  if (Object.hasOwn(known, name)) return known[name]!;
  throw badInput([{ field, reason: `there is no ${what} ${name}; there are: ${list(known)}` }]);
}

const list = (known: object): string => Object.keys(known).toSorted().join(', ') || 'none';

/** The environment that a job means. */
export const environmentOf = (body: JsonObject): string =>
  typeof body['environment'] === 'string' ? body['environment'] : DEFAULT_ENVIRONMENT;
