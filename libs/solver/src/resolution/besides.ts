import { LimitReached, type Budget } from './budget.js';
import type { Cause } from './cause.js';
import { explain } from './explain.js';
import { textOf, type Requirement, type Resource } from './resource.js';
import type { Problem } from './problem.js';
import { search } from './search.js';

/** What is missing is named up to so many times. */
const MOST = 20;
/** Steps that looking for it may take: as many as all that was done before, and some more. */
const MORE = 2_000;

/**
 * What else is missing: found by looking at the problem as if what has been named were there. A clash ends it: what comes of one
 * cannot be said before it is settled.
 */
export function missingBesides(first: readonly Cause[], problem: Problem, budget: Budget): Cause[] {
  const found: Cause[] = [];
  const part = budget.part(budget.used + MORE);
  const missing = new Missing(problem);
  try {
    for (let causes = first; causes.length > 0 && missing.note(causes) && found.length < MOST;) {
      const without = missing.mended();
      const next = search(without, part);
      if (next.solved) break;
      causes = explain(next.grounds, without, part, false).causes;
      found.push(...causes);
    }
  } catch (error) {
    if (!(error instanceof LimitReached)) throw error;
  }
  return found.filter(({ kind }) => isMissing(kind));
}

const isMissing = (kind: Cause['kind']): boolean => kind === 'requires' || kind === 'excluded';

/** What has been named as missing. */
class Missing {
  readonly #requirements = new Set<string>();
  readonly #excluded = new Set<string>();

  constructor(private readonly problem: Problem) {}

  /** Notes these; false where one of them is not something that is missing, or is known already. */
  note(causes: readonly Cause[]): boolean {
    const before = this.#requirements.size + this.#excluded.size;
    for (const { kind, text, ways } of causes) {
      if (kind === 'requires' && text !== undefined) this.#requirements.add(text);
      else if (kind === 'excluded') for (const { to } of ways) if (to !== undefined) this.#excluded.add(to);
    }
    return causes.every(({ kind }) => isMissing(kind)) && this.#requirements.size + this.#excluded.size > before;
  }

  mended(): Problem {
    const { problem } = this;
    const isMet = (requirement: Requirement) => this.#requirements.has(textOf(requirement));
    const needs = problem.needs ?? ((_resource: Resource, { optional }: Requirement) => !optional);
    return {
      ...problem,
      asked: problem.asked.filter(({ requirement }) => !isMet(requirement)),
      needs: (resource, requirement) => needs(resource, requirement) && !isMet(requirement),
      leaves: (fact) => fact.kind === 'excluded' && this.#excluded.has(fact.node.resource.id),
    };
  }
}
