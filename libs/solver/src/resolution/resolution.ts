import { withAdditions } from './additions.js';
import { Budget, LimitReached, type Limits, type Now } from './budget.js';
import type { Fact } from './fact.js';
import type { Cause } from './cause.js';
import { explain, type Explanation } from './explain.js';
import { missingBesides } from './besides.js';
import type { Problem, Question } from './problem.js';
import { irreducible } from './irreducible.js';
import { factsOf } from './proof.js';
import type { Resource, Wire } from './resource.js';
import type { SoFar } from './so-far.js';
import { search, type Found, type Selected, type Solved } from './search.js';

export type ResolutionInput = Question & (Cost | { budget: Budget });

/** Limits of its own, and the clock for that of time. Where it is a part of something, the budget of that counts instead. */
interface Cost {
  limits?: Limits;
  now: Now;
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
 * by `byPreference` of supply.ts; and of that nothing can be left out. Optional requirements are looked at when all mandatory ones hold.
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
function completed(input: Question, found: Solved, problem: Problem, budget: Budget): Solved {
  try {
    const least = irreducible(found, problem, budget);
    return withAdditions(input, least, budget);
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
