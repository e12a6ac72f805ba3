import { LimitReached, type Budget } from './budget.js';
import { mayHaveItself, showsPackages } from './class-space.js';
import { classSpaceConflicts, closesCircle, inWireOrder } from './consistency.js';
import type { ResolutionEnvironment } from './environment.js';
import { irreducible } from './irreducible.js';
import { JOB_ID, jobThatNeeds, requirementOf, type Asked, type Problem, type Question } from './problem.js';
import { packageOf, type Offer, type Requirement, type Resource, type Wire } from './resource.js';
import { search, type Selected, type Solved } from './search.js';
import { byPreference } from './supply.js';

/** Steps that the search for one optional requirement may take. */
const STEPS_FOR_OPTIONAL = 100_000;

/** A requirement of something that a plan has. */
type Wanted = Required<Asked>;

/**
 * A solution of what is mandatory with what it can have besides: optional requirements, and further wires of those that take
 * several. Throws {@link LimitReached} where the budget does not suffice for that.
 */
export const withAdditions = (question: Question, least: Solved, budget: Budget): Solved =>
  inOrder(mayHaveMore(question, least) ? new Additions(question, least, budget).make() : least);

const inOrder = (solution: Solved): Solved => ({ ...solution, selected: inWireOrder(solution.selected, solution.wires)! });

/** Whether there is anything that a solution could have besides. */
function mayHaveMore({ requirements }: Question, { selected, replaced }: Solved): boolean {
  const isMore = ({ optional, multiple }: Requirement) => optional || multiple;
  return replaced.length > 0 || requirements.some(isMore) || selected.some(({ resource }) => resource.requirements.some(isMore));
}

class Additions {
  readonly #after: ResolutionEnvironment;
  readonly #added: Pick<Solved, 'selected' | 'wires'> = { selected: [], wires: [] };
  readonly #pending: Wanted[] = [];
  readonly #several: Wanted[] = [];
  /** Keys of all that is selected. */
  readonly #keys = new Set<string>();

  constructor(
    private readonly input: Question,
    private readonly least: Solved,
    private readonly budget: Budget,
  ) {
    const gone = least.replaced.map(({ old }) => old.id);
    const job = jobThatNeeds(input.requirements);
    this.#after = input.environment.withSelectionOf(input.repository, gone);
    this.#after.add({ resources: [job], wires: least.wires });
    for (const requirement of input.requirements) this.#note({ by: job, requirement, within: [] });
    this.#install(least.selected);
    for (const id of gone) this.#noteLost(input.environment.wiresTo(id));
  }

