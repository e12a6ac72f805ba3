import type { FieldError } from './bad-input.js';

/** The services of a mesh, by the token that stands in their subjects. */
export const SERVICES = [
  'gateway',
  'orchestrator',
  'resolver',
  'storage',
  'database',
  'instance',
  'handlers',
  'allocator',
] as const;
export type ServiceName = (typeof SERVICES)[number];

/** What a step can make. Each kind is served by the sub-provisioner of the same name. */
export const RESOURCE_KINDS = ['storage', 'database', 'instance'] as const;
export type ResourceKind = (typeof RESOURCE_KINDS)[number];

/**
 * What a driver can do: `provision` (make and take away), `portable` (what it holds can be exported and imported), `updatable` (what
 * is there can be changed).
 */
export const DRIVER_VERBS = ['provision', 'portable', 'updatable'] as const;
export type DriverVerb = (typeof DRIVER_VERBS)[number];

/** A driver, as the replicas of a place announce it. */
export interface AnnouncedDriver {
  name: string;
  verbs: DriverVerb[];
  /** Media types of data that it can begin with, of one that is portable. */
  accepts?: string[];
  /** What it can change, of one that is updatable. */
  changes?: Changeable;
  /** What it can carry out. */
  bounds?: SpecBounds;
  /** Names of all outputs that what it makes can have, as others' placeholders mean them. */
  outputs?: string[];
  /** Outputs that it finds in what it is wired to where there are others: `{path: 'volume'}`. */
  finds?: Record<string, string>;
}

/** What of a spec a driver cannot do without, and what it has nothing for: each field (`limits.cpus`) with the reason. */
export interface SpecBounds {
  needs: readonly FieldError[];
  lacks: readonly FieldError[];
}

/** Fields of a spec that a driver can change in what is there. What is named in neither list it cannot change. */
export interface Changeable {
  /** Changed as it stands; something that runs may be started again. */
  inPlace: readonly string[];
  /** What they make is made anew and takes the place of what was there; data are kept. */
  replaces: readonly string[];
}

/**
 * Who appends to which stream category (decision 1 of the design: ownership). An event store is constructed with its
 * service's name and refuses every category that this table gives to another.
 */
export const CATEGORY_OWNER = {
  environment: 'orchestrator',
  request: 'orchestrator',
  partition: 'orchestrator',
  snapshot: 'orchestrator',
  storage: 'storage',
  database: 'database',
  instance: 'instance',
  handler: 'handlers',
  content: 'resolver',
  allocation: 'allocator',
} as const satisfies Record<string, ServiceName>;

export type Category = keyof typeof CATEGORY_OWNER;
export const CATEGORIES = Object.keys(CATEGORY_OWNER) as Category[];

/** The stream of one aggregate: `<category>-<id>`; an id may hold hyphens, a category may not. */
export const streamName = (category: Category, id: string): string => `${category}-${id}`;

/** The category of a stream: all before its first hyphen. */
export const categoryOf = (stream: string): string => stream.slice(0, stream.indexOf('-') >>> 0);

/** The id of a stream: all after its first hyphen. */
export const idOf = (stream: string): string => stream.slice(stream.indexOf('-') + 1);

/** A resource, wherever it is named: unique in its mesh. */
export interface ResourceRef {
  environment: string;
  kind: ResourceKind;
  name: string;
}

/** `storage/shop-data`: a resource within its environment, the key of steps, reads and writes. */
export const resourceKey = (resource: Pick<ResourceRef, 'kind' | 'name'>): string => `${resource.kind}/${resource.name}`;

/** A resource's stream, `storage-default.shop-data`: names hold no dot, so environment and name stay apart. */
export const resourceStream = (resource: ResourceRef): string =>
  streamName(resource.kind, `${resource.environment}.${resource.name}`);
