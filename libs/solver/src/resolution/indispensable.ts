import type { Clause } from './partial-solution.js';
import { isNegative, not, type Term } from './term.js';

/**
 * Clauses without which the others could all hold; not necessarily all of these, but found without trying. What denies everything, or
 * asserts everything, is indispensable where it is the only one (else all could be denied, or asserted). And so is the only clause that has a
 * term's opposite, where one that has the term is: without it that one would hold by this term, and clash with nothing.
 */
export function indispensable<Fact>(clauses: readonly Clause<Fact>[]): Set<Clause<Fact>> {
  const having = new Map<Term, Clause<Fact>[]>();
  for (const clause of clauses)
    for (const term of clause.terms) {
      const there = having.get(term);
      if (there) there.push(clause);
      else having.set(term, [clause]);
    }
  const found = new Set<Clause<Fact>>();
  const findOnly = (some: readonly Clause<Fact>[]) => {
    if (some.length === 1) found.add(some[0]!);
  };
  findOnly(clauses.filter(({ terms }) => terms.every(isNegative)));
  findOnly(clauses.filter(({ terms }) => !terms.some(isNegative)));
  // What is added on the way is visited too.
  for (const { terms } of found) for (const term of terms) findOnly(having.get(not(term)) ?? []);
  return found;
}
