import { resourceKey, type EnvironmentEvent } from '@slipway/contracts';
import type { PersistentMap } from '@slipway/event-store';
import { ownerKey, type EnvironmentState } from './state.js';
import { evolveUntils } from './until.js';

type Data<Type extends EnvironmentEvent['type']> = Extract<EnvironmentEvent, { type: Type }>['data'];

/** The state after an event. A settlement whose list stands in a blob is given whole by who reads the stream. */
export function evolve(state: EnvironmentState, event: EnvironmentEvent): EnvironmentState {
  switch (event.type) {
    case 'NameClaimed': {
      const { name, owner, requestId, job, along } = event.data;
      const names = state.names.with(name, { owner, holder: requestId, job });
      if (!along) return { ...state, names, held: state.held.with(requestId, name) };
      return { ...state, names, along: state.along.with(requestId, [...(state.along.get(requestId) ?? []), name]) };
    }
    case 'NameReleased': {
      const { name, requestId } = event.data;
      return {
        ...state,
        names: state.names.without(name),
        held: state.held.without(requestId),
        untils: state.untils.without(name),
      };
    }
    case 'PlanAdmitted':
      return admitted(state, event.data);
    case 'PlanSettled':
      return settled(state, event.data);
    case 'UntilSet':
    case 'UntilExtended':
    case 'InstanceExpiring':
    case 'InstanceExpired':
      return { ...state, untils: evolveUntils(state.untils, event) };
    case 'DispatchPaused':
      return { ...state, paused: true };
    case 'DispatchResumed':
      return { ...state, paused: false };
  }
}

function admitted(
  state: EnvironmentState,
  { requestId, owner, planHash, reads, writes }: Data<'PlanAdmitted'>,
): EnvironmentState {
  const before = state.admitted.get(requestId);
  let { generations, writers, readers } = state;
  for (const { key, generation } of writes) {
    generations = generations.with(key, Math.max(generation, generations.get(key) ?? 0));
    writers = writers.with(key, requestId);
  }
  for (const { key } of reads) readers = readers.with(key, [...(readers.get(key) ?? []), requestId]);
  const plan = {
    owner,
    planHash,
    reads: [...(before?.reads ?? []), ...reads.map(({ key }) => key)],
    writes: [...(before?.writes ?? []), ...writes.map(({ key }) => key)],
  };
  const perOwner = before ? state.perOwner : counted(state.perOwner, ownerKey(owner), 1);
  return { ...state, generations, writers, readers, perOwner, admitted: state.admitted.with(requestId, plan) };
}

function settled(
  state: EnvironmentState,
  { requestId, name, installed, removed, wires, uncertain = [] }: Data<'PlanSettled'>,
): EnvironmentState {
  let next = released(state, requestId, name);
  for (const key of removed) next = takenAway(next, key);
  for (const one of installed) {
    const { generation, instanceId, location, driver, guestLocation, provisioner, outputs } = one;
    const key = resourceKey(one);
    const known = next.installed.get(key);
    // What it is from now on is wired anew.
    if (known) next = unwired(next, key);
    const standing = {
      generation,
      updates: known?.generation === generation ? known.updates + 1 : 0,
      ...(instanceId !== undefined && { instanceId }),
      location,
      driver,
      guestLocation,
      ...(provisioner !== undefined && { provisioner }),
      outputs,
      uses: [],
    };
    next = {
      ...next,
      installed: next.installed.with(key, standing),
      generations: next.generations.with(key, Math.max(generation, next.generations.get(key) ?? 0)),
      standing: instanceId !== undefined && !known ? counted(next.standing, instanceId, 1) : next.standing,
    };
  }
  for (const { from, to } of wires) next = wired(next, from, to);
  for (const key of uncertain) next = doubted(next, key);
  return next;
}

/** What rests on it as it was is stale. */
function doubted(state: EnvironmentState, key: string): EnvironmentState {
  const known = state.installed.get(key);
  return known ? { ...state, installed: state.installed.with(key, { ...known, updates: known.updates + 1 }) } : state;
}

/** The request neither holds its name nor carries out a plan any more. */
function released(state: EnvironmentState, requestId: string, name: string): EnvironmentState {
  const plan = state.admitted.get(requestId);
  let { names, writers, readers, perOwner } = state;
  for (const one of [name, ...(state.along.get(requestId) ?? [])]) {
    const claimed = names.get(one);
    if (claimed?.holder === requestId) names = names.with(one, { owner: claimed.owner });
  }
  if (plan) {
    for (const key of plan.writes) writers = writers.without(key);
    for (const key of plan.reads) {
      const others = (readers.get(key) ?? []).filter((reader) => reader !== requestId);
      readers = others.length > 0 ? readers.with(key, others) : readers.without(key);
    }
    perOwner = counted(perOwner, ownerKey(plan.owner), -1);
  }
  const admissions = state.admitted.without(requestId);
  const [held, along] = [state.held.without(requestId), state.along.without(requestId)];
  return { ...state, names, writers, readers, perOwner, admitted: admissions, held, along };
}

function takenAway(state: EnvironmentState, key: string): EnvironmentState {
  const gone = state.installed.get(key);
  if (!gone) return state;
  const { users } = unwired(state, key);
  let { standing } = state;
  if (gone.instanceId !== undefined) standing = counted(standing, gone.instanceId, -1);
  return { ...state, users, standing, installed: state.installed.without(key) };
}

/** It counts no longer among the users of what it was wired to. */
function unwired(state: EnvironmentState, key: string): EnvironmentState {
  let { users } = state;
  for (const to of state.installed.get(key)?.uses ?? []) {
    const others = (users.get(to) ?? []).filter((user) => user !== key);
    users = others.length > 0 ? users.with(to, others) : users.without(to);
  }
  return { ...state, users };
}

function wired(state: EnvironmentState, from: string, to: string): EnvironmentState {
  const user = state.installed.get(from);
  if (!user || user.uses.includes(to)) return state;
  return {
    ...state,
    installed: state.installed.with(from, { ...user, uses: [...user.uses, to] }),
    users: state.users.with(to, [...(state.users.get(to) ?? []), from].toSorted()),
  };
}

function counted(counts: PersistentMap<number>, key: string, by: number): PersistentMap<number> {
  const count = (counts.get(key) ?? 0) + by;
  return count > 0 ? counts.with(key, count) : counts.without(key);
}
