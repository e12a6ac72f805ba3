import { LimitReached, type Budget } from './budget.js';
import { exampleOf } from './example.js';
import type { Fact } from './fact.js';
import { JOB_ID, type Problem } from './problem.js';
import { PACKAGE, textOf, type Requirement } from './resource.js';
import { search } from './search.js';
import { list, requirementInWords } from './words.js';

/** A change that alone would make a plan possible. */
export interface Fix {
  kind: 'provide' | 'side-by-side' | 'upgrade' | 'include' | 'capacity';
  message: string;
  /** Id of what it is about, of an upgrade. */
  about?: string;
}

/** That there is something that provides what is missing; `other`: than what there is. */
export const wouldProvide = (words: string, other = ''): string =>
  `It would do if there were something ${other}that provides ${words}.`;

interface Change {
  fix: Fix;
  changed: Problem;
  /** The lower, the rather it is tried. */
  rank: number;
}

const LAST = 3;
/** Steps that all tries together may take: at most this many times those that the failure took, and some more. */
const TIMES = 2;
const MORE = 2_000;
/** Changes that are named. */
const ENOUGH = 3;

/**
 * The changes, each tried on the whole problem, that make it solvable; as many as a few tries find. What is missing comes first, then
 * what stands in the way, then requirements that could be wider; that there be another version of something only where nothing else does.
 */
export function fixesOf(facts: readonly Fact[], problem: Problem, budget: Budget): Fix[] {
  const changes = new Map<string, Change>();
  for (const fact of facts) {
    const change = changeFor(fact, problem);
    if (change) changes.set(change.fix.message, change);
  }
  const found: Change[] = [];
  const part = budget.part(TIMES * budget.used + MORE);
  try {
    for (const change of [...changes.values()].toSorted((a, b) => a.rank - b.rank)) {
      const isEnough = found.length === ENOUGH || (change.rank === LAST && found.length > 0);
      if (isEnough) break;
      if (search(change.changed, part).solved) found.push(change);
    }
  } catch (error) {
    if (!(error instanceof LimitReached)) throw error;
  }
  return found.map(({ fix }) => fix);
}

function changeFor(fact: Fact, problem: Problem): Change | undefined {
  const without = (leaves: (fact: Fact) => boolean): Problem => ({ ...problem, leaves });
  if (fact.kind === 'requires') {
    const { node, requirement, options } = fact.demand;
    const words = requirementInWords(requirement);
    const isAsked = node.key === JOB_ID;
    if (isAsked && problem.asked.length === 1 && options.length > 0) return undefined;
    const changed = providing(requirement, problem);
    if (!changed) return undefined;
    const other = options.length > 0 ? `other than ${list(options.map((option) => option.offer.resource.id))} ` : '';
    const message = wouldProvide(words, other);
    const rank = options.length === 0 ? 0 : requirement.range || requirement.filter ? 2 : LAST;
    return { fix: { kind: 'provide', message }, changed, rank };
  }
  if (fact.kind === 'singleton') {
    const { name } = fact.nodes[0].resource;
    const message = `It would do if several versions of ${name} could be there side by side.`;
    return {
      rank: 1,
      fix: { kind: 'side-by-side', message },
      changed: without((one) => one.kind === 'singleton' && one.nodes[0].resource.name === name),
    };
  }
  if (fact.kind === 'excluded')
    return {
      rank: 1,
      fix: { kind: 'include', message: `It would do if ${fact.node.resource.id} could be made here.` },
      changed: without((one) => one.kind === 'excluded' && one.node.resource === fact.node.resource),
    };
  if (fact.kind === 'installed') {
    const { id } = fact.node.resource;
    const environment = problem.environment.with({ resources: [], upgradable: [id] });
    return {
      rank: 1,
      fix: { kind: 'upgrade', message: `It would do if ${id} could be upgraded.`, about: id },
      changed: { ...problem, environment, upgrades: problem.upgrades + 1 },
    };
  }
  if (fact.kind === 'capacity') {
    const { resource, at, capability } = fact.offer;
    return {
      rank: 1,
      fix: { kind: 'capacity', message: `It would do if ${resource.id} had more of ${capability.namespace}.` },
      changed: without((one) => one.kind === 'capacity' && one.offer.resource === resource && one.offer.at === at),
    };
  }
  return undefined;
}

/**
 * The problem as if something provided what is required. Who has a package from there has it from nowhere else: so with packages it counts that
 * something does; of all else, that nobody asks for it any more.
 */
function providing(requirement: Requirement, problem: Problem): Problem | undefined {
  if (requirement.namespace === PACKAGE) {
    const example = exampleOf(requirement);
    return example && { ...problem, repository: problem.repository.with(example.name, [example]) };
  }
  const text = textOf(requirement);
  return {
    ...problem,
    asked: problem.asked.filter((one) => textOf(one.requirement) !== text),
    needs: (_resource, one) => !one.optional && textOf(one) !== text,
  };
}