  /** What is installed may have lost an optional provider, and may find another one. */
  #noteLost(wires: readonly Wire[]): void {
    for (const wire of wires) {
      const by = this.#after.get(wire.from);
      const requirement = requirementOf(by, wire);
      if (by && requirement?.optional) this.#pending.push({ by, requirement, within: [] });
    }
  }

  make(): Solved {
    this.#addWhatIsOptional();
    const best = this.#withoutNeedless() ?? this;
    for (const one of best.#several) best.#addFurther(one);
    return best.#whole();
  }

  #addWhatIsOptional(): void {
    for (let next = 0; next < this.#pending.length;) {
      const asked = this.#pending.slice(next).filter((one) => this.#isOffered(one));
      next = this.#pending.length;
      if (!this.#addAll(asked)) for (const one of asked) this.#addOptional(one);
    }
  }

  /** What a later one brought may stand in for what an earlier one did. */
  #withoutNeedless(): Additions | undefined {
    if (this.#areAllNeeded()) return undefined;
    const all = this.#whole();
    const { environment, repository, requirements, order } = this.input;
    const parts = new Set(all.selected.map(({ resource }) => resource));
    const wired = new Set(this.#added.wires.map((wire) => requirementOf(this.#after.get(wire.from), wire)!));
    const needs = (one: Requirement) => !one.optional || wired.has(one);
    const problem: Problem = {
      environment,
      repository,
      asked: requirements.filter(needs).map((requirement) => ({ requirement })),
      upgrades: all.replaced.length,
      needs: (_resource, one) => needs(one),
      allows: (resource) => parts.has(resource) || environment.get(resource.id) === resource,
      ...(order && { order }),
    };
    const keeps = new Set(this.least.selected.map(({ resource }) => resource));
    const holds = (smaller: Solved) => this.#isAsBefore(smaller);
    const found = this.#withinSteps((budget) => irreducible(all, problem, budget, { keeps, holds }));
    if (!found || found === all) return undefined;
    const fewer = new Additions(this.input, this.least, this.budget);
    const keys = new Set(this.least.selected.map(({ key }) => key));
    const answered = new Set(this.least.wires.map(answers));
    fewer.#take({
      selected: found.selected.filter(({ key }) => !keys.has(key)),
      wires: found.wires.filter((wire) => !answered.has(answers(wire))),
    });
    return fewer;
  }

  /** Whether each of what was added is the only one that would do for what stays in any case: told by looking, without trying. */
  #areAllNeeded(): boolean {
    const { selected, wires } = this.#added;
    const open = new Set(selected.map(({ key }) => key));
    for (const wire of wires) {
      if (open.has(wire.from) || !open.has(wire.to)) continue;
      const asked = requirementOf(this.#after.get(wire.from), wire)!;
      if (this.#after.offers(asked).every(({ resource }) => resource.id === wire.to)) open.delete(wire.to);
    }
    return open.size === 0;
  }

  /** Whether what is mandatory is wired as it was, and of the rest what was wired still is. */
  #isAsBefore({ selected, wires }: Solved): boolean {
    const keys = new Set(selected.map(({ key }) => key));
    const found = new Map(wires.map((wire) => [answers(wire), wire]));
    const isSame = (wire: Wire) => {
      const { to, capability } = found.get(answers(wire)) ?? {};
      return to === wire.to && capability === wire.capability;
    };
    const isGone = ({ from }: Wire) => this.#keys.has(from) && !keys.has(from);
    return this.least.wires.every(isSame) && this.#added.wires.every((wire) => isGone(wire) || found.has(answers(wire)));
  }

  #whole(): Solved {
    const { selected, wires } = this.#added;
    return { ...this.least, selected: [...this.least.selected, ...selected], wires: [...this.least.wires, ...wires] };
  }

  #note(wanted: Wanted): void {
    if (wanted.requirement.optional) this.#pending.push(wanted);
    if (wanted.requirement.multiple) this.#several.push(wanted);
  }

  /** Looks at what is selected as installed from here on. */
  #install(selected: readonly Selected[]): void {
    for (const { key, resource, within } of selected) {
      this.#keys.add(key);
      const isCopy = key !== resource.id;
      const by = isCopy ? { ...resource, id: key } : resource;
      this.#after.add({ resources: [by] });
      for (const requirement of resource.requirements)
        this.#note({ by, requirement, within: isCopy ? [...within, resource.id] : [] });
    }
  }

  #isOffered({ requirement }: Wanted): boolean {
    return this.input.repository.offers(requirement).length > 0 || this.#after.offers(requirement).length > 0;
  }

  /** Takes all of these, where all of them can be had as they are found first. */
  #addAll(asked: readonly Wanted[]): boolean {
    const found = asked.length > 1 ? this.#tryOptional(asked) : undefined;
    if (!found || !this.#holdsWith(found)) return false;
    this.#take(found);
    return true;
  }

  #addOptional(asked: Wanted): void {
    const excluded = new Set<Resource>();
    for (;;) {
      const found = this.#tryOptional([asked], excluded);
      if (!found) return;
      if (this.#holdsWith(found)) return this.#take(found);
      const [{ to }] = found.wires as [Wire];
      excluded.add(this.#after.get(to) ?? found.selected.find(({ key }) => key === to)!.resource);
    }
  }

  #take({ selected, wires }: Pick<Solved, 'selected' | 'wires'>): void {
    this.#added.selected.push(...selected);
    this.#added.wires.push(...wires);
    this.#after.add({ resources: [], wires });
    this.#install(selected);
  }

  #tryOptional(asked: readonly Wanted[], excluded?: ReadonlySet<Resource>): Solved | undefined {
    const { repository, order } = this.input;
    const problem: Problem = {
      environment: this.#after,
      repository,
      asked,
      upgrades: 0,
      ...(order && { order }),
      ...(excluded && { allows: (resource) => !excluded.has(resource) }),
    };
    return this.#withinSteps((budget) => {
      const found = search(problem, budget);
      return found.solved ? irreducible(found, problem, budget) : undefined;
    });
  }

  #withinSteps<T>(work: (budget: Budget) => T): T | undefined {
    try {
      return work(this.budget.part(STEPS_FOR_OPTIONAL));
    } catch (error) {
      if (error instanceof LimitReached && error.message === 'steps' && !this.budget.isSpent) return undefined;
      throw error;
    }
  }

  /** Whether everything can still be installed in some order, and no package comes from two places. */
  #holdsWith({ selected, wires }: Pick<Solved, 'selected' | 'wires'>): boolean {
    const more = new Map(selected.map(({ key, resource }) => [key, resource]));
    // Among themselves they go in no circle: only through something that was selected before could they.
    const mayCloseCircle = wires.some(({ from, to }) => this.#keys.has(to) && (more.has(from) || this.#keys.has(from)));
    const concernClasses = wires.some((wire) => this.#concernsClasses(wire, more));
    if (!mayCloseCircle && !concernClasses) return true;
    const then = this.#after.with({ resources: selected.map(({ key, resource }) => ({ ...resource, id: key })), wires });
    const isNew = (id: string) => this.#keys.has(id) || more.has(id);
    if (wires.some((wire) => closesCircle(wire, then, isNew))) return false;
    if (!concernClasses) return true;
    const touched = new Set([...wires.map(({ from }) => from), ...selected.map(({ key }) => key)]);
    // What is added on the way is visited too: who is wired to something sees where that has its packages from.
    for (const id of touched) {
      const provider = then.get(id)!;
      for (const { from, capability } of then.wiresTo(id)) if (showsPackages(provider, capability)) touched.add(from);
    }
    touched.delete(JOB_ID);
    return [...touched].every((id) => classSpaceConflicts(then.get(id)!, then).length === 0);
  }

  #concernsClasses({ from, to, capability: at }: Wire, more: ReadonlyMap<string, Resource>): boolean {
    const resourceOf = (id: string) => more.get(id) ?? this.#after.get(id)!;
    const provider = resourceOf(to);
    if (showsPackages(provider, at)) return true;
    const name = packageOf(provider.capabilities[at]!);
    if (name === undefined) return false;
    const isUsed = this.input.repository.isUsed(name) || this.#after.isUsed(name) || this.input.environment.isUsed(name);
    return isUsed || mayHaveItself(resourceOf(from), name);
  }

  /** Wires a requirement to whatever else there is that satisfies it; nothing is installed for that. */
  #addFurther({ by, requirement }: Wanted): void {
    const from = by.id;
    if (requirement.optional && !this.#isWired(from, requirement)) return;
    const offers = this.#after.offers(requirement).filter(({ resource }) => resource.shared && resource.id !== from);
    for (const { resource, at, capability } of offers.toSorted(byPreference)) {
      const wire: Wire = { from, requirement: requirement.name, to: resource.id, capability: at };
      if (this.#wiresOf(from, requirement).some((one) => one.to === wire.to && one.capability === at)) continue;
      if (this.#isTakenUp({ resource, at, capability }, requirement) || !this.#holdsWith({ selected: [], wires: [wire] }))
        continue;
      this.#take({ selected: [], wires: [wire] });
    }
  }

  #wiresOf(from: string, { name }: Requirement): Wire[] {
    return this.#after.wiresFrom(from).filter(({ requirement }) => requirement === name);
  }

  #isWired(from: string, requirement: Requirement): boolean {
    return this.#wiresOf(from, requirement).length > 0;
  }

  #isTakenUp({ resource, at, capability }: Offer, { amount }: Requirement): boolean {
    if (capability.capacity === undefined) return false;
    const users = this.#after.wiresTo(resource.id).filter((wire) => wire.capability === at);
    const requirementsOf = ({ from }: Wire) => this.#after.get(from)?.requirements ?? [];
    const taken = users.map((wire) => requirementsOf(wire).find(({ name }) => name === wire.requirement)?.amount ?? 0);
    return taken.reduce((sum, one) => sum + one, amount) > capability.capacity;
  }
}

/** Which requirement of what a wire answers. */
const answers = ({ from, requirement }: Wire): string => `${from}\n${requirement}`;
