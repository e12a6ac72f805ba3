import { Budget, LimitReached, type Limits, type Now } from './budget.js';
import { mayHaveItself, showsPackages } from './class-space.js';
import { classSpaceConflicts, closesCircle, inWireOrder } from './consistency.js';
import type { ResolutionEnvironment } from './environment.js';
import type { Fact } from './fact.js';
import type { Cause } from './cause.js';
import { explain, type Explanation } from './explain.js';
import { missingBesides } from './besides.js';
import { JOB_ID, jobThatNeeds, requirementOf, type Asked, type Order, type Problem } from './problem.js';
import { irreducible } from './irreducible.js';
import { factsOf } from './proof.js';
import { packageOf, type Offer, type Requirement, type Resource, type Wire } from './resource.js';
import type { SoFar } from './so-far.js';
import { search, type Found, type Selected } from './search.js';
import { byPreference, type Supply } from './supply.js';

export type ResolutionInput = Question & (Cost | { budget: Budget });

/** Limits of its own, and the clock for that of time. Where it is a part of something, the budget of that counts instead. */
interface Cost {
  limits?: Limits;
  now: Now;
}

interface Question {
  environment: ResolutionEnvironment;
  repository: Supply;
  /** What is needed, the most important first. */
  requirements: readonly Requirement[];
  /** Which of what could be installed comes first for a requirement; {@link byPreference} when left out. */
  order?: Order;
}

export type Resolution =
  | {
      outcome: 'satisfied' | 'install';
      /** What is installed, each after all that it waits for. */
      selected: Selected[];
      /** How everything new is wired, and what is wired anew. The job's own wires come from `''`. */
      wires: Wire[];
      /** What goes for a higher version of itself. */
      replaced: { old: Resource; by: Resource }[];
    }
  | {
      outcome: 'unsatisfied';
      explanation: Explanation;
      /** What is missing besides: each as it would be if what comes before it were there. */
      besides: Cause[];
    }
  /** Neither that there is a plan is known nor that there is none, but what was seen so far. */
  | { outcome: 'undecided'; limit: string; soFar: SoFar };

/**
 * From what is needed to what gets installed and how it is wired, or to an explanation why that cannot be. Pure: the same input
 * gives the same answer, whatever order definitions come in; only the limit of time looks at a clock.
 *
 * Of all plans it takes one with the fewest upgrades; for each requirement, in their order, what is installed before what is not, then
 * by {@link byPreference}; and of that nothing can be left out. Optional requirements are looked at when all mandatory ones hold.
 */
export function resolveRequirements(input: ResolutionInput): Resolution {
  const budget = 'budget' in input ? input.budget.part() : new Budget(input.limits ?? {}, input.now);
  try {
    return resolveWithin(input, budget);
  } catch (error) {
    if (error instanceof LimitReached) return { outcome: 'undecided', limit: error.message, soFar: error.soFar ?? nothing('') };
    throw error;
  }
}

function resolveWithin(input: Question, budget: Budget): Resolution {
  const { environment, repository, order } = input;
  const asked = input.requirements.filter(({ optional }) => !optional).map((requirement) => ({ requirement }));
  const { problem, found } = withFewestUpgrades({ environment, repository, asked, upgrades: 0, ...(order && { order }) }, budget);
  if (!found.solved) {
    const explanation = explain(found.grounds, problem, budget);
    return { outcome: 'unsatisfied', explanation, besides: missingBesides(explanation.causes, problem, budget) };
  }
  const solution = completed(input, found, problem, budget);
  return { outcome: solution.selected.length > 0 ? 'install' : 'satisfied', ...solution };
}

const nothing = (text: string): SoFar => ({ tries: 0, impossible: [], obstacles: [], text });

/** Without what could be left out, and with what it can have besides. */
function completed(input: Question, found: Solution, problem: Problem, budget: Budget): Solution {
  try {
    const least = irreducible(found, problem, budget);
    return mayHaveMore(input, least) ? new Additions(input, least, budget).make() : inOrderOf(least);
  } catch (error) {
    if (error instanceof LimitReached)
      error.soFar = nothing('What is needed can be had; it was not seen in time what could be left out of it.');
    throw error;
  }
}

/** Allows one upgrade more as long as the reason of a failure is that there may be no more. */
function withFewestUpgrades(problem: Problem, budget: Budget): { problem: Problem; found: Found } {
  for (let { upgrades } = problem; ; upgrades++) {
    const allowing = { ...problem, upgrades };
    const found = search(allowing, budget);
    const isForWantOfMore =
      !found.solved &&
      factsOf(found.grounds).some(({ origin }) => {
        const { fact } = origin as { fact: Fact };
        if (fact.kind === 'fewest-upgrades') return true;
        return upgrades === 0 && fact.kind === 'installed' && problem.environment.mayBeUpgraded(fact.node.resource.id);
      });
    if (!isForWantOfMore) return { problem: allowing, found };
  }
}

/** Steps that the search for one optional requirement may take. */
const STEPS_FOR_OPTIONAL = 100_000;

type Solution = Extract<Found, { solved: true }>;
/** A requirement of something that a plan has. */
type Wanted = Required<Asked>;

