import type { Budget } from './budget.js';
import { causesOf, type Cause } from './cause.js';
import type { Fact } from './fact.js';
import { fixesOf, type Fix } from './fix.js';
import type { Problem } from './problem.js';
import type { Clause } from './partial-solution.js';
import { derive, factsOf, lemmasOf, type Step } from './proof.js';
import { shortened } from './shortened.js';
import { Narrator, type Line } from './narrator.js';
import { textOf as requirementText } from './resource.js';
import { not } from './term.js';
import { versionsIn, type VersionsOf } from './words.js';

/** Why nothing satisfies what was asked for. */
export interface Explanation {
  /** What cannot be, the root first, each with the ways that lead to it. */
  causes: Cause[];
  /** How it follows from the causes that there is no plan. */
  lines: Line[];
  /** Changes of which each alone would do. */
  fixes: Fix[];
  /** All of it as a text. */
  text: string;
}

const STEPS_TO_SHORTEN = 400_000;
/** Facts to be gone through, for all lemmas together, up to which it is told how each of these follows. */
const FOLLOWED = 400_000;
/** Lines that are told at either end of a longer way. */
const TOLD = 50;

/**
 * Explains a failure, in the manner of PubGrub (`doc/solver.md` of Dart's pub: error reporting): from the facts that clash, as few as
 * can be found, what follows from each, down to the conclusion. Where that does not follow straight, it goes by supposing something
 * and showing that it cannot be; every learned clause can be shown so (reverse unit propagation, Goldberg and Novikov 2003).
 * That there is no plan is known before: where a limit is reached meanwhile, the explanation is only longer than it could be.
 */
export function explain(grounds: readonly Clause<Fact>[], problem: Problem, budget: Budget, withFixes = true): Explanation {
  const shortest = shortened(grounds, budget.part(STEPS_TO_SHORTEN));
  const facts = factsOf(shortest);
  const known = facts.map(({ origin }) => (origin as { fact: Fact }).fact);
  const versionsOf = versionsIn(problem);
  const causes = causesOf(known, problem, versionsOf);
  const lines = linesOf(rootsFirst(facts), lemmasOf(shortest), versionsOf);
  const fixes = withFixes ? fixesOf(known, problem, budget) : [];
  return { causes, lines, fixes, text: textOf(causes, lines, fixes) };
}

/** What several versions lack comes before what leads there: so it is told of all of them, and not of the last one that is left. */
function rootsFirst(facts: readonly Clause<Fact>[]): Clause<Fact>[] {
  const lacking = new Map<string, Clause<Fact>[]>();
  for (const clause of facts) {
    const { fact } = clause.origin as { fact: Fact };
    if (fact.kind !== 'requires' || fact.demand.options.length > 0) continue;
    const key = `${fact.demand.node.resource.name}\n${requirementText(fact.demand.requirement)}`;
    lacking.set(key, [...(lacking.get(key) ?? []), clause]);
  }
  const roots = new Set([...lacking.values()].filter((some) => some.length > 1).flat());
  return [...roots, ...facts.filter((clause) => !roots.has(clause))];
}

function linesOf(facts: readonly Clause<Fact>[], lemmas: readonly Clause<Fact>[], versionsOf: VersionsOf): Line[] {
  const narrator = new Narrator(versionsOf, facts);
  if (2 * lemmas.length * (facts.length + lemmas.length) > FOLLOWED)
    return bothEnds(narrator.tell(derive([...facts, ...lemmas], []) as Step<Fact>[]));
  const shown = [...facts];
  const lines: Line[] = [];
  for (const lemma of lemmas) {
    if (derive(shown, [])) break;
    const sharper = sharpened(lemma, shown);
    if (shown.some(({ terms }) => terms.every((term) => sharper.terms.includes(term)))) continue;
    lines.push(...narrator.suppose(sharper, derive(shown, sharper.terms.map(not)) as Step<Fact>[]));
    shown.push(sharper);
  }
  return bothEnds([...lines, ...narrator.tell(derive(shown, []) as Step<Fact>[])]);
}

/** What a lemma says, with as little supposed as leads nowhere all the same. */
function sharpened(lemma: Clause<Fact>, shown: readonly Clause<Fact>[]): Clause<Fact> {
  let { terms } = lemma;
  for (const term of lemma.terms) {
    const fewer = terms.filter((one) => one !== term);
    if (fewer.length > 0 && derive(shown, fewer.map(not))) terms = fewer;
  }
  return { ...lemma, terms };
}

const bothEnds = (lines: readonly Line[]): Line[] =>
  lines.length <= 2 * TOLD + 1
    ? [...lines]
    : [...lines.slice(0, TOLD), { because: `… (${lines.length - 2 * TOLD} more)` }, ...lines.slice(-TOLD)];

function textOf(causes: readonly Cause[], lines: readonly Line[], fixes: readonly Fix[]): string {
  const told = lines.map(({ suppose, because, therefore }) => {
    if (suppose !== undefined) return `Suppose ${suppose}:`;
    return because === undefined ? `So ${therefore}.` : `${because}${therefore === undefined ? '' : `: ${therefore}`}.`;
  });
  return [
    ...causes.map(({ message }) => message),
    ...(told.length > 1 ? told.map((line) => `- ${line}`) : []),
    ...fixes.map(({ message }) => message),
  ].join('\n');
}
