import { resourceKey, type Installed, type Plan, type ResolveQuery } from '@slipway/contracts';
import type { EnvironmentView } from './environment.js';
import { stillNeeded } from './explain.js';
import { inStepOrder } from './order.js';
import { finishPlan, leftRead, readOf, removalOf } from './plan.js';

/**
 * What it takes to give `query.instanceId` back: all that was made for it goes, each thing after what uses it, and with it
 * what was shared with nobody else. Refused while something else is wired to what was made for it.
 */
export function planDeprovision({ query, environment }: { query: ResolveQuery; environment: EnvironmentView }): Plan {
  const removed = removedWith(query.instanceId, environment);
  const blocked = [...removed]
    .map(([key, one]) => ({ one, others: environment.usersOf(key).filter((user) => !removed.has(user)) }))
    .filter(({ others }) => others.length > 0);
  const steps =
    blocked.length > 0 ? [] : [...removed.values()].map((one) => removalOf(one, environment.usersOf(resourceKey(one))));
  return finishPlan({
    environment: query.environment,
    outcome: blocked.length > 0 ? 'unsatisfied' : steps.length > 0 ? 'remove' : 'satisfied',
    alreadySatisfied: [],
    steps: inStepOrder(steps),
    wires: [],
    reads: [
      ...[...removed].map(([key, one]) => ({ ...readOf(one, environment), users: environment.usersOf(key) })),
      ...leftTo(removed, environment).map((one) => leftRead(one, environment, (user) => removed.has(user))),
    ],
    writes: steps.map((step) => step.id),
    unsatisfied: blocked.map(({ one, others }) => stillNeeded(one, others)),
  });
}

/** All that was made for an instance, and the shared things that nobody uses when it is gone. */
function removedWith(instanceId: string, environment: EnvironmentView): Map<string, Installed> {
  const removed = new Map(environment.madeFor(instanceId).map((one) => [resourceKey(one), one]));
  // A Map's iteration visits what is added on the way: each removed thing may leave another without users.
  for (const from of removed.keys())
    for (const { to } of environment.wiresFrom(from)) {
      const target = environment.get(to)!;
      const unused = environment.usersOf(to).every((user) => removed.has(user));
      if (target.instanceId === undefined && unused) removed.set(to, target);
    }
  return removed;
}

/** What is shared, was used by what goes, and stays for others. */
function leftTo(removed: ReadonlyMap<string, Installed>, environment: EnvironmentView): Installed[] {
  const used = new Set([...removed.keys()].flatMap((from) => environment.wiresFrom(from).map(({ to }) => to)));
  return [...used].flatMap((key) => {
    const one = environment.get(key)!;
    return removed.has(key) || one.instanceId !== undefined ? [] : [one];
  });
}