const inOrderOf = (solution: Solution): Solution => ({
  ...solution,
  selected: inWireOrder(solution.selected, solution.wires)!,
});

/** Whether there is anything that a solution could have besides. */
function mayHaveMore({ requirements }: Question, { selected, replaced }: Solution): boolean {
  const isMore = ({ optional, multiple }: Requirement) => optional || multiple;
  return replaced.length > 0 || requirements.some(isMore) || selected.some(({ resource }) => resource.requirements.some(isMore));
}

/** What a solution can have besides: optional requirements, and further wires of those that take several. */
class Additions {
  readonly #after: ResolutionEnvironment;
  readonly #pending: Wanted[] = [];
  readonly #several: Wanted[] = [];
  /** Keys of all that is selected. */
  readonly #keys = new Set<string>();

  constructor(
    private readonly input: Question,
    private readonly solution: Solution,
    private readonly budget: Budget,
  ) {
    const gone = solution.replaced.map(({ old }) => old.id);
    const job = jobThatNeeds(input.requirements);
    this.#after = input.environment.with({ resources: [job], wires: solution.wires }, gone);
    for (const requirement of input.requirements) this.#note({ by: job, requirement, within: [] });
    this.#install(solution.selected);
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

  make(): Solution {
    for (let next = 0; next < this.#pending.length;) {
      const asked = this.#pending.slice(next).filter((one) => this.#isOffered(one));
      next = this.#pending.length;
      if (!this.#addAll(asked)) for (const one of asked) this.#addOptional(one);
    }
    for (const one of this.#several) this.#addFurther(one);
    return inOrderOf(this.solution);
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
    return [this.input.repository, this.#after].some((one) => one.offers(requirement).length > 0);
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

  #take({ selected, wires }: Solution): void {
    this.solution.selected.push(...selected);
    this.solution.wires.push(...wires);
    this.#after.add({ resources: [], wires });
    this.#install(selected);
  }

  #tryOptional(asked: readonly Wanted[], excluded?: ReadonlySet<Resource>): Solution | undefined {
    const { repository, order } = this.input;
    const problem: Problem = {
      environment: this.#after,
      repository,
      asked,
      upgrades: 0,
      ...(order && { order }),
      ...(excluded && { allows: (resource) => !excluded.has(resource) }),
    };
    const budget = this.budget.part(STEPS_FOR_OPTIONAL);
    try {
      const found = search(problem, budget);
      return found.solved ? irreducible(found, problem, budget) : undefined;
    } catch (error) {
      if (error instanceof LimitReached && error.message === 'steps' && !this.budget.isSpent) return undefined;
      throw error;
    }
  }

  /** Whether everything can still be installed in some order, and no package comes from two places. */
  #holdsWith({ selected, wires }: Pick<Solution, 'selected' | 'wires'>): boolean {
    const then = this.#after.with({ resources: selected.map(({ key, resource }) => ({ ...resource, id: key })), wires });
    const isNew = (id: string) => this.#keys.has(id) || this.#after.get(id) === undefined;
    if (wires.some((wire) => closesCircle(wire, then, isNew))) return false;
    if (!wires.some((wire) => this.#concernsClasses(wire, selected))) return true;
    const touched = new Set([...wires.map(({ from }) => from), ...selected.map(({ key }) => key)]);
    // What is added on the way is visited too: who is wired to something sees where that has its packages from.
    for (const id of touched) {
      const provider = then.get(id)!;
      for (const { from, capability } of then.wiresTo(id)) if (showsPackages(provider, capability)) touched.add(from);
    }
    touched.delete(JOB_ID);
    return [...touched].every((id) => classSpaceConflicts(then.get(id)!, then).length === 0);
  }

  #concernsClasses({ from, to, capability: at }: Wire, selected: readonly Selected[]): boolean {
    const resourceOf = (id: string) => this.#after.get(id) ?? selected.find(({ key }) => key === id)!.resource;
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
    const wiredTo = (wire: Wire) => wire.from === from && wire.requirement === requirement.name;
    if (requirement.optional && !this.solution.wires.some(wiredTo)) return;
    const offers = this.#after.offers(requirement).filter(({ resource }) => resource.shared && resource.id !== from);
    for (const { resource, at, capability } of offers.toSorted(byPreference)) {
      if (this.solution.wires.some((wire) => wiredTo(wire) && wire.to === resource.id && wire.capability === at)) continue;
      const wire: Wire = { from, requirement: requirement.name, to: resource.id, capability: at };
      if (this.#isTakenUp({ resource, at, capability }, requirement) || !this.#holdsWith({ selected: [], wires: [wire] }))
        continue;
      this.solution.wires.push(wire);
      this.#after.add({ resources: [], wires: [wire] });
    }
  }

  #isTakenUp({ resource, at, capability }: Offer, { amount }: Requirement): boolean {
    if (capability.capacity === undefined) return false;
    const users = this.#after.wiresTo(resource.id).filter((wire) => wire.capability === at);
    const requirementsOf = ({ from }: Wire) => this.#after.get(from)?.requirements ?? [];
    const taken = users.map((wire) => requirementsOf(wire).find(({ name }) => name === wire.requirement)?.amount ?? 0);
    return taken.reduce((sum, one) => sum + one, amount) > capability.capacity;
  }
}
