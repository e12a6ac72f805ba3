import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { resourceKey, type Plan, type ResourceDefinition } from '@slipway/contracts';
import { satisfies } from 'semver';
import { World, instance, storage } from '../testing.js';

// A failure prints seed and path; SLIPWAY_SEED replays it, SLIPWAY_MODELS says how many models are looked at.
const seed = Number(process.env.SLIPWAY_SEED ?? Date.now() % 2 ** 31);
const numRuns = Number(process.env.SLIPWAY_MODELS ?? 300);

const NAMES = ['a', 'b', 'c'] as const;
type Name = (typeof NAMES)[number];
/** Ranges of what is needed, by name. */
type Needs = Partial<Record<Name, string>>;
/** What is shared: by name, what each version needs, from the first one on; only later names. */
type Shared = Record<Name, readonly Needs[]>;

const WIDE = ['*', '*', '^1 || ^2', '>=1', '^1'];
const NEWER = ['*', '^2', '>=2', '^3', '^1'];
const needsOf = (names: readonly Name[], ranges: readonly string[]): fc.Arbitrary<Needs> =>
  fc.record(Object.fromEntries(names.map((name) => [name, fc.constantFrom(...ranges)])) as Record<Name, fc.Arbitrary<string>>);
/** What the first version needs is there in its first version; later ones need newer things as well. */
const versionsOf = (names: readonly Name[]): fc.Arbitrary<Needs[]> =>
  fc
    .tuple(needsOf(names, WIDE), fc.array(needsOf(names, NEWER), { minLength: 1, maxLength: 2 }))
    .map(([first, later]) => [first, ...later]);
/** What something needs does not change from version to version, only in which versions. */
const shared: fc.Arbitrary<Shared> = fc
  .tuple(fc.subarray(['b', 'c'] as Name[]), fc.subarray(['c'] as Name[]))
  .chain(([ofA, ofB]) => fc.record({ a: versionsOf(ofA), b: versionsOf(ofB), c: versionsOf([]) }));
const app = (ranges: readonly string[]) => fc.subarray([...NAMES], { minLength: 1 }).chain((names) => needsOf(names, ranges));
const models = fc.record({
  shared,
  users: fc.array(app(WIDE), { minLength: 1, maxLength: 3 }),
  asked: app(NEWER),
  allowed: fc.oneof(fc.constant<Name[]>([...NAMES]), fc.subarray<Name>([...NAMES])),
});
type Model = typeof models extends fc.Arbitrary<infer T> ? T : never;

const dependencies = (needs: Needs): string[] => Object.entries(needs).map(([name, range]) => `${name}@${range}`);
const versionOf = (at: number): string => `${at + 1}.0.0`;
const definitionsOf = (name: Name, all: readonly Needs[]): ResourceDefinition[] =>
  all.map((needs, at) => storage(`${name}@${versionOf(at)}`, dependencies(needs), { shared: true }));

/** A world in which some of the users are, on first versions, and which has the others since. */
function settled({ shared: all, users }: Model): { world: World; there: Needs[] } {
  const world = new World(...NAMES.flatMap((name) => definitionsOf(name, all[name].slice(0, 1))));
  const there = users.filter((needs, at) => {
    world.definitions.push(instance(`user-${at}`, dependencies(needs)));
    return world.provision(`user-${at}`, `user-${at}`).outcome === 'install';
  });
  world.definitions.push(...NAMES.flatMap((name) => definitionsOf(name, all[name]).slice(1)));
  return { world, there };
}

/** Which version of what is shared is there; none of what is not. */
type Versions = Partial<Record<Name, number>>;

const holds = (needs: Needs, versions: Versions): boolean =>
  Object.entries(needs).every(([name, range]) => {
    const at = versions[name as Name];
    return at !== undefined && satisfies(versionOf(at), range);
  });

/** The fewest upgrades with which all hold, by trying every choice of versions; undefined where none does. */
function fewest({ shared: all, asked, allowed }: Model, there: readonly Needs[], world: World): number | undefined {
  const installed = (name: Name) => world.madeFrom(name).length > 0;
  const choices = (name: Name): (number | undefined)[] => {
    const every = all[name].map((_needs, at) => at);
    if (!installed(name)) return [undefined, ...every];
    return allowed.includes(name) ? every : [0];
  };
  let best: number | undefined;
  for (const a of choices('a'))
    for (const b of choices('b'))
      for (const c of choices('c')) {
        const versions: Versions = {
          ...(a !== undefined && { a }),
          ...(b !== undefined && { b }),
          ...(c !== undefined && { c }),
        };
        const present = NAMES.flatMap((name) => (versions[name] === undefined ? [] : [all[name][versions[name]]!]));
        if (![...present, ...there, asked].every((needs) => holds(needs, versions))) continue;
        const upgrades = NAMES.filter((name) => installed(name) && versions[name]! > 0).length;
        best = Math.min(best ?? upgrades, upgrades);
      }
  return best;
}

