import {
  SlipwayError,
  VERBS,
  hashOf,
  resourceKey,
  streamName,
  type EnvironmentEvent,
  type JobKind,
  type Plan,
  type PlanRead,
  type PlanStep,
  type ResolveQuery,
  type ResourceKind,
} from '@slipway/contracts';
import type { Blobs } from '@slipway/blobs';
import type { EventStore } from '@slipway/event-store';
import type { LocalBus } from '@slipway/mesh/testing';
import { environment } from '../environment/environment.js';
import { whole } from '../large-events.js';
import type { EnvironmentState } from '../environment/state.js';

/** A part of a definition: `name` is told apart by the instance's unless it is shared. */
interface Part {
  kind: ResourceKind;
  name: string;
  uses?: string[];
  shared?: boolean;
}

/** Definitions by name; the last part is the instance itself. */
export const DEFINITIONS: Record<string, Part[]> = {
  guestbook: [
    { kind: 'storage', name: 'data' },
    { kind: 'database', name: 'db' },
    { kind: 'instance', name: '', uses: ['data', 'db'] },
  ],
  wide: [
    ...Array.from({ length: 300 }, (_, n): Part => ({ kind: 'storage', name: `part-${n}` })),
    { kind: 'instance', name: '', uses: Array.from({ length: 300 }, (_, n) => `part-${n}`) },
  ],
  hello: [{ kind: 'instance', name: '' }],
  forum: [
    { kind: 'database', name: 'pg', shared: true },
    { kind: 'instance', name: '', uses: ['pg'] },
  ],
};

/** A resolver of a few definitions: it reads the environment, as the real one does. */
export function serveResolver(bus: LocalBus, store: EventStore, blobs: Blobs): () => void {
  return bus.serve('resolver', VERBS.plan, async (body) => {
    const query = body as ResolveQuery;
    let state = environment.initialState();
    for (const { type, data } of await store.read(streamName('environment', query.environment))) {
      state = environment.evolve(state, await whole({ type, data } as unknown as EnvironmentEvent, blobs));
    }
    const plan = PLANS[query.job](query, state);
    return { ...plan, hash: hashOf(plan) };
  });
}

const empty = (query: ResolveQuery, outcome: Plan['outcome']): Omit<Plan, 'hash'> => ({
  environment: query.environment,
  outcome,
  alreadySatisfied: [],
  steps: [],
  wires: [],
  leases: [],
  reads: [],
  writes: [],
  unsatisfied: [],
});

const definition = { name: 'fake', version: '1.0.0', hash: 'f'.repeat(64) };

type Planned = (query: ResolveQuery, state: EnvironmentState) => Omit<Plan, 'hash'>;

/** A provision whose parts begin with the snapshot's. */
const imported: Planned = (query, state) => {
  const plan = provision({ ...query, definition: query.definition!.replace(/@.*/, '') }, state);
  const steps = plan.steps.map((step): PlanStep => {
    const role = step.name === query.instanceId ? '' : step.name.slice(query.instanceId.length + 1);
    const part = query.parts!.find((one) => one.role === role && one.kind === step.kind);
    if (!part) return step;
    const { sha256, bytes, mediaType, contentBytes, holder } = part;
    return { ...step, from: { sha256, bytes, mediaType, contentBytes, ...(holder !== undefined && { holder }) } };
  });
  return { ...plan, steps };
};

