import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Budget } from './budget.js';
import { PartialSolution, type Clause } from './partial-solution.js';
import { derive, factsOf, lemmasOf, refute } from './proof.js';
import { holds, not, variableOf, type Term } from './term.js';

const seed = Number(process.env.SLIPWAY_SEED ?? Date.now() % 2 ** 31);
const budget = () => new Budget({}, () => 0);
const clause = (...terms: Term[]): Clause<number> => ({ terms, origin: { fact: 0 } });

const VARIABLES = 6;
const clauses = fc.array(
  fc
    .array(fc.integer({ min: 0, max: 2 * VARIABLES - 1 }), { minLength: 0, maxLength: 3 })
    .map((terms) => clause(...new Set(terms))),
  { maxLength: 30 },
);

/** Whether some assignment makes a term of each clause hold. */
const isSatisfiable = (all: readonly Clause<number>[]): boolean =>
  Array.from({ length: 2 ** VARIABLES }, (_, bits) => bits).some((bits) =>
    all.every(({ terms }) => terms.some((term) => (((bits >> variableOf(term)) & 1) === 1) === (term % 2 === 0))),
  );

describe('a partial solution', () => {
  test('keeps a clause of one term for good, also where that holds already by a decision', () => {
    const solution = new PartialSolution<number>();
    const [a, b] = [solution.newVariable(), solution.newVariable()].map(holds) as [Term, Term];
    solution.add(clause(not(a), b));
    solution.decide(a);
    expect(solution.propagate()).toBeUndefined();
    expect(solution.add(clause(b))).toBeUndefined();
    solution.backtrack(0);
    expect([solution.value(a), solution.value(b)]).toEqual([0, 1]);
  });

  test('takes a clause late, goes back to where it follows, and says when it is broken', () => {
    const solution = new PartialSolution<number>();
    const [a, b, c] = [0, 1, 2].map(() => holds(solution.newVariable())) as [Term, Term, Term];
    for (const term of [a, b, c]) solution.decide(term);
    expect(solution.add(clause(not(a), not(c)))).toBeDefined();
    expect(solution.level).toBe(3);
    solution.learn(clause(not(a), not(c)));
    expect([solution.level, solution.value(c), solution.value(b)]).toEqual([1, -1, 0]);
    expect(solution.add(clause())).toBeDefined();
    expect(solution.level).toBe(0);
  });

  test('denies what a late clause denies without going back, and again after it went back, as long as that follows', () => {
    const solution = new PartialSolution<number>();
    const [a, b, c, d] = [0, 1, 2, 3].map(() => holds(solution.newVariable())) as [Term, Term, Term, Term];
    for (const term of [a, b, c]) solution.decide(term);
    expect(solution.add(clause(not(a), not(d)))).toBeUndefined();
    expect([solution.level, solution.value(d)]).toEqual([3, -1]);
    solution.backtrack(1);
    expect(solution.propagate()).toBeUndefined();
    expect([solution.value(b), solution.value(d)]).toEqual([0, -1]);
    solution.backtrack(0);
    expect(solution.propagate()).toBeUndefined();
    expect(solution.value(d)).toBe(0);
  });

  test('comes to the truth whenever the clauses come', () => {
    const counts = { yes: 0, no: 0 };
    // Few of one term and many of four: so that there is something to be learned.
    const some = fc.array(fc.array(fc.integer({ min: 0, max: 2 * VARIABLES - 1 }), { minLength: 1, maxLength: 4, size: 'max' }), {
      minLength: 10,
      maxLength: 40,
      size: 'max',
    });
    const order = fc.array(fc.integer({ min: 0, max: 2 * VARIABLES - 1 }), { maxLength: 40 });
    fc.assert(
      fc.property(some, order, (terms, choices) => {
        const all = terms.map((one) => clause(...new Set(one)));
        const found = search(
          all.map((one) => clause(...one.terms)),
          choices,
        );
        counts[found ? 'yes' : 'no']++;
        expect(found).toBe(isSatisfiable(all));
      }),
      { seed, numRuns: 2000 },
    );
    expect(Math.min(counts.yes, counts.no)).toBeGreaterThan(50);
  });
});

/** Whether the clauses have a solution, where each comes only after one more of the choices was made, as far as that was open. */
function search(late: readonly Clause<number>[], choices: readonly Term[]): boolean {
  const solution = new PartialSolution<number>();
  const variables = Array.from({ length: VARIABLES }, () => solution.newVariable());
  const coming = [...late];
  const choosing = [...choices];
  for (let broken: Clause<number> | undefined; ;) {
    const conflict = broken ?? solution.propagate();
    broken = undefined;
    if (conflict && solution.level === 0) return false;
    if (conflict) {
      solution.learn(conflict);
      continue;
    }
    const open = variables.map(holds).filter((term) => solution.value(term) === 0);
    if (open.length === 0 && coming.length === 0) break;
    const chosen = choosing.shift() ?? open[0];
    if (chosen !== undefined && solution.value(chosen) === 0) {
      solution.decide(chosen);
      broken = solution.propagate();
    }
    if (!broken && coming.length > 0) broken = solution.add(coming.shift()!);
  }
  return late.every(({ terms }) => terms.some((term) => solution.value(term) > 0));
}

describe('a proof', () => {
  test('is found where, and only where, no assignment does; and each learned clause of it can be derived', () => {
    const counts = { yes: 0, no: 0 };
    fc.assert(
      fc.property(clauses, (all) => {
        const copies = all.map(({ terms }) => clause(...terms));
        const grounds = refute(copies, budget());
        counts[grounds ? 'no' : 'yes']++;
        expect(grounds === undefined).toBe(isSatisfiable(all));
        if (!grounds) return;
        const facts = factsOf(grounds);
        expect(isSatisfiable(facts)).toBe(false);
        const shown = [...facts];
        for (const lemma of lemmasOf(grounds)) {
          expect(derive(shown, lemma.terms.map(not))).toBeDefined();
          shown.push(lemma);
        }
        expect(derive(shown, [])!.length).toBeGreaterThan(0);
      }),
      { seed, numRuns: 1000 },
    );
    expect(Math.min(counts.yes, counts.no)).toBeGreaterThan(50);
  });
});
