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
import { affectedBy } from '../installed/affected.js';
import { differencesOf, type Difference } from './differences.js';
import type { Catalogue } from '../definition/catalogue.js';
import type { EnvironmentView } from '../installed/environment.js';
import { cannotChange, noLongerNeeded, otherDriver, standsOtherwise, type Reason } from '../explain.js';
import { inStepOrder } from '../plan/order.js';
import { leasesOf } from '../installed/leases.js';
import { finishPlan, installedRef, leftRead, readOf, removalOf, unsatisfied } from '../plan/plan.js';
import { turnsOf } from '../plan/turns.js';
import { secretsOf, usersWithout } from './users.js';

interface Compared {
  /** A plan to make all that is to be, as if nothing of it were there. */
  target: Plan;
  /** What is there and may be changed, by key. */
  mine: ReadonlyMap<string, Installed>;
  /** Of that, what each step's resource is already, by the step's id. */
  there: ReadonlyMap<string, Installed>;
  /** What it is to be, in words. */
  wanted: string;
  input: { query: ResolveQuery; environment: EnvironmentView; catalogue: Catalogue };
}

/** What is to be beside what is there: the plan that makes the one of the other, or the reasons why there is none. */
export function compared(what: Compared): Plan {
  const comparison = new Comparison(what);
  const reasons = comparison.reasons.map((reason): Unsatisfied => ({ chain: [], ...reason }));
  return reasons.length > 0 ? unsatisfied(what.input.query, reasons) : comparison.plan();
}

class Comparison {
  readonly reasons: (Reason & Partial<Unsatisfied>)[] = [];
  readonly #wires: Wire[];
  readonly #same: Installed[] = [];
  readonly #steps: PlanStep[] = [];
  /** What is shared, was used, and is left to others. */
  readonly #left: Plan['reads'] = [];

  constructor(private readonly what: Compared) {
    const { wires, steps } = what.target;
    this.#wires = wires.map((wire) => ({ ...wire, from: this.#keyOf(wire.from), to: this.#keyOf(wire.to) }));
    for (const step of steps) this.#compare(step);
    this.#removeRest();
  }

  private get environment(): EnvironmentView {
    return this.what.input.environment;
  }

  plan(): Plan {
    const { environment } = this;
    const { target, input } = this.what;
    const ids = new Set(this.#steps.map(({ id }) => id));
    // What stays as it is is not waited for.
    const steps = this.#steps.map((step) => ({ ...step, after: step.after.filter((id) => ids.has(id)).toSorted() }));
    const used = target.alreadySatisfied.flatMap((one) => environment.get(resourceKey(one)) ?? []);
    const same = [...new Set([...this.#same, ...used])];
    const leases = leasesOf({ steps, wires: this.#wires }, environment);
    return finishPlan({
      leases,
      ...turnsOf({ steps, wires: this.#wires, leases, environment, catalogue: input.catalogue }),
      environment: target.environment,
      outcome: steps.length === 0 ? 'satisfied' : input.query.job === 'update' ? 'update' : 'install',
      alreadySatisfied: same.map(installedRef),
      steps: inStepOrder(steps),
      wires: this.#wires,
      reads: [
        ...same.map((one) => readOf(one, environment)),
        ...steps.map((step) => this.#readOf(step)),
        ...this.#leftOf(target),
      ],
      writes: steps.map(({ id }) => id),
      ...affectedBy(steps, environment),
      unsatisfied: [],
    });
  }

  /** What is shared and left to others, by this and by what is upgraded for it. */
  #leftOf({ reads }: Plan): Plan['reads'] {
    return [...this.#left, ...reads.filter(({ leaving }) => leaving)];
  }

  #keyOf(id: string): string {
    const there = this.what.there.get(id);
    return there ? resourceKey(there) : id;
  }

  #readOf({ id, action }: PlanStep): Plan['reads'][number] {
    const { environment } = this;
    if (action === 'ensure') return { key: id, generation: null };
    return { ...readOf(environment.get(id)!, environment), users: environment.usersOf(id) };
  }

  #compare(step: PlanStep): void {
    const after = step.after.map((id) => this.#keyOf(id));
    const { mine, input } = this.what;
    const there = this.what.there.get(step.id);
    if (!there) {
      const taken = mine.get(step.id);
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
    const named = input.catalogue.get(step.definition)?.written.driver;
    if (named !== undefined && named !== driver) this.reasons.push(otherDriver({ ...changed, driver: named }, driver));
    else this.#steps.push({ ...changed, changes: this.#changes(changed, differences), before });
    const { environment } = this;
    const users = environment.usersOf(id).filter((user) => !mine.has(user));
    this.reasons.push(...usersWithout({ there, step, users, environment, catalogue: input.catalogue }));
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
    const { place, announced } = this.what.input.query;
    return location === place.location ? announced?.[kind] : undefined;
  }

  /** What was made for the instance and is not needed any more, and what would be left without anybody who uses it. */
  #removeRest(): void {
    const { there, mine, wanted } = this.what;
    const kept = new Set([...there.values()].map(resourceKey));
    const rest = [...mine].filter(([key]) => !kept.has(key));
    const before = this.#steps.map(({ id }) => id);
    for (const [key, one] of rest) {
      if (this.#holdsNothing(one)) this.#steps.push(removalOf(one, [...new Set([...before, ...this.environment.usersOf(key)])]));
      else this.reasons.push(noLongerNeeded(one, wanted));
    }
    const gone = new Set(rest.map(([key]) => key));
    const uses = new Set(this.#wires.map(({ to }) => to));
    for (const key of new Set([...mine.keys()].flatMap((from) => this.environment.wiresFrom(from).map(({ to }) => to)))) {
      if (mine.has(key) || uses.has(key)) continue;
      const one = this.environment.get(key)!;
      const users = this.environment.usersOf(key);
      const goes = (user: string) => mine.has(user) || gone.has(user);
      if (users.every(goes)) this.reasons.push(noLongerNeeded(one, wanted));
      else if (one.instanceId === undefined) this.#left.push(leftRead(one, this.environment, goes));
    }
  }
}
