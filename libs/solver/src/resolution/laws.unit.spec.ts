import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Budget } from './budget.js';
import { ResolutionEnvironment } from './environment.js';
import { mended } from './mended.js';
import type { Fix } from './fix.js';
import { inShort, manyOptional, models, resolveModel as resolve, upgrading } from './models.js';
import { faultsOf, isPossible, type Model } from './oracle.js';
import type { Requirement, Resource, Wire } from './resource.js';
import { worseThanPossible } from './preferred.js';
import { requirement as requirementFor } from './testing.js';
import { search } from './search.js';
import { Supply } from './supply.js';

// A failure prints seed and path; SLIPWAY_SEED replays it, SLIPWAY_MODELS says how many models each law looks at.
const seed = Number(process.env.SLIPWAY_SEED ?? Date.now() % 2 ** 31);
const numRuns = Number(process.env.SLIPWAY_MODELS ?? 2_000);
const check = (arbitrary: fc.Arbitrary<Model>, holds: (model: Model) => void, runs = numRuns) =>
  fc.assert(
    fc.property(arbitrary, (model) => {
      try {
        holds(model);
      } catch (error) {
        throw new Error(`${(error as Error).message}\n\n${inShort(model)}`, { cause: error });
      }
    }),
    { seed, numRuns: runs },
  );

const most = (model: Model) => model.installed.upgradable.length;

