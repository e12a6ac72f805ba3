import { canonicalJson, streamName, type BlueprintLimits, type JsonObject, type LeaseAsk } from '@slipway/contracts';
import { PersistentMap, type PersistentOrder } from '@slipway/event-store';
import { ownerKey, type Queue } from '../assignment/queue.js';
import type { BlueprintCatalogue, BlueprintDeclaration } from '../blueprint/declaration.js';
import type { Lease } from '../lease/lease.js';
import type { Resource } from '../resource/resource.js';
import type { Shelves } from '../resource/shelf.js';

/** What was recorded of a blueprint. */
export interface BlueprintState {
  /** What was changed of its declared limits. */
  limits: Partial<BlueprintLimits>;
  /** Owners that may use it ({@link ownerKey}). */
  approved: ReadonlySet<string>;
  /** Resources that it made and that are not destroyed. */
  made: number;
  /** Of these, how many are being made. */
  making: number;
  /** Of these, how many are being made for nobody. */
  spare: number;
  /** Of those that it made, how many are being given back. */
  leaving: number;
  /** By what was to be made ({@link failureKey}), what could not be since one like that was. */
  failed: ReadonlyMap<string, MakingFailed>;
}

/** How often none could be made, why, and when that is tried again. */
export interface MakingFailed {
  failures: number;
  reason: string;
  retryAt: number;
  /** The last one that was begun since. */
  triedBy?: string;
}

/** Of a blueprint so many failures are known, those that are tried again last: whoever asks for what cannot be fills no memory. */
export const FAILURES = 100;

/** What a failure is counted by: what one of these attributes suffers from need not concern another one. */
export const failureKey = (attributes: JsonObject): string => canonicalJson(attributes);

/** For how many leases it is known by which call they were asked for. */
export const KEYS = 1_000;

/** All leases and leased resources of an environment, but for those that are destroyed. */
export interface AllocationState {
  environment: string;
  leases: PersistentMap<Lease>;
  resources: PersistentMap<Resource>;
  /** Ids of resources, by name. */
  names: PersistentMap<string>;
  /** By blueprint, resources that take leases. */
  shelves: ReadonlyMap<string, Shelves>;
  /** By type, leases that wait. */
  queues: ReadonlyMap<string, Queue>;
  blueprints: ReadonlyMap<string, BlueprintState>;
  /** Leases that are not over, by {@link heldKey}; what a resource holds itself is nobody's. */
  held: PersistentMap<number>;
  /** Leases that have a resource, also those that are over and not taken back. */
  granted: PersistentMap<number>;
  /** Most leases that an owner may have, by {@link heldKey}. */
  quotas: ReadonlyMap<string, number>;
  /** Ids of leases that a request holds, by its id. */
  requests: PersistentMap<readonly string[]>;
  /** By key, what was asked for with it, and the lease that it became: of leases that are not destroyed, and of the last {@link KEYS} that are. */
  keys: PersistentMap<{ leaseId: string; body: string }>;
  /** Keys of destroyed leases, the oldest first. */
  keyed: readonly string[];
  /** By blueprint, ids of resources that nobody has, in the order in which they became so. */
  idle: ReadonlyMap<string, PersistentOrder<string>>;
  /** The greatest `idle` of a resource so far. */
  lastIdle: number;
  /** Of the last lease and the last resource: whoever has a greater one was never there. */
  lastNumber: number;
  lastToken: number;
  /** When the last event happened. */
  lastAt: number;
}

export const initialState = (environment: string): AllocationState => ({
  environment,
  leases: PersistentMap.of(),
  resources: PersistentMap.of(),
  names: PersistentMap.of(),
  shelves: new Map(),
  queues: new Map(),
  blueprints: new Map(),
  held: PersistentMap.of(),
  granted: PersistentMap.of(),
  quotas: new Map(),
  requests: PersistentMap.of(),
  keys: PersistentMap.of(),
  keyed: [],
  idle: new Map(),
  lastIdle: 0,
  lastNumber: 0,
  lastToken: 0,
  lastAt: 0,
});

/** The stream of an environment's leases. */
export const allocationStream = (environment: string): string => streamName('allocation', environment);

const ID = /^([a-z0-9-]+)\.([a-z0-9-]+)-([1-9]\d*)$/;

/** Id of a lease or resource, `default.lease-17`, `default.host-18`: one number of an environment is given once. */
export const idOf = (environment: string, what: string, number: number): string => `${environment}.${what}-${number}`;

/** Environment and number of such an id; `null` for another text. */
export function partsOf(id: string): { environment: string; number: number } | null {
  const [, environment, , number] = ID.exec(id) ?? [];
  return environment === undefined ? null : { environment, number: Number(number) };
}

/** Whether the number of an id is known to be that of something else: of a lease, or of a resource of another type. */
export function isOfAnother(
  { environment, leases, resources }: AllocationState,
  catalogue: BlueprintCatalogue,
  id: string,
): boolean {
  const { number } = partsOf(id)!;
  const types = new Set([...catalogue.values()].map(({ type }) => type));
  const ids = [...types].map((type) => idOf(environment, type, number));
  return leases.has(idOf(environment, 'lease', number)) || ids.some((other) => resources.has(other));
}

/** Under which it is counted what an owner has of a type, or of all types. */
export const heldKey = (owner: LeaseAsk['owner'], type = '*'): string => `${ownerKey(owner)} ${type}`;

const UNKNOWN: BlueprintState = { limits: {}, approved: new Set(), made: 0, making: 0, spare: 0, leaving: 0, failed: new Map() };
export const blueprintState = ({ blueprints }: AllocationState, name: string): BlueprintState => blueprints.get(name) ?? UNKNOWN;

/** What holds of a blueprint's limits now. */
export const limitsOf = (state: AllocationState, { name, limits }: BlueprintDeclaration): BlueprintLimits => ({
  ...limits,
  ...blueprintState(state, name).limits,
});
