import { mightBeElsewhere, type Plan } from '@slipway/contracts';

/** Longest that is said of others in a plan. */
const CHARACTERS = 1000;

/**
 * A plan that lacks something says which other repositories could not be asked what they have now; `away`: a sentence each. That is what
 * this replica knows, and changes with time: the hash is of the rest.
 */
export function withUnheard(plan: Plan, away: readonly string[]): Plan {
  if (away.length === 0 || !plan.unsatisfied.some(mightBeElsewhere)) return plan;
  return { ...plan, elsewhere: away.join('. ').slice(0, CHARACTERS) };
}
