import { resourceKey, type Installed, type Plan, type PlanStep, type ResolveQuery } from '@slipway/contracts';
import type { EnvironmentView } from '../installed/environment.js';
import { stillNeeded } from '../explain.js';
import { inOrder } from '../in-order.js';
import { inStepOrder } from '../plan/order.js';
import { finishPlan, leftRead, readOf, removalOf } from '../plan/plan.js';

/**
 * What it takes to give `query.instanceId` back: all that was made for it goes, each thing after what uses it, and with it
 * what was shared with nobody else. While something else is wired to what was made for it, that is refused, with all who need it, also further
 * away; or, with `query.cascade`, the instances that do go as well.
 */
export function planDeprovision({ query, environment }: { query: ResolveQuery; environment: EnvironmentView }): Plan {
  const removal = new Removal(query.instanceId, environment, query.cascade === true);
  const { removed, blocked } = removal;
  const steps = blocked.length > 0 ? [] : [...removed.values()].map((one) => stepOf(one, removal));
  const others = along(removal);
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
    ...(steps.length > 0 && others.length > 0 && { along: others }),
    unsatisfied: blocked.length > 0 ? refusals(removal) : [],
  });
}

/** What goes, each once, with why where it was not made for the instance. */
class Removal {
  readonly removed: Map<string, Installed>;
  readonly why = new Map<string, string>();
  /** Of what is taken along, what needs something that goes itself. */
  readonly needing = new Set<string>();
  /** What somebody needs who does not go. */
  readonly blocked: { one: Installed; users: string[] }[] = [];

  constructor(
    readonly instanceId: string,
    readonly environment: EnvironmentView,
    cascade: boolean,
  ) {
    this.removed = new Map(environment.madeFor(instanceId).map((one) => [resourceKey(one), one]));
    // A Map's iteration visits what is added on the way.
    if (cascade) for (const key of this.removed.keys()) this.#takeUsersOf(key);
    this.#takeUnusedBelow();
    for (const [key, one] of this.removed) {
      const users = environment.usersOf(key).filter((user) => !this.removed.has(user));
      if (users.length > 0) this.blocked.push({ one, users });
    }
  }

  /** Who uses it goes with all that was made for the same instance. */
  #takeUsersOf(key: string): void {
    for (const user of this.environment.usersOf(key).filter((one) => !this.removed.has(one))) {
      const one = this.environment.get(user)!;
      const { instanceId } = one;
      this.needing.add(user);
      this.#take(one, `it needs ${key}, which goes`);
      const parts = instanceId === undefined ? [] : this.environment.madeFor(instanceId);
      for (const part of parts) this.#take(part, `it was made for ${instanceId}, which is taken along`);
    }
  }

  #take(one: Installed, why: string): void {
    const key = resourceKey(one);
    if (this.removed.has(key)) return;
    this.removed.set(key, one);
    this.why.set(key, why);
  }

  /** What is shared and nobody else uses. */
  #takeUnusedBelow(): void {
    const { environment, removed } = this;
    for (const key of removed.keys())
      for (const { to } of environment.wiresFrom(key)) {
        const target = environment.get(to)!;
        if (target.instanceId === undefined) removed.set(to, target);
      }
    // All that they lead to, but for what others use, and what that uses in turn: bundles may use each other, and nobody else them.
    const used = (key: string) => environment.usersOf(key).filter((user) => !removed.has(user));
    const kept = [...removed.keys()].filter((key) => removed.get(key)!.instanceId === undefined && used(key).length > 0);
    for (const key of kept)
      if (removed.delete(key))
        for (const { to } of environment.wiresFrom(key)) if (removed.get(to)?.instanceId === undefined) kept.push(to);
  }
}

function stepOf(one: Installed, { environment, why }: Removal): PlanStep {
  const key = resourceKey(one);
  const because = why.get(key);
  return { ...removalOf(one, environment.usersOf(key)), ...(because !== undefined && { because }) };
}

/** Names of the instances that go beside the one that was asked for. */
const along = ({ removed, instanceId }: Removal): string[] =>
  [...new Set([...removed.values()].flatMap((one) => one.instanceId ?? []))]
    .filter((name) => name !== instanceId)
    .toSorted(inOrder);

/** Each with who needs it, and who needs those. */
function refusals({ instanceId, environment, blocked }: Removal): Plan['unsatisfied'] {
  const { needing } = new Removal(instanceId, environment, true);
  const direct = new Set(blocked.flatMap(({ users }) => users));
  const further = [...needing].filter((key) => !direct.has(key)).toSorted(inOrder);
  return blocked.map(({ one, users }) => stillNeeded(one, users, further));
}

/** What is shared, was used by what goes, and stays for others. */
function leftTo(removed: ReadonlyMap<string, Installed>, environment: EnvironmentView): Installed[] {
  const used = new Set([...removed.keys()].flatMap((from) => environment.wiresFrom(from).map(({ to }) => to)));
  return [...used].flatMap((key) => {
    const one = environment.get(key)!;
    return removed.has(key) || one.instanceId !== undefined ? [] : [one];
  });
}
