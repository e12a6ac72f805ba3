import type { Json, JsonObject } from '@slipway/contracts';
import { PersistentMap } from '@slipway/event-store';
import { standingInLine } from '../assignment/in-line.js';
import { isAskedFor, type Lease } from '../lease/lease.js';
import { placed } from '../resource/placed.js';
import type { Resource } from '../resource/resource.js';
import { heldKey, initialState, type AllocationState, type BlueprintState } from './state.js';

/** Grows whenever the state or `evolve` changes: what an older fold kept is then never read. */
export const FOLD_VERSION = 2;

type KeptResource = Omit<Resource, 'load' | 'leases' | 'slots'>;
type KeptBlueprint = Pick<BlueprintState, 'limits' | 'failed'> & { approved: string[] };

interface Kept {
  environment: string;
  leases: Lease[];
  resources: KeptResource[];
  blueprints: Record<string, KeptBlueprint>;
  quotas: Record<string, number>;
  /** Of leases that are destroyed, the oldest first. */
  keys: { id: string; leaseId: string; body: string }[];
  numbers: Pick<AllocationState, 'lastIdle' | 'lastNumber' | 'lastToken' | 'lastAt'>;
}

/** A state as JSON: what cannot be told from the rest. */
export function toJson(state: AllocationState): JsonObject {
  const { environment, lastIdle, lastNumber, lastToken, lastAt } = state;
  const kept: Kept = {
    environment,
    leases: [...state.leases.entries()].map(([, lease]) => lease),
    resources: [...state.resources.entries()].map(
      ([, { load: _load, leases: _leases, slots: _slots, ...resource }]): KeptResource => resource,
    ),
    blueprints: Object.fromEntries(
      [...state.blueprints].map(([name, { limits, approved, failed }]) => [
        name,
        { limits, approved: [...approved], ...(failed && { failed }) },
      ]),
    ),
    quotas: Object.fromEntries(state.quotas),
    keys: state.keyed.map((id) => ({ id, ...state.keys.get(id)! })),
    numbers: { lastIdle, lastNumber, lastToken, lastAt },
  };
  return kept as unknown as Record<string, Json>;
}

/** The inverse of {@link toJson}. */
export function fromJson(json: JsonObject): AllocationState {
  const { environment, leases, resources, blueprints, quotas, keys, numbers } = json as unknown as Kept;
  const on = new Map<string, Lease[]>(resources.map(({ id }) => [id, []]));
  for (const lease of leases) if (lease.granted) on.get(lease.granted.resourceId)!.push(lease);
  const counts = { made: 0, making: 0, spare: 0, leaving: 0 };
  let state: AllocationState = {
    ...initialState(environment),
    ...numbers,
    ...keptLeases(leases),
    blueprints: new Map(
      Object.entries(blueprints).map(([name, known]) => [name, { ...known, ...counts, approved: new Set(known.approved) }]),
    ),
    quotas: new Map(Object.entries(quotas)),
    keyed: keys.map(({ id }) => id),
    names: PersistentMap.of(resources.map(({ name, id }) => [name, id])),
  };
  state = { ...state, keys: keys.reduce((known, { id, ...one }) => known.with(id, one), state.keys) };
  for (const lease of leases) if (lease.status === 'pending') state = standingInLine(state, lease);
  for (const resource of resources) state = placed(state, undefined, leased(resource, on.get(resource.id)!));
  return state;
}

function leased(resource: KeptResource, leases: readonly Lease[]): Resource {
  return {
    ...resource,
    load: leases.reduce((load, { amount }) => load + amount, 0),
    leases: PersistentMap.of(leases.map(({ id }) => [id, true as const])),
    slots: PersistentMap.of(leases.flatMap(({ id, slots }) => slots.map((slot) => [slot, id] as const))),
  };
}

type OfLeases = Pick<AllocationState, 'leases' | 'held' | 'granted' | 'requests' | 'keys'>;

function keptLeases(leases: readonly Lease[]): OfLeases {
  const held = new Map<string, number>();
  const granted = new Map<string, number>();
  const count = (counts: Map<string, number>, key: string) => void counts.set(key, (counts.get(key) ?? 0) + 1);
  const requests = new Map<string, string[]>();
  for (const lease of leases.toSorted((one, other) => one.number - other.number)) {
    const { id, owner, type, requestId } = lease;
    if (!isAskedFor(lease)) continue;
    count(held, heldKey(owner));
    count(held, heldKey(owner, type));
    if (lease.granted) count(granted, heldKey(owner, type));
    if (requestId !== undefined) requests.set(requestId, [...(requests.get(requestId) ?? []), id]);
  }
  return {
    leases: PersistentMap.of(leases.map((lease) => [lease.id, lease])),
    held: PersistentMap.of(held),
    granted: PersistentMap.of(granted),
    requests: PersistentMap.of(requests),
    keys: PersistentMap.of(leases.flatMap(({ id, key }) => (key ? [[key.id, { leaseId: id, body: key.body }] as const] : []))),
  };
}
