import { LimitReached, type Budget } from './budget.js';
import type { Demand, Fact, Node, Option } from './fact.js';
import { comesBefore, inOrderOfInstallation, leadingOn, unfounded } from './founded.js';
import { Ground } from './ground.js';
import { ITSELF, type Problem } from './problem.js';
import { PartialSolution, type Clause } from './partial-solution.js';
import type { Resource, Wire } from './resource.js';
import { Tries } from './so-far.js';
import { isNegative, not, variableOf, type Term } from './term.js';

/** One thing that a plan installs. */
export interface Selected {
  /** The resource's id; where copies must be told apart, with the way to it. */
  key: string;
  resource: Resource;
  /** Of a copy that is told apart: ids of the resources within whose copies it stands, outermost first. */
  within: readonly string[];
}

/** What satisfies all that was asked. */
export interface Solved {
  solved: true;
  selected: Selected[];
  wires: Wire[];
  replaced: { old: Resource; by: Resource }[];
  /** Something is wired to a capability of which there is only so much. */
  takesOfLimited: boolean;
}

/** That, or the clauses that cannot all hold. */
export type Found = Solved | { solved: false; grounds: Clause<Fact>[] };

/**
 * Finds a solution if there is one. Throws {@link LimitReached} when the budget does not suffice.
 *
 * First as if there were of everything without end: then copies can be alike, and where that fails the rest need not be looked at. What
 * such a solution takes of no limited capability is one.
 */
export function search(problem: Problem, budget: Budget): Found {
  const found = new Search({ ...problem, isLimited: false }, budget).run();
  return found.solved && found.takesOfLimited ? new Search(problem, budget).run() : found;
}

/**
 * Demands are looked at in the order in which they are met, breadth first, each with its options from the best one on. So the first
 * solution has for each demand the best option that any solution has, given those of the demands before it.
 */
class Search {
  readonly #solution = new PartialSolution<Fact>();
  readonly #ground: Ground;
  readonly #tries = new Tries();
  #pending: Clause<Fact>[] = [];
  /** Demands in the order in which they are met; those before `#next` are satisfied. */
  readonly #line: Demand[];
  #next = 0;
  readonly #inLine: Set<Demand>;
  /** What stands behind the demands that are satisfied. */
  readonly #entered: Node[] = [];
  readonly #isEntered = new Set<Node>();
  /** How the line stood before each decision. */
  readonly #marks: { line: number; next: number; entered: number }[] = [];

  constructor(
    private readonly problem: Problem,
    private readonly budget: Budget,
  ) {
    this.#ground = new Ground(problem, this.#solution);
    this.#line = [...this.#ground.asked];
    this.#inLine = new Set(this.#line);
  }

  run(): Found {
    try {
      return this.#run();
    } catch (error) {
      if (error instanceof LimitReached) error.soFar ??= this.#tries.soFar(this.#impossible(), this.problem);
      throw error;
    }
  }

  /** What cannot be there, whatever is decided. */
  #impossible(): Node[] {
    const certain = this.#solution.trail.filter((term) => isNegative(term) && this.#solution.levelOf(term) === 0);
    return certain.map((term) => this.#ground.nodeOf(variableOf(term))).filter((node) => node !== undefined);
  }