const upgradesOf = (plan: Plan) => plan.steps.filter(({ action }) => action === 'update');

describe('laws of upgrades, against every choice of versions there is', () => {
  test('there is a plan where one is possible, with the fewest upgrades, after which everybody has what he needs', () => {
    const counts = { refused: 0, upgraded: 0, several: 0 };
    fc.assert(
      fc.property(models, (model) => {
        const { world, there } = settled(model);
        world.definitions.push(instance('asked', dependencies(model.asked)));
        const truth = fewest(model, there, world);
        const plan = world.plan('asked', 'asked', { allowUpgrade: model.allowed });
        expect(plan.outcome === 'unsatisfied').toBe(truth === undefined);
        if (truth === undefined) {
          counts.refused++;
          return;
        }
        const upgrades = upgradesOf(plan);
        expect(upgrades.length).toBe(truth);
        counts.upgraded += Number(truth > 0);
        counts.several += Number(truth > 1);
        expect(upgrades.every(({ definition }) => model.allowed.includes(definition.name as Name))).toBe(true);
        world.carryOut(plan, 'asked');
        const versions = Object.fromEntries(
          NAMES.flatMap((name) => world.madeFrom(name).map((one) => [name, Number(one.definition.version[0]) - 1])),
        );
        for (const needs of [...there, model.asked]) expect(holds(needs, versions)).toBe(true);
        for (const name of NAMES) expect(world.madeFrom(name).length).toBeLessThanOrEqual(1);
        for (const { from, to } of world.allWires) expect([world.keys.has(from), world.keys.has(to)]).toEqual([true, true]);
        // All of it can be given back again.
        world.carryOut(world.planRemoval('asked', { cascade: true }), 'asked');
        for (const [at] of model.users.entries()) world.deprovision(`user-${at}`);
        expect([...world.keys]).toEqual([]);
      }),
      { seed, numRuns },
    );
    expect(counts.refused).toBeGreaterThan(numRuns / 20);
    expect(counts.upgraded).toBeGreaterThan(numRuns / 20);
    expect(counts.several).toBeGreaterThan(0);
  });

  test('an upgrade that is named as what would do does', () => {
    let named = 0;
    fc.assert(
      fc.property(models, (model) => {
        const { world } = settled(model);
        world.definitions.push(instance('asked', dependencies(model.asked)));
        const plan = world.plan('asked', 'asked');
        const fixes = (plan.explanation?.fixes ?? []).flatMap((fix) => /allowUpgrade (\w)/.exec(fix)?.[1] ?? []);
        for (const name of fixes) {
          named++;
          expect(world.plan('asked', 'asked', { allowUpgrade: [name] }).outcome).toBe('install');
        }
      }),
      { seed, numRuns },
    );
    expect(named).toBeGreaterThan(0);
  });

  test('a cascade takes along exactly those who need something that goes, themselves or through others', () => {
    let along = 0;
    fc.assert(
      fc.property(models, fc.constantFrom(...NAMES), (model, name) => {
        const { shared: all, users } = model;
        // What is shared stands under a name of its own, so that it can be given back while others need it.
        const world = new World(...NAMES.flatMap((one) => definitionsOf(one, all[one].slice(0, 1))));
        if (world.provision(name, 'root').outcome !== 'install') return;
        for (const [at, needs] of users.entries()) {
          world.definitions.push(instance(`user-${at}`, dependencies(needs)));
          world.provision(`user-${at}`, `user-${at}`);
        }
        const needing = new Set(world.madeFor('root').map(resourceKey));
        for (const key of needing) for (const user of world.usersOf(key)) needing.add(user);
        const names = [...needing].flatMap((key) => world.get(key)!.instanceId ?? []).filter((one) => one !== 'root');
        const plan = world.planRemoval('root', { cascade: true });
        expect(plan.along ?? []).toEqual([...new Set(names)].toSorted());
        expect(world.planRemoval('root').outcome === 'unsatisfied').toBe(needing.size > 1);
        along += names.length;
        const wires = world.allWires;
        world.carryOut(plan, 'root');
        for (const { from, to } of wires) if (world.keys.has(from)) expect(world.keys.has(to)).toBe(true);
      }),
      { seed, numRuns },
    );
    expect(along).toBeGreaterThan(numRuns / 10);
  });
});
