import {
  howChanged,
  resourceKey,
  type AnnouncedDriver,
  type Change,
  type Former,
  type Installed,
  type Plan,
  type PlanStep,
  type ResolveQuery,
  type ResourceKind,
  type Unsatisfied,
  type Wire,
} from '@slipway/contracts';
import { identityOf } from './catalogue.js';
import { differencesOf, type Difference } from './differences.js';
import type { EnvironmentView } from './environment.js';
import { cannotChange, noLongerNeeded, noRootToUpdate, otherDriver, otherKind, standsOtherwise, type Reason } from './explain.js';
import { inStepOrder } from './order.js';
import { finishPlan, installedRef, leftRead, readOf, removalOf } from './plan.js';
import { installedAs, planProvision, unsatisfied, type ProvisionInput } from './provision.js';
import { rolesFrom } from './roles.js';
import { secretsOf, usersWithout } from './users.js';

/**
 * What it takes to have `query.instanceId` as it is to be from now on: resolved as if nothing of it were there, and compared with
 * what is, resource by resource. What is the same is left alone; what differs is changed under its own generation, with what
 * it was pinned; what is new is made; what is not needed any more goes when all else is done. Nothing that may hold data is ever taken
 * away, or made anew: then there is no plan.
 */
export function planUpdate(input: ProvisionInput): Plan {
  const { query, environment } = input;
  const mine = new Map(environment.madeFor(query.instanceId).map((one) => [resourceKey(one), one]));
  const refuse = (reasons: (Reason & Partial<Unsatisfied>)[]) =>
    unsatisfied(
      query,
      reasons.map((reason): Unsatisfied => ({ chain: [], ...reason })),
    );
  const root = installedAs(query.instanceId, environment);
  if (!root) return refuse([noRootToUpdate(query.instanceId, [...mine.keys()])]);
  const target = planProvision({
    ...input,
    query: { ...query, definition: query.definition ?? identityOf(root.definition) },
    environment: without(environment, mine),
    former: environment,
    ...(root.offerings && { kept: root.offerings }),
    ...(root.requirements && { neededBefore: root.requirements }),
  });
  if (target.outcome === 'unsatisfied') return target;
  const comparison = new Comparison(target, mine, root, input);
  return comparison.reasons.length > 0 ? refuse(comparison.reasons) : comparison.plan();
}

/** An environment as if these were not in it; that their generations were used is known still. */
const without = (environment: EnvironmentView, hidden: ReadonlyMap<string, Installed>): EnvironmentView => {
  const left = (keys: string[]) => keys.filter((key) => !hidden.has(key));
  const seen = (all: Installed[]) => all.filter((one) => !hidden.has(resourceKey(one)));
  return {
    get: (key) => (hidden.has(key) ? undefined : environment.get(key)),
    has: (key) => !hidden.has(key) && environment.has(key),
    size: environment.size - hidden.size,
    generation: (key) => environment.generation(key),
    updates: (key) => environment.updates(key),
    madeFor: (instanceId) => seen(environment.madeFor(instanceId)),
    madeFrom: (definition) => seen(environment.madeFrom(definition)),
    wiresFrom: (key) => (hidden.has(key) ? [] : environment.wiresFrom(key)),
    usersOf: (key) => left(environment.usersOf(key)),
  };
};

/** What is to be (`target`, as a plan to make it all) beside what is there. */
class Comparison {
  readonly reasons: (Reason & Partial<Unsatisfied>)[] = [];
  /** What each step's resource is already, by the step's id. */
  readonly #there: ReadonlyMap<string, Installed>;
  readonly #wires: Wire[];
  readonly #same: Installed[] = [];
  readonly #steps: PlanStep[] = [];
  /** What is shared, was used, and is left to others. */
  readonly #left: Plan['reads'] = [];

