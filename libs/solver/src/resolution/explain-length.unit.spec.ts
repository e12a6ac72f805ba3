import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Budget } from './budget.js';
import { ResolutionEnvironment } from './environment.js';
import type { Demand, Fact } from './fact.js';
import { classes, inShort, plain } from './models.js';
import { isPossible, type Model } from './oracle.js';
import { factsOf } from './proof.js';
import type { Requirement, Resource } from './resource.js';
import { search } from './search.js';
import { shortened } from './shortened.js';
import { Supply } from './supply.js';

const seed = Number(process.env.SLIPWAY_SEED ?? Date.now() % 2 ** 31);
const numRuns = Number(process.env.SLIPWAY_MODELS ?? 300);
/** Requirements up to which all their choices are tried. */
const FEW = 11;

/** The requirements that the explanation of a failure rests on; undefined where there is none. */
function explained({ repository, asked }: Model): Set<Requirement> | undefined {
  const budget = new Budget({}, () => 0);
  const environment = new ResolutionEnvironment({ resources: [] });
  const mandatory = asked.filter(({ optional }) => !optional).map((requirement) => ({ requirement }));
  const found = search({ environment, repository: new Supply(repository), asked: mandatory, upgrades: 0 }, budget);
  if (found.solved) return undefined;
  const facts = factsOf(shortened(found.grounds, budget)).map(({ origin }) => (origin as { fact: Fact }).fact);
  return new Set(facts.flatMap(demandsOf).map(({ requirement }) => requirement));
}

function demandsOf(fact: Fact): readonly Demand[] {
  if (fact.kind === 'circular') return fact.circle;
  return fact.kind === 'requires' ? [fact.demand] : fact.kind === 'capacity' ? fact.demands : [];
}

/** The model with these requirements and no others. */
const only = ({ repository, asked, installed }: Model, kept: ReadonlySet<Requirement>): Model => ({
  repository: repository.map((one): Resource => ({ ...one, requirements: one.requirements.filter((each) => kept.has(each)) })),
  asked: asked.filter((one) => kept.has(one)),
  installed,
});

/** The fewest requirements of which nothing else can come than a failure, as enumeration says. */
function fewest(model: Model, all: readonly Requirement[]): number {
  let least = all.length;
  for (let bits = 0; bits < 2 ** all.length; bits++) {
    const kept = all.filter((_, at) => ((bits >> at) & 1) === 1);
    if (kept.length < least && isPossible(only(model, new Set(kept)), 0) === false) least = kept.length;
  }
  return least;
}

test('an explanation rests on requirements that suffice for the failure, on hardly more than the fewest that do', () => {
  const lengths = { ours: 0, fewest: 0, equal: 0, models: 0 };
  const looksAt = fc.oneof(plain, classes).filter(({ repository, asked }) => {
    const count = [...asked, ...repository.flatMap(({ requirements }) => requirements)].length;
    return count >= 4 && count <= FEW;
  });
  fc.assert(
    fc.property(looksAt, (model) => {
      const ours = explained(model);
      if (!ours) return;
      expect([inShort(model), isPossible(only(model, ours), 0)]).toEqual([inShort(model), false]);
      const all = [...model.asked, ...model.repository.flatMap(({ requirements }) => requirements)].filter(
        (one) => !one.optional,
      );
      const least = fewest(model, all);
      lengths.models++;
      lengths.ours += ours.size;
      lengths.fewest += least;
      lengths.equal += Number(ours.size === least);
    }),
    { seed, numRuns },
  );
  expect(lengths.models).toBeGreaterThan(numRuns / 20);
  expect(lengths.ours / lengths.fewest).toBeLessThan(1.2);
});
