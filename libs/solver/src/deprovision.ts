import { resourceKey, type Installed, type Plan, type PlanStep, type ResolveQuery } from '@slipway/contracts';
import type { EnvironmentState } from './environment.js';
import { stillNeeded } from './explain.js';
import { inStepOrder } from './order.js';
import { finishPlan, readOf } from './plan.js';

/**
 * What it takes to give `query.instanceId` back: all that was made for it goes, each thing after what uses it, and with it
 * what was shared with nobody else. Refused while something else is wired to what was made for it.
 */
export function planDeprovision({ query, environment }: { query: ResolveQuery; environment: EnvironmentState }): Plan {
  const users = usersOf(environment);
  const removed = removedWith(query.instanceId, environment, users);
  const blocked = [...removed.values()]
    .map((one) => ({ one, others: (users.get(resourceKey(one)) ?? []).filter((user) => !removed.has(user)) }))
    .filter(({ others }) => others.length > 0);
  const steps = blocked.length > 0 ? [] : [...removed.values()].map((one) => stepOf(one, users));
  return finishPlan({
    environment: query.environment,
    outcome: blocked.length > 0 ? 'unsatisfied' : steps.length > 0 ? 'remove' : 'satisfied',
    alreadySatisfied: [],
    steps: inStepOrder(steps),
    wires: [],
    reads: [...removed.values()].map((one) => ({ ...readOf(one), users: users.get(resourceKey(one)) ?? [] })),
    writes: steps.map((step) => step.id),
    unsatisfied: blocked.map(({ one, others }) => stillNeeded(one, others)),
  });
}

/** Who is wired to each key, sorted. */
function usersOf(environment: EnvironmentState): Map<string, string[]> {
  const users = new Map<string, string[]>();
  for (const { from, to } of environment.wires) {
    const known = users.get(to) ?? [];
    if (environment.installed.has(from) && !known.includes(from)) users.set(to, [...known, from].toSorted());
  }
  return users;
}

/** All that was made for an instance, and the shared things that nobody uses when it is gone. */
function removedWith(
  instanceId: string,
  { installed, wires }: EnvironmentState,
  users: ReadonlyMap<string, string[]>,
): Map<string, Installed> {
  const removed = new Map([...installed].filter(([, one]) => one.instanceId === instanceId).toSorted(byKey));
  // A Map's iteration visits what is added on the way: each removed thing may leave another without users.
  for (const from of removed.keys())
    for (const { to } of wires.filter((wire) => wire.from === from)) {
      const target = installed.get(to);
      const unused = (users.get(to) ?? []).every((user) => removed.has(user));
      if (target && target.instanceId === undefined && unused) removed.set(to, target);
    }
  return removed;
}

const byKey = ([a]: [string, unknown], [b]: [string, unknown]): number => Number(a > b) - Number(a < b);

function stepOf(one: Installed, users: ReadonlyMap<string, string[]>): PlanStep {
  const id = resourceKey(one);
  return {
    id,
    action: 'destroy',
    kind: one.kind,
    name: one.name,
    generation: one.generation,
    definition: one.definition,
    location: one.location,
    driver: one.driver,
    spec: one.spec,
    after: [...(users.get(id) ?? [])],
    inverse: 'forward',
    ...(one.instanceId === undefined && { shared: true }),
  };
}
