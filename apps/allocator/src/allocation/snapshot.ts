import type { JsonObject } from '@slipway/contracts';
import { PersistentMap, type KeptState } from '@slipway/event-store';
import { standingInLine } from '../assignment/in-line.js';
import { isAskedFor, type Lease } from '../lease/lease.js';
import { placed } from '../resource/placed.js';
import type { Resource } from '../resource/resource.js';
import { heldKey, initialState, type AllocationState, type BlueprintState, type MakingFailed } from './state.js';

/** Grows whenever the state or `evolve` changes: what an older fold kept is then never read. */
const FOLD_VERSION = 6;

/** Leases or resources of one part: a millisecond's work. */
const AT_ONCE = 250;

type KeptResource = Omit<Resource, 'load' | 'leases' | 'slots'>;
type KeptBlueprint = Pick<BlueprintState, 'limits'> & { approved: string[]; failed: [string, MakingFailed][] };

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

/** How the state of an environment is kept between two lives. */
export const keptAllocations = (snapshots: KeptState<AllocationState>['snapshots']): KeptState<AllocationState> => ({
  ...{ snapshots, foldVersion: FOLD_VERSION, toParts, fromParts },
  sizeOf: ({ leases, resources }) => leases.size + resources.size,
});

/** A state as JSON, some leases or resources after others: what cannot be told from the rest. */
export function* toParts(state: AllocationState, atOnce = AT_ONCE): Generator<JsonObject> {
  yield partOf(withoutEntries(state));
  for (const entries of inParts(state.leases.entries(), atOnce)) yield partOf({ leases: entries.map(([, lease]) => lease) });
  for (const entries of inParts(state.resources.entries(), atOnce))
    yield partOf({
      resources: entries.map(([, { load: _load, leases: _leases, slots: _slots, ...resource }]): KeptResource => resource),
    });
}

const partOf = (kept: Partial<Kept>): JsonObject => kept as JsonObject;

function* inParts<Entry>(entries: Iterable<Entry>, atOnce: number): Generator<Entry[]> {
  let part: Entry[] = [];
  for (const entry of entries) {
    part.push(entry);
    if (part.length < atOnce) continue;
    yield part;
    part = [];
  }
  if (part.length > 0) yield part;
}

function withoutEntries(state: AllocationState): Omit<Kept, 'leases' | 'resources'> {
  const { environment, lastIdle, lastNumber, lastToken, lastAt } = state;
  return {
    environment,
    blueprints: Object.fromEntries(
      [...state.blueprints].map(([name, { limits, approved, failed }]) => [
        name,
        { limits, approved: [...approved], failed: [...failed] },
      ]),
    ),
    quotas: Object.fromEntries(state.quotas),
    keys: state.keyed.map((id) => ({ id, ...state.keys.get(id)! })),
    numbers: { lastIdle, lastNumber, lastToken, lastAt },
  };
}

/** The inverse of {@link toParts}. */
export function fromParts(parts: readonly JsonObject[]): AllocationState {
  const kept = parts as unknown as readonly Partial<Kept>[];
  const leases = kept.flatMap((part) => part.leases ?? []);
  const resources = kept.flatMap((part) => part.resources ?? []);
  const { environment, blueprints, quotas, keys, numbers } = kept[0] as Kept;
  const on = new Map<string, Lease[]>(resources.map(({ id }) => [id, []]));
  for (const lease of leases) if (lease.granted) on.get(lease.granted.resourceId)!.push(lease);
  const counts = { made: 0, making: 0, spare: 0, leaving: 0 };
  let state: AllocationState = {
    ...initialState(environment),
    ...numbers,
    ...keptLeases(leases),
    blueprints: new Map(
      Object.entries(blueprints).map(([name, known]) => [
        name,
        { limits: known.limits, ...counts, approved: new Set(known.approved), failed: new Map(known.failed) },
      ]),
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
    if (lease.status !== 'released') {
      count(held, heldKey(owner));
      count(held, heldKey(owner, type));
    }
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