/** The instance stops, all of it is read out, the instance is brought up again. */
const exported: Planned = (query, state) => {
  const mine = [...state.installed.entries()].filter(([, one]) => one.instanceId === query.instanceId);
  const root = `instance/${query.instanceId}`;
  const stepOf = (key: string, generation: number, more: Pick<PlanStep, 'id' | 'action' | 'after' | 'inverse'>): PlanStep => {
    const [kind, name] = key.split('/') as [ResourceKind, string];
    const { location, drivers } = query.place;
    return { ...more, kind, name, generation, definition, location, driver: drivers[kind]![0]!, spec: {} };
  };
  const { generation } = state.installed.get(root)!;
  const reads = mine.map(([key, one]): PlanStep => {
    const role = key === root ? '' : key.slice(key.indexOf('/') + query.instanceId.length + 2);
    const after = [`${root}#stop`];
    return { ...stepOf(key, one.generation, { id: `${key}#export`, action: 'export', after, inverse: 'none' }), role };
  });
  const steps = [
    stepOf(root, generation, { id: `${root}#stop`, action: 'stop', after: [], inverse: 'ensure' }),
    ...reads,
    stepOf(root, generation, { id: root, action: 'ensure', after: reads.map(({ id }) => id), inverse: 'none' }),
  ];
  return {
    ...empty(query, 'export'),
    steps,
    wires: mine.flatMap(([from, { uses }]) => uses.map((to) => ({ from, requirement: to.split('-').at(-1)!, to }))),
    reads: mine.map(([key, one]) => ({ key, generation: one.generation })),
    writes: [root],
    ...(query.destination !== undefined && { destination: query.destination }),
  };
};

function provision(query: ResolveQuery, state: EnvironmentState): Omit<Plan, 'hash'> {
  const parts = DEFINITIONS[query.definition!];
  if (query.definition === 'broken') throw new SlipwayError('too-large', 'Nested too deep');
  if (!parts) {
    const requirement = {
      chain: [],
      requirement: query.definition!,
      reason: 'no-definition' as const,
      message: `There is no ${query.definition}`,
    };
    return { ...empty(query, 'unsatisfied'), unsatisfied: [requirement] };
  }
  const nameOf = ({ name, shared }: Part) => (shared ? name : [query.instanceId, name].filter(Boolean).join('-'));
  const keyOf = (part: Part) => resourceKey({ kind: part.kind, name: nameOf(part) });
  const keys = new Map(parts.map((part) => [part.name, keyOf(part)]));
  const there = parts.filter((part) => state.installed.has(keyOf(part)));
  const missing = parts.filter((part) => !there.includes(part));
  const made = new Set(missing.map(keyOf));
  const wires = missing.flatMap((part) =>
    (part.uses ?? []).map((name) => ({ from: keyOf(part), requirement: name, to: keys.get(name)! })),
  );
  const steps = missing.map((part): PlanStep => {
    const id = keyOf(part);
    return {
      id,
      action: 'ensure',
      kind: part.kind,
      name: nameOf(part),
      generation: (state.generations.get(id) ?? 0) + 1,
      definition,
      location: query.place.location,
      driver: query.place.drivers[part.kind]![0]!,
      spec: {},
      ...(query.offerings && { offerings: query.offerings }),
      after: wires.filter(({ from, to }) => from === id && made.has(to)).map(({ to }) => to),
      inverse: 'destroy',
      ...(part.shared && { shared: true }),
    };
  });
  return {
    ...empty(query, steps.length > 0 ? 'install' : 'satisfied'),
    alreadySatisfied: there.map((part) => ({
      kind: part.kind,
      name: nameOf(part),
      generation: state.installed.get(keyOf(part))!.generation,
      definition,
    })),
    steps,
    wires,
    reads: parts.map((part) => readOf(keyOf(part), state)),
    writes: steps.map(({ id }) => id),
  };
}

