import { LimitReached, type Budget } from './budget.js';
import { indispensable } from './indispensable.js';
import type { Clause } from './partial-solution.js';
import { factsOf, lemmasOf, refute } from './proof.js';

/** Clauses up to which each is tried without, to see whether it is needed. */
const FEW = 400;

/** The same conclusion from fewer facts: none of those that are left can be left out, where there are few enough to try. */
export function shortened<Fact>(grounds: readonly Clause<Fact>[], budget: Budget): readonly Clause<Fact>[] {
  let best = grounds;
  // What follows straight from so many is the proof as it is.
  if (lemmasOf(grounds).length === 0 && grounds.length > FEW) return grounds;
  try {
    best = refute(factsOf(grounds), budget) ?? grounds;
    let left = factsOf(best);
    if (left.length > FEW) return best;
    const kept = indispensable(left);
    for (const fact of left) {
      if (kept.has(fact) || !left.includes(fact)) continue;
      const shorter = refute(
        left.filter((one) => one !== fact),
        budget,
      );
      if (shorter) {
        best = shorter;
        left = factsOf(best);
        for (const one of indispensable(left)) kept.add(one);
      } else kept.add(fact);
    }
  } catch (error) {
    if (!(error instanceof LimitReached)) throw error;
  }
  return best;
}
