import {
  DEFAULT_ENVIRONMENT,
  mergedOfferings,
  type Json,
  type JsonObject,
  type PickedProvisioner,
  type Place,
} from '@slipway/contracts';
import { badInput, driversAt, type GuestLocationConfig, type MeshConfig } from '@slipway/mesh';

/** A job's body: what of it says where, and by whom. */
type Where = { clusterId?: Json; guestLocation?: Json; provisioner?: Json };

/** The guest location that is meant: as given, else the first of the cluster that is meant. */
export function guestLocationOf({ clusters }: MeshConfig, { clusterId, guestLocation }: Where): string | undefined {
  if (typeof guestLocation === 'string') return guestLocation;
  const cluster = typeof clusterId === 'string' ? clusters[clusterId] : (clusters['default'] ?? Object.values(clusters)[0]);
  return cluster?.[0];
}

/**
 * Where a job's things are made, and by whom: by the one that was `picked` before, else as {@link pickProvisioner} says. Throws
 * `bad-input` that names the field and what there is.
 */
export function placeOf(config: MeshConfig, where: Where, picked?: PickedProvisioner): Place {
  const { name: guestLocation, settings } = guestLocationAt(config, where);
  const { name } = picked ?? pickProvisioner(config, where);
  const provisioner = lookUp(config.provisioners.hosts, name, 'provisioner', 'provisioner');
  const resourceUri = provisioner['resource-uri'];
  const drivers = driversAt(provisioner, settings);
  const offered = mergedOfferings({ provisioner: provisioner.offerings, guestLocation: settings.offerings });
  return {
    guestLocation,
    location: settings.location,
    provisioner: name,
    drivers,
    ...(resourceUri !== undefined && { resourceUri }),
    ...(offered.length > 0 && { offered }),
  };
}

/** Who provisions: whom the job names, else whom its guest location names, else the default. Throws as {@link placeOf}. */
export function pickProvisioner(config: MeshConfig, where: Where): PickedProvisioner {
  const { hosts, default: byDefault } = config.provisioners;
  if (typeof where.provisioner === 'string') {
    lookUp(hosts, where.provisioner, 'provisioner', 'provisioner');
    return { name: where.provisioner, by: 'request' };
  }
  const { provisioner } = guestLocationAt(config, where).settings;
  return provisioner === undefined ? { name: byDefault, by: 'default' } : { name: provisioner, by: 'guestLocation' };
}

function guestLocationAt(config: MeshConfig, where: Where): { name: string; settings: GuestLocationConfig } {
  const { clusters, guestLocations } = config;
  const { clusterId } = where;
  const cluster = typeof clusterId === 'string' ? lookUp(clusters, clusterId, 'clusterId', 'cluster') : undefined;
  const name = guestLocationOf(config, where);
  if (name === undefined)
    throw badInput([
      { field: 'guestLocation', reason: `is needed: no cluster is configured; there are: ${list(guestLocations)}` },
    ]);
  const settings = lookUp(guestLocations, name, 'guestLocation', 'guest location');
  if (cluster && !cluster.includes(name))
    throw badInput([
      { field: 'guestLocation', reason: `${name} is not in the cluster ${String(clusterId)}; it has: ${cluster.join(', ')}` },
    ]);
  return { name, settings };
}

function lookUp<T>(known: Record<string, T>, name: string, field: string, what: string): T {
  if (Object.hasOwn(known, name)) return known[name]!;
  throw badInput([{ field, reason: `there is no ${what} ${name}; there are: ${list(known)}` }]);
}

const list = (known: object): string => Object.keys(known).toSorted().join(', ') || 'none';

/** The environment that a job means. */
export const environmentOf = (body: JsonObject): string =>
  typeof body['environment'] === 'string' ? body['environment'] : DEFAULT_ENVIRONMENT;