function deprovision(query: ResolveQuery, state: EnvironmentState): Omit<Plan, 'hash'> {
  const mine = [...state.installed.entries()].filter(([, one]) => one.instanceId === query.instanceId);
  for (const [, { uses }] of [...mine])
    for (const key of uses) {
      const shared = state.installed.get(key);
      const unused = (state.users.get(key) ?? []).every((user) => mine.some(([one]) => one === user));
      if (shared?.instanceId === undefined && shared && unused) mine.push([key, shared]);
    }
  const steps = mine.map(([id, one]): PlanStep => {
    const [kind, name] = id.split('/') as [ResourceKind, string];
    return {
      id,
      action: 'destroy',
      kind,
      name,
      generation: one.generation,
      definition,
      location: query.place.location,
      driver: query.place.drivers[kind]![0]!,
      spec: {},
      after: state.users.get(id) ?? [],
      inverse: 'forward',
    };
  });
  return {
    ...empty(query, steps.length > 0 ? 'remove' : 'satisfied'),
    steps,
    reads: [
      ...mine.map(([key]) => ({ ...readOf(key, state), users: state.users.get(key) ?? [] })),
      ...leftBy(new Set(mine.map(([key]) => key)), state),
    ],
    writes: steps.map(({ id }) => id),
  };
}

/** What is shared and left to others when these go. */
function leftBy(gone: ReadonlySet<string>, state: EnvironmentState): PlanRead[] {
  const { installed, users } = state;
  const used = new Set([...gone].flatMap((key) => installed.get(key)!.uses));
  const left = [...used].filter((key) => !gone.has(key) && installed.get(key)!.instanceId === undefined);
  return left.map((key) => {
    const leaving = users.get(key)!.filter((user) => gone.has(user));
    return { ...readOf(key, state), leaving };
  });
}

/** All that was made for it is changed, users last; of the definition `leaner` the database goes when that is done. */
const updated: Planned = (query, state) => {
  const mine = [...state.installed.entries()].filter(([, one]) => one.instanceId === query.instanceId);
  const goes = (key: string) => query.definition === 'leaner' && key.startsWith('database/');
  const wiresOf = (from: string, uses: readonly string[]) => uses.map((to) => ({ from, requirement: to.split('-').at(-1)!, to }));
  const changed = mine.filter(([key]) => !goes(key)).map(([key]) => key);
  const steps = mine.map(([id, { generation, uses }]): PlanStep => {
    const [kind, name] = id.split('/') as [ResourceKind, string];
    const { location, drivers } = query.place;
    const base = { id, kind, name, generation, location, driver: drivers[kind]![0]! };
    if (goes(id)) return { ...base, definition, spec: {}, action: 'destroy', after: changed, inverse: 'forward' };
    const before = { definition, spec: { size: 'before' }, wires: wiresOf(id, uses) };
    const changes = [{ field: 'spec.size', from: 'before', to: 'after', how: 'in-place' as const }];
    const after = uses.filter((key) => changed.includes(key));
    return { ...base, definition, spec: { size: 'after' }, action: 'update', after, inverse: 'update', changes, before };
  });
  return {
    ...empty(query, 'update'),
    steps,
    wires: mine.flatMap(([from, { uses }]) =>
      goes(from)
        ? []
        : wiresOf(
            from,
            uses.filter((to) => !goes(to)),
          ),
    ),
    reads: mine.map(([key]) => readOf(key, state)),
    writes: steps.map(({ id }) => id),
  };
};

/** What is asked for is made again or changed, one after the other. */
const repaired: Planned = (query, state) => {
  const keys = query.repairs!.map(({ key }) => key);
  const steps = query.repairs!.map(({ key: id, by = 'update' }, at): PlanStep => {
    const [kind, name] = id.split('/') as [ResourceKind, string];
    const { generation, location, driver } = state.installed.get(id)!;
    const base = { id, kind, name, generation, location, driver, definition, spec: {} };
    return { ...base, action: by, after: keys.slice(0, at), inverse: 'none' };
  });
  return { ...empty(query, 'repair'), steps, reads: keys.map((key) => readOf(key, state)), writes: keys };
};

function readOf(key: string, { installed }: EnvironmentState): PlanRead {
  const { generation = null, updates = 0 } = installed.get(key) ?? {};
  return { key, generation, ...(updates > 0 && { updates }) };
}

const PLANS: Readonly<Record<JobKind, Planned>> = {
  provision,
  deprovision,
  import: imported,
  export: exported,
  update: updated,
  repair: repaired,
};
