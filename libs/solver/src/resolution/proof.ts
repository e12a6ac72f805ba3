import type { Budget } from './budget.js';
import { PartialSolution, type Clause } from './partial-solution.js';
import { holds, not, variableOf, type Term, type Variable } from './term.js';

/** One thing that follows: `term` because of `clause`; without a term the clause cannot hold. */
export interface Step<Fact> {
  clause: Clause<Fact>;
  term?: Term;
}

/** A few clauses with a solution of their own, whose variables are counted anew. */
class Few<Fact> {
  readonly solution = new PartialSolution<Fact>();
  readonly #own = new Map<Variable, Variable>();
  readonly #theirs: Variable[] = [];
  readonly #originals = new Map<Clause<Fact>, Clause<Fact>>();
  conflict: Clause<Fact> | undefined;

  constructor(clauses: Iterable<Clause<Fact>>) {
    for (const original of clauses) {
      const clause = { terms: original.terms.map((term) => this.own(term)), origin: original.origin };
      this.#originals.set(clause, original);
      this.conflict ??= this.solution.add(clause);
      if (this.conflict) return;
    }
    this.conflict = this.solution.propagate();
  }

  own(term: Term): Term {
    const theirs = variableOf(term);
    let variable = this.#own.get(theirs);
    if (variable === undefined) {
      variable = this.solution.newVariable();
      this.#own.set(theirs, variable);
      this.#theirs.push(theirs);
    }
    return holds(variable) + (term & 1);
  }

  theirs = (term: Term): Term => holds(this.#theirs[variableOf(term)]!) + (term & 1);

  /** The clause that was given; a learned one as it is, in its givers' terms. */
  original(clause: Clause<Fact>): Clause<Fact> {
    const known = this.#originals.get(clause);
    if (known) return known;
    const { origin } = clause;
    const learned: Clause<Fact> = {
      terms: clause.terms.map(this.theirs),
      origin: 'learnedFrom' in origin ? { learnedFrom: origin.learnedFrom.map((one) => this.original(one)) } : origin,
    };
    this.#originals.set(clause, learned);
    return learned;
  }
}

/** The clauses that show that not all of these can hold, learned ones among them; undefined when they can. */
export function refute<Fact>(clauses: readonly Clause<Fact>[], budget: Budget): Clause<Fact>[] | undefined {
  budget.step(clauses.length);
  const few = new Few(clauses);
  const { solution } = few;
  let next = 0;
  for (let { conflict } = few; ; conflict = solution.propagate()) {
    budget.step();
    if (conflict && solution.level === 0) return solution.groundsOf(conflict).map((clause) => few.original(clause));
    if (conflict) {
      few.original(solution.learn(conflict)); // Each by and by: no recursion as deep as all of them.
      next = 0;
      continue;
    }
    const count = solution.variables;
    while (next < count && solution.value(holds(next)) !== 0) next++;
    if (next === count) return undefined;
    solution.decide(not(holds(next)));
  }
}

/** The clauses that were learned on the way to these, each after those that it was learned from. */
export function lemmasOf<Fact>(grounds: readonly Clause<Fact>[]): Clause<Fact>[] {
  const lemmas: Clause<Fact>[] = [];
  visit(grounds, (clause) => {
    if ('learnedFrom' in clause.origin) lemmas.push(clause);
  });
  return lemmas;
}

/** The facts that these rest on. */
export function factsOf<Fact>(grounds: readonly Clause<Fact>[]): Clause<Fact>[] {
  const facts: Clause<Fact>[] = [];
  visit(grounds, (clause) => {
    if ('fact' in clause.origin) facts.push(clause);
  });
  return facts;
}

/** Each clause once, after those that it was learned from; without recursion, as deep as that may be. */
function visit<Fact>(grounds: readonly Clause<Fact>[], leave: (clause: Clause<Fact>) => void): void {
  /** Of a clause that was come to, whether it was left too. */
  const isLeft = new Map<Clause<Fact>, boolean>();
  const pending = [...grounds];
  for (let clause = pending.at(-1); clause; clause = pending.at(-1)) {
    const state = isLeft.get(clause);
    const from = state === undefined && 'learnedFrom' in clause.origin ? clause.origin.learnedFrom : [];
    if (from.length > 0) {
      isLeft.set(clause, false);
      for (const one of from) if (!isLeft.has(one)) pending.push(one);
      continue;
    }
    pending.pop();
    if (state === true) continue;
    isLeft.set(clause, true);
    leave(clause);
  }
}

/**
 * How it follows from these clauses alone, step by step, that the supposed terms cannot all hold: only what is needed, in the order
 * in which it follows. Undefined where it does not follow without trying.
 */
export function derive<Fact>(clauses: readonly Clause<Fact>[], suppose: readonly Term[]): Step<Fact>[] | undefined {
  const few = new Few(clauses);
  const { solution } = few;
  let last: Step<Fact> | undefined = few.conflict && { clause: few.conflict };
  for (const term of suppose.map((one) => few.own(one))) {
    if (last) break;
    const value = solution.value(term);
    if (value < 0) last = { clause: solution.reasonOf(variableOf(term))!, term: not(term) };
    if (value !== 0) continue;
    solution.decide(term);
    const conflict = solution.propagate();
    last = conflict && { clause: conflict };
  }
  return last && needed(few, last);
}

function needed<Fact>(few: Few<Fact>, last: Step<Fact>): Step<Fact>[] {
  const { solution } = few;
  const wanted = new Set(last.clause.terms.map(variableOf));
  const own = last.term === undefined ? undefined : variableOf(last.term);
  if (own !== undefined) wanted.delete(own);
  const steps: Step<Fact>[] = [last];
  for (const term of solution.trail.toReversed()) {
    const variable = variableOf(term);
    const reason = solution.reasonOf(variable);
    if (!wanted.has(variable) || !reason) continue;
    for (const other of reason.terms) wanted.add(variableOf(other));
    steps.push({ clause: reason, term });
  }
  return steps.toReversed().map(({ clause, term }) => ({
    clause: few.original(clause),
    ...(term !== undefined && { term: few.theirs(term) }),
  }));
}