  constructor(
    private readonly target: Plan,
    private readonly mine: ReadonlyMap<string, Installed>,
    private readonly root: Installed,
    private readonly input: ProvisionInput,
  ) {
    this.#there = matched(target, mine, resourceKey(root), this.environment, this.query.instanceId);
    this.#wires = target.wires.map((wire) => ({ ...wire, from: this.#keyOf(wire.from), to: this.#keyOf(wire.to) }));
    if (![...this.#there.values()].includes(root)) {
      const first = target.steps.find(({ name, shared }) => name === root.name && !shared);
      this.reasons.push(otherKind(root, this.#wanted, first?.kind));
      return;
    }
    for (const step of target.steps) this.#compare(step);
    this.#removeRest();
  }

  private get environment(): EnvironmentView {
    return this.input.environment;
  }

  private get query(): ResolveQuery {
    return this.input.query;
  }

  /** What is asked for, in words. */
  get #wanted(): string {
    return this.query.definition ?? identityOf(this.root.definition);
  }

  plan(): Plan {
    const { target, environment, query } = this;
    const ids = new Set(this.#steps.map(({ id }) => id));
    // What stays as it is is not waited for.
    const steps = this.#steps.map((step) => ({ ...step, after: step.after.filter((id) => ids.has(id)).toSorted() }));
    const used = target.alreadySatisfied.flatMap((one) => environment.get(resourceKey(one)) ?? []);
    const same = [...new Set([...this.#same, ...used])];
    return finishPlan({
      environment: query.environment,
      outcome: steps.length > 0 ? 'update' : 'satisfied',
      alreadySatisfied: same.map(installedRef),
      steps: inStepOrder(steps),
      wires: this.#wires,
      reads: [...same.map((one) => readOf(one, environment)), ...steps.map((step) => this.#readOf(step)), ...this.#left],
      writes: steps.map(({ id }) => id),
      unsatisfied: [],
    });
  }

  #keyOf(id: string): string {
    const there = this.#there.get(id);
    return there ? resourceKey(there) : id;
  }

  #readOf({ id, action }: PlanStep): Plan['reads'][number] {
    const { environment } = this;
    if (action === 'ensure') return { key: id, generation: null };
    return { ...readOf(environment.get(id)!, environment), users: environment.usersOf(id) };
  }

  #compare(step: PlanStep): void {
    const after = step.after.map((id) => this.#keyOf(id));
    const there = this.#there.get(step.id);
    if (!there) {
      const taken = this.mine.get(step.id);
      if (taken) this.reasons.push(standsOtherwise(taken));
      else this.#steps.push({ ...step, after });
      return;
    }
    const id = resourceKey(there);
    const { definition, spec, offerings, driver, generation, location } = there;
    const before: Former = {
      definition,
      spec,
      ...(offerings && { offerings }),
      wires: [...this.environment.wiresFrom(id)],
    };
    const wires = this.#wires.filter(({ from }) => from === id);
    const differences = [...differencesOf(before, { ...step, wires }), ...this.#givenOtherwise(wires)];
    if (there.uncertain) differences.push({ field: 'state', from: 'uncertain', to: 'as asked for' });
    if (differences.length === 0) {
      this.#same.push(there);
      return;
    }
    const { name } = there;
    const changed: PlanStep = { ...step, id, name, action: 'update', generation, location, driver, after, inverse: 'update' };
    // Which of several drivers made it is its own matter, unless its definition names one.
    const named = this.input.catalogue.get(step.definition)?.written.driver;
    if (named !== undefined && named !== driver) this.reasons.push(otherDriver({ ...changed, driver: named }, driver));
    else this.#steps.push({ ...changed, changes: this.#changes(changed, differences), before });
    const { environment } = this;
    const users = environment.usersOf(id).filter((user) => !this.mine.has(user));
    this.reasons.push(...usersWithout({ there, step, users, environment, catalogue: this.input.catalogue }));
  }

  /** What it uses gives it other secrets from now on. What is used was compared before who uses it. */
  #givenOtherwise(wires: readonly Wire[]): Difference[] {
    return wires.flatMap(({ requirement, to }) => {
      const step = this.#steps.find(({ id, before }) => id === to && before);
      const [from, now] = [step?.before, step].map((one) => (one ? secretsOf(one).join(', ') : ''));
      if (from === now) return [];
      return [{ field: `requirements.${requirement}.secrets`, ...(from && { from }), ...(now && { to: now }) }];
    });
  }

  /** How each difference is brought about. What the driver cannot change is a reason against it all. */
  #changes(step: PlanStep, differences: readonly Difference[]): Change[] {
    const driver = this.#announced(step.kind, step.location)?.find(({ name }) => name === step.driver);
    const can = driver?.changes;
    // Of whom nothing was heard nothing is known: it says itself what it cannot.
    const howOf = ({ of }: Difference) => (!driver || (can && of === undefined) ? 'in-place' : can && howChanged(can, of!));
    const cannot = differences.filter((one) => howOf(one) === undefined).map(({ field }) => field);
    if (cannot.length > 0) this.reasons.push(cannotChange(step, cannot, can && [...can.inPlace, ...can.replaces]));
    return differences.map(({ of, ...one }) => ({
      ...one,
      how: howOf({ ...one, ...(of !== undefined && { of }) }) ?? 'in-place',
    }));
  }

  /** Of an instance whose driver has no data to read out. Of whom nothing was heard nothing is known. */
  #holdsNothing({ kind, location, driver }: Installed): boolean {
    const known = this.#announced(kind, location)?.find(({ name }) => name === driver);
    return kind === 'instance' && known !== undefined && !known.verbs.includes('portable');
  }

  #announced(kind: ResourceKind, location: string): readonly AnnouncedDriver[] | undefined {
    return location === this.query.place.location ? this.query.announced?.[kind] : undefined;
  }

  /** What was made for the instance and is not needed any more, and what would be left without anybody who uses it. */
  #removeRest(): void {
    const kept = new Set([...this.#there.values()].map(resourceKey));
    const rest = [...this.mine].filter(([key]) => !kept.has(key));
    const before = this.#steps.map(({ id }) => id);
    for (const [key, one] of rest) {
      if (this.#holdsNothing(one)) this.#steps.push(removalOf(one, [...new Set([...before, ...this.environment.usersOf(key)])]));
      else this.reasons.push(noLongerNeeded(one, this.#wanted));
    }
    const gone = new Set(rest.map(([key]) => key));
    const uses = new Set(this.#wires.map(({ to }) => to));
    for (const key of new Set([...this.mine.keys()].flatMap((from) => this.environment.wiresFrom(from).map(({ to }) => to)))) {
      if (this.mine.has(key) || uses.has(key)) continue;
      const one = this.environment.get(key)!;
      const users = this.environment.usersOf(key);
      const goes = (user: string) => this.mine.has(user) || gone.has(user);
      if (users.every(goes)) this.reasons.push(noLongerNeeded(one, this.#wanted));
      else if (one.instanceId === undefined) this.#left.push(leftRead(one, this.environment, goes));
    }
  }
}

/**
 * What each step's resource is already: of the same kind and role, whatever either is called; else of the same name. What stands
 * in two places at once counts in the first.
 */
function matched(
  target: Plan,
  mine: ReadonlyMap<string, Installed>,
  root: string,
  environment: EnvironmentView,
  instanceId: string,
): Map<string, Installed> {
  const first = target.steps.find(({ name, shared }) => name === instanceId && !shared);
  const roles = first ? rolesFrom(first.id, (key) => target.wires.filter(({ from }) => from === key)) : new Map<string, string>();
  const byRole = new Map([...rolesFrom(root, (key) => environment.wiresFrom(key))].map(([key, role]) => [role, mine.get(key)]));
  const there = new Map<string, Installed>();
  const left = new Set(mine.keys());
  const take = (step: PlanStep, one: Installed | undefined) => {
    if (there.has(step.id) || step.shared || one?.kind !== step.kind || !left.delete(resourceKey(one))) return;
    there.set(step.id, one);
  };
  for (const step of target.steps) take(step, byRole.get(roles.get(step.id) ?? '-'));
  for (const step of target.steps) take(step, mine.get(step.id));
  return there;
}