  #run(): Found {
    for (;;) {
      this.budget.step();
      const conflict = this.#settle();
      if (conflict && this.#solution.level === 0) return { solved: false, grounds: this.#solution.groundsOf(conflict) };
      if (conflict) {
        this.#tries.note(conflict);
        this.#solution.learn(conflict);
      }
      this.#restore();
      if (conflict || this.#decide()) continue;
      const found = this.#finish();
      if (found) return found;
    }
  }

  /** Derives all that follows, asking for what follows from that in turn. */
  #settle(): Clause<Fact> | undefined {
    for (;;) {
      const conflict = this.#solution.propagate();
      if (conflict) return conflict;
      const term = this.#solution.takeNext();
      if (term !== undefined) {
        this.budget.step();
        this.#ground.reach(term);
        const late = this.#ground.overCapacity(term) ?? this.#overUpgrades(term);
        if (late) this.#pending.push(late);
      }
      for (const clause of this.#ground.takeClauses()) this.#pending.push(clause);
      if (term === undefined && this.#pending.length === 0) return undefined;
      const broken = this.#addPending();
      if (broken) return broken;
    }
  }

  #addPending(): Clause<Fact> | undefined {
    const pending = this.#pending;
    for (const [at, clause] of pending.entries()) {
      const broken = this.#solution.add(clause);
      if (!broken) continue;
      this.#pending = pending.slice(at + 1);
      return broken;
    }
    this.#pending = [];
    return undefined;
  }

  #overUpgrades(term: Term): Clause<Fact> | undefined {
    if (!isNegative(term) || !this.#ground.nodeOf(variableOf(term))?.installed) return undefined;
    const gone = this.#solution.trail.filter((one) => isNegative(one) && this.#ground.nodeOf(variableOf(one))?.installed);
    if (gone.length <= this.problem.upgrades) return undefined;
    return { terms: gone.map(not), origin: { fact: { kind: 'fewest-upgrades' } } };
  }

  /** Goes on along the line and decides on the first demand that is not satisfied; false when all are. */
  #decide(): boolean {
    do {
      for (; this.#next < this.#line.length; this.#next++) {
        const { options } = this.#line[this.#next]!;
        const held = options.find((option) => this.#holds(option));
        if (!held) {
          this.#assume(this.#best(options));
          return true;
        }
        this.#enter(held.node);
      }
      const open = this.#ground.installed.find(({ term }) => this.#solution.value(term) === 0);
      if (open) {
        this.#assume(open.term);
        return true;
      }
    } while (this.#lineUp());
    return false;
  }

  /** Of what is open, what is there anyway comes before what would be more. */
  #best(options: readonly Option[]): Term {
    let best: Option | undefined;
    for (const option of options) {
      if (this.#solution.value(option.term) !== 0) continue;
      if (option.term === option.node.term || this.#solution.value(option.node.term) > 0) return option.term;
      best ??= option;
    }
    return best!.term;
  }

  #assume(term: Term): void {
    this.#marks.push({ line: this.#line.length, next: this.#next, entered: this.#entered.length });
    this.#solution.decide(term);
  }

  #enter(node: Node): void {
    if (node.installed || this.#isEntered.has(node)) return;
    this.#isEntered.add(node);
    this.#entered.push(node);
    for (const demand of node.demands!) this.#append(demand);
  }

  #append(demand: Demand): boolean {
    if (this.#inLine.has(demand)) return false;
    this.#inLine.add(demand);
    this.#line.push(demand);
    return true;
  }

  /** Lines up what must be satisfied because of what holds now; false when that is nothing new. */
  #lineUp(): boolean {
    const holding = this.#ground.conditional.filter(({ when }) => when.every((term) => this.#solution.value(term) > 0));
    return holding.map(({ demand }) => this.#append(demand)).includes(true);
  }

  /** Brings the line back to where it stood when the search went back. */
  #restore(): void {
    const { level } = this.#solution;
    if (this.#marks.length <= level) return;
    const mark = this.#marks[level]!;
    this.#marks.length = level;
    for (const demand of this.#line.splice(mark.line)) this.#inLine.delete(demand);
    for (const node of this.#entered.splice(mark.entered)) this.#isEntered.delete(node);
    this.#next = mark.next;
  }

  #holds = ({ term }: Option): boolean => this.#solution.value(term) > 0;

  /** The solution, where everything can be installed in some order; otherwise learns why not. */
  #finish(): Found | undefined {
    const order = inOrderOfInstallation(this.#isEntered, this.#holds);
    if (order.size === this.#entered.length) return this.#solutionIn(order);
    const stuck = [...this.#isEntered].filter((node) => !order.has(node));
    const possible = leadingOn(stuck, this.#mayHold);
    // What has not been looked at may show a way out, or that there is none.
    if (this.#ground.lookAround(possible)) return undefined;
    const likely = inOrderOfInstallation(possible, this.#mayHold);
    // Where no choice that is still open would do, all of these choices are ruled out at once.
    if (stuck.some((node) => !likely.has(node))) this.#exclude(unfounded(possible, likely, this.#mayHold));
    else this.#exclude(unfounded(this.#isEntered, order, this.#holds));
    return undefined;
  }

  #mayHold = ({ term }: Option): boolean => this.#solution.value(term) >= 0;

  /** None of a circle is there without something from outside of it. */
  #exclude({ circle, others }: ReturnType<typeof unfounded>): void {
    const out = [...new Set(others.map(({ term }) => term))];
    for (const { node, requirement } of circle) {
      if (this.#solution.value(node.term) <= 0) continue;
      const cycle = [...circle.slice(circle.findIndex((one) => one.node === node)), ...circle].slice(0, circle.length);
      this.#pending.push({ terms: [not(node.term), ...out], origin: { fact: { kind: 'circular', circle: cycle } } });
      this.#ground.conditional.push({ when: [node.term], demand: { node, requirement, options: others } });
      return;
    }
  }

  #solutionIn(order: ReadonlyMap<Node, number>): Found {
    const wires: Wire[] = [];
    const selected = new Set<Node>();
    let takesOfLimited = false;
    const follow = (demand: Demand) => {
      const option = demand.options.find((one) => this.#holds(one) && comesBefore(demand, one, order))!;
      const { node, requirement } = demand;
      takesOfLimited ||= option.offer.capability.capacity !== undefined;
      if (requirement !== ITSELF)
        wires.push({ from: node.key, requirement: requirement.name, to: option.node.key, capability: option.offer.at });
      if (!option.node.installed) selected.add(option.node);
    };
    for (const demand of this.#ground.asked) follow(demand);
    const replaced: { old: Resource; by: Resource }[] = [];
    for (const { when, demand } of this.#ground.conditional) {
      if (!demand.node.installed || !when.every((term) => this.#solution.value(term) > 0)) continue;
      follow(demand);
      if (demand.requirement === ITSELF) {
        const by = demand.options.find(this.#holds)!;
        replaced.push({ old: demand.node.resource, by: by.node.resource });
      }
    }
    for (const { demands } of selected) for (const demand of demands!) follow(demand);
    const nodes = [...selected].toSorted((a, b) => order.get(a)! - order.get(b)!);
    const selection = nodes.map(({ key, resource, within }) => ({ key, resource, within }));
    return { solved: true, selected: selection, wires, replaced, takesOfLimited };
  }
}