describe('laws of resolutions', () => {
  test('a plan is consistent: every wire leads to what is there and satisfies it, in order, and nothing is taken twice', () => {
    let plans = 0;
    check(models, (model) => {
      const found = resolve(model);
      expect(found.outcome).not.toBe('undecided');
      if (!('selected' in found)) return;
      plans++;
      expect(faultsOf(model, found)).toEqual([]);
    });
    expect(plans).toBeGreaterThan(numRuns / 10);
  });

  test('there is a plan where enumeration finds one, and none where it finds none', () => {
    const counts = { yes: 0, no: 0 };
    check(models, (model) => {
      const truth = isPossible(model, most(model));
      if (truth === undefined) return;
      counts[truth ? 'yes' : 'no']++;
      expect(resolve(model).outcome).toMatch(truth ? /satisfied|install/ : /unsatisfied/);
    });
    expect(Math.min(counts.yes, counts.no)).toBeGreaterThan(numRuns / 20);
  });

  test('a plan is irreducible: no smaller part of what it installs would do', () => {
    check(models, (original) => {
      const model = withoutOptional(original, true);
      const found = resolve(model);
      if (!('selected' in found)) return;
      const all = new Set(found.selected.map(({ resource: one }) => one));
      for (const one of all) {
        const fewer = new Set([...all].filter((other) => other !== one));
        expect([one.id, isPossible(model, found.replaced.length, fewer) ?? false]).toEqual([one.id, false]);
      }
    });
  });

  test('what a plan has for the sake of what is optional is irreducible, but for one in twenty at most', () => {
    let brought = 0;
    // What is left out must leave what is mandatory wired as it is: of the ways to do without, the first that holds is looked at.
    let needless = 0;
    check(
      fc.oneof(models, manyOptional, manyOptional),
      (model) => {
        const found = resolve(model);
        if (!('selected' in found)) return;
        const { repository, asked } = withoutOptional(model);
        const bare = resolve({ ...model, repository, asked });
        if (!('selected' in bare)) throw new Error('There was a plan.');
        const must = new Set(bare.selected.map(({ resource: one }) => one.id));
        const isWired = (by: string, name: string) =>
          found.wires.some(({ from, requirement: one }) => from === by && one === name);
        // What is mandatory keeps its wires when what is optional is looked at (decision 26.7): wired otherwise, it could leave more room.
        const made = new Set(found.selected.map(({ key }) => key));
        const asWired = (by: string, { attributes, name, optional, multiple }: Requirement) => {
          const wire = found.wires.find(({ from, requirement: one, to }) => from === by && one === name && made.has(to));
          return wire && !optional && !multiple ? new Map([...attributes, ['at', wire.to] as const]) : attributes;
        };
        const needed = (by: string, all: readonly Requirement[]) =>
          all.flatMap((one) =>
            !one.optional || isWired(by, one.name)
              ? [{ ...one, attributes: asWired(by, one), optional: false, multiple: false }]
              : [],
          );
        const marked = (key: string, all: Resource['capabilities']) =>
          all.map((one) => ({ ...one, attributes: new Map([...one.attributes, ['at', key] as const]) }));
        const strict = {
          ...model,
          asked: [...needed('', model.asked), ...[...must].map((id) => requirementFor(id))],
          repository: found.selected.map(({ key, resource: one }) => ({
            ...one,
            requirements: needed(key, one.requirements),
            capabilities: marked(key, one.capabilities),
          })),
        };
        // Each copy of its own would count as one more.
        if (strict.repository.some(({ shared }) => !shared)) return;
        for (const one of strict.repository.filter(({ id }) => !must.has(id))) {
          brought++;
          const fewer = new Set(strict.repository.filter((other) => other !== one));
          if (isPossible(strict, found.replaced.length, fewer)) needless++;
        }
      },
      numRuns / 2,
    );
    expect(brought).toBeGreaterThan(numRuns / 100);
    expect(needless).toBeLessThanOrEqual(brought / 20);
  });

  test('a plan has as few upgrades as any', () => {
    let upgrades = 0;
    check(upgrading, (model) => {
      const found = resolve(model);
      if (!('selected' in found) || found.replaced.length === 0) return;
      upgrades++;
      expect(isPossible(model, found.replaced.length - 1) ?? false).toBe(false);
    });
    expect(upgrades).toBeGreaterThan(0);
  });

  test('each requirement in its turn gets the best that any plan has: installed, high, of an upper layer; or what is there anyway', () => {
    let several = 0;
    check(
      models,
      (original) => {
        const model = withoutOptional(original);
        const { repository, installed, asked } = model;
        const plan = resolve(model);
        if (!('selected' in plan)) return;
        const upgrades = plan.replaced.length;
        const environment = new ResolutionEnvironment(installed);
        const needed = asked.map((requirement) => ({ requirement }));
        const found = search(
          { environment, repository: new Supply(repository), asked: needed, upgrades },
          new Budget({}, () => 0),
        );
        if (!found.solved) throw new Error('There was a plan.');
        const choice = asked.map(({ name }) => {
          const { to, capability: at } = found.wires.find(({ from, requirement }) => from === '' && requirement === name)!;
          const resource =
            found.selected.find(({ key }) => key === to)?.resource ?? installed.resources.find(({ id }) => id === to)!;
          return { resource, at };
        });
        several += Number(choice.length > 1);
        expect(worseThanPossible(model, upgrades, choice)).toEqual([]);
      },
      numRuns / 2,
    );
    expect(several).toBeGreaterThan(numRuns / 40);
  });

  test('the same input gives the same answer, whatever order the definitions come in', () => {
    let die = (seed % 2_147_483_646) + 1;
    const throwDie = () => (die = (die * 48_271) % 2_147_483_647);
    check(
      models,
      (model) => {
        const shuffled = <T>(all: readonly T[]): T[] =>
          all
            .map((one) => ({ one, at: throwDie() }))
            .toSorted((a, b) => a.at - b.at)
            .map(({ one }) => one);
        const { resources, wires, upgradable } = model.installed;
        const installed = { resources: shuffled(resources), wires: shuffled(wires), upgradable: shuffled(upgradable) };
        expect(resolve({ ...model, repository: shuffled(model.repository), installed })).toEqual(resolve(model));
      },
      numRuns / 4,
    );
  });

  test('optional requirements make no plan possible or impossible', () => {
    check(models, (model) => {
      const { repository, asked } = withoutOptional(model);
      // Of what is installed they are wired already, and such a wire counts.
      const bare = resolve({ ...model, repository, asked });
      expect(resolve(model).outcome === 'unsatisfied').toBe(bare.outcome === 'unsatisfied');
    });
  });

  test('a failure is explained: with a cause, and each fix that is named is one', () => {
    const tried = new Set<Fix['kind']>();
    const holds = (model: Model) => {
      const found = resolve(model);
      if (found.outcome !== 'unsatisfied') return;
      const { causes, lines, text, fixes } = found.explanation;
      expect(causes.length).toBeGreaterThan(0);
      expect(lines.length).toBeGreaterThan(0);
      expect(text).not.toMatch(/undefined|\[object|[∧∨¬⊥⊢⇒∀∃]/);
      for (const fix of fixes) {
        tried.add(fix.kind);
        const does = mended(model, fix).some((changed) => isPossible(changed, most(changed)) ?? true);
        expect([fix.message, does]).toEqual([fix.message, true]);
      }
    };
    check(models, holds, numRuns / 2);
    check(upgrading, holds, numRuns / 2);
    expect([...tried]).toEqual(expect.arrayContaining(['provide', 'include', 'side-by-side']));
  });
});

/** The model without optional requirements, of what is installed too, and without the wires that these had. */
const withoutOptional = (model: Model, keepsMultiple = false): Model => {
  const multiple = (each: Requirement) => keepsMultiple && each.multiple;
  const strip = (one: Resource): Resource => ({
    ...one,
    requirements: one.requirements.filter(({ optional }) => !optional).map((each) => ({ ...each, multiple: multiple(each) })),
  });
  const resources = model.installed.resources.map(strip);
  const isKept = ({ from, requirement }: Wire) =>
    resources.find(({ id }) => id === from)!.requirements.some(({ name }) => name === requirement);
  return {
    repository: model.repository.map(strip),
    installed: { ...model.installed, resources, wires: model.installed.wires.filter(isKept) },
    asked: model.asked.map((each) => ({ ...each, multiple: multiple(each) })),
  };
};
