import type { Budget } from './budget.js';
import type { Problem } from './problem.js';
import type { Requirement, Resource } from './resource.js';
import { search, type Solved } from './search.js';

interface Bounds {
  /** What is not tried without. */
  keeps?: Iterable<Resource>;
  /** Whether a smaller one does, where more counts than the search looks at. */
  holds?: (smaller: Solved) => boolean;
}

/**
 * The same solution without anything that could be left out: no smaller part of what it selects would do, however it was wired. What
 * must be there is found by looking; only where something else of the selection could stand in for a resource is it tried without.
 */
export function irreducible(
  found: Solved,
  problem: Problem,
  budget: Budget,
  { keeps = [], holds = () => true }: Bounds = {},
): Solved {
  if (found.selected.length <= 1) return found;
  let best = found;
  const kept = new Set(keeps);
  for (;;) {
    const resources = [...new Set(best.selected.map(({ resource }) => resource))];
    const needed = indispensable(resources, best, problem);
    const candidate = resources.findLast((one) => !needed.has(one) && !kept.has(one));
    if (!candidate) return best;
    const allowed = new Set(resources.filter((one) => one !== candidate));
    const allows = (one: Resource) =>
      (problem.allows?.(one) ?? true) && (allowed.has(one) || problem.environment.get(one.id) === one);
    const smaller = search({ ...problem, allows }, budget);
    if (smaller.solved && holds(smaller)) best = smaller;
    else kept.add(candidate);
  }
}

/** What is the only one of a selection that satisfies what is asked, or what such a one needs. */
function indispensable(resources: readonly Resource[], { replaced }: Solved, problem: Problem): Set<Resource> {
  const { environment, repository, asked } = problem;
  const needs = problem.needs ?? ((_resource, { optional }) => !optional);
  const selection = new Set(resources);
  const found = new Set<Resource>(replaced.map(({ by }) => by));
  const look = (requirement: Requirement) => {
    if (environment.offers(requirement).some(({ resource }) => resource.shared)) return;
    const able = repository.offers(requirement).filter(({ resource }) => selection.has(resource));
    const [first] = able;
    if (first && able.every(({ resource }) => resource === first.resource)) found.add(first.resource);
  };
  for (const { requirement } of asked) look(requirement);
  // What is added on the way is visited too.
  for (const resource of found)
    for (const requirement of resource.requirements) if (needs(resource, requirement)) look(requirement);
  return found;
}
