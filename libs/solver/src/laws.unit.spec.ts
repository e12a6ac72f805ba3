import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { resourceKey, sha256, type Plan, type PlanStep, type ResourceDefinition } from '@slipway/contracts';
import { provides } from './definition/matches.js';
import { identityOf, needsOf } from './requirement.js';
import { World, snapshotOf } from './testing.js';

// A failure prints seed and path; SLIPWAY_SEED replays it, SLIPWAY_MODELS says how many worlds each law looks at.
const seed = Number(process.env.SLIPWAY_SEED ?? Date.now() % 2 ** 31);
const numRuns = Number(process.env.SLIPWAY_MODELS ?? 400);
const check = (property: fc.IProperty<never> | fc.IProperty<[World]> | fc.IProperty<[World, number]>) =>
  fc.assert(property as fc.IProperty<unknown[]>, { seed, numRuns });

const NAMES = ['a', 'b', 'c', 'd', 'e', 'f'];
const versions = fc.constantFrom('1.0.0', '1.1.0', '2.0.0', '3.0.0-rc.1');
const ranges = fc.constantFrom(undefined, undefined, undefined, '^1.0.0', '>=1.1.0', '^2.0.0');

const requirement = fc.record(
  {
    namespace: fc.constantFrom('slipway.identity', 'x', 'y'),
    attributes: fc.constantFrom(...NAMES).map((name) => ({ name })),
    range: ranges,
    resolution: fc.constantFrom('mandatory', 'optional'),
  },
  { requiredKeys: ['namespace', 'attributes'] },
) as fc.Arbitrary<NonNullable<ResourceDefinition['requirements']>[number]>;

/** Mostly downwards (to later names), so that many models have a plan; sometimes in circles. */
const definition = fc
  .record({
    name: fc.constantFrom(...NAMES),
    version: versions,
    type: fc.constantFrom('storage', 'database', 'instance', 'instance', undefined),
    shared: fc.constantFrom(true, false, false),
    requirements: fc.array(requirement, { maxLength: 3 }),
    upwards: fc.integer({ min: 0, max: 9 }).map((die) => die === 0),
  })
  .map(({ upwards, type, ...one }): ResourceDefinition => {
    const requirements = one.requirements
      .filter(({ attributes }) => upwards || String(attributes!.name) > one.name)
      .map(({ range, ...rest }) => ({ ...rest, ...(range !== undefined && { range }) }));
    const capability = { attributes: { name: one.name, version: one.version } };
    return {
      ...one,
      ...(type && { type: type as 'storage' }),
      requirements,
      capabilities: [
        { namespace: 'x', ...capability },
        { namespace: 'y', ...capability },
      ],
    };
  });

const worlds = fc
  .uniqueArray(definition, { selector: ({ name, version }) => `${name}@${version}`, minLength: 4, maxLength: 14 })
  .map((definitions) => new World(...definitions));

/** Every installed or planned key with the definition it comes from. */
function presentAfter(world: World, plan: Plan): Map<string, ResourceDefinition> {
  const find = (ref: { name: string; version: string }) =>
    world.definitions.find((one) => one.name === ref.name && one.version === ref.version)!;
  const present = new Map([...world.keys].map((key) => [key, find(world.get(key)!.definition)]));
  for (const step of plan.steps) present.set(step.id, find(step.definition));
  return present;
}

/** What must be wired, looking through abstract definitions as the plan does; null where any provider would do. */
function holds(key: string, owner: ResourceDefinition, plan: Plan, present: Map<string, ResourceDefinition>): boolean {
  const wired = plan.wires.filter((wire) => wire.from === key);
  return needsOf(owner).every((need) => {
    if (need.requirement.resolution === 'optional') return true;
    const direct = wired.find((wire) => wire.requirement === need.name);
    if (direct) return provides(present.get(direct.to)!, need.requirement);
    // Through an abstract definition: it need not have made anything, but what is wired under it must be there.
    return wired.filter((wire) => wire.requirement.startsWith(`${need.name}-`)).every((wire) => present.has(wire.to));
  });
}

describe('laws of plans', () => {
  test('the same input gives the same plan, whatever order the definitions come in', () => {
    check(
      fc.property(worlds, fc.infiniteStream(fc.nat()), (world, dice) => {
        const plan = world.plan('a');
        const shuffled = new World(
          ...world.definitions
            .map((one) => ({ one, at: dice.next().value as number }))
            .toSorted((x, y) => x.at - y.at)
            .map(({ one }) => one),
        );
        expect(shuffled.plan('a')).toEqual(plan);
        expect(world.plan('a').hash).toBe(plan.hash);
      }) as never,
    );
  });

  test('a plan holds: every mandatory requirement is wired to what satisfies it, and every step waits for its wires', () => {
    let installs = 0;
    check(
      fc.property(worlds, (world) => {
        const plan = world.plan('a');
        if (plan.outcome !== 'install') return;
        installs++;
        const present = presentAfter(world, plan);
        const ids = plan.steps.map((step) => step.id);
        expect(new Set(ids).size).toBe(ids.length);
        for (const step of plan.steps) {
          expect(holds(step.id, present.get(step.id)!, plan, present)).toBe(true);
          const targets = plan.wires.filter((wire) => wire.from === step.id).map((wire) => wire.to);
          expect([...step.after].toSorted()).toEqual([...new Set(targets)].toSorted());
        }
        for (const wire of plan.wires) expect(present.has(wire.from) && present.has(wire.to)).toBe(true);
      }),
    );
    expect(installs).toBeGreaterThan(numRuns / 20);
  });

  test('a plan has nothing that nothing needs, and shares what is shared', () => {
    check(
      fc.property(worlds, (world) => {
        const plan = world.plan('a');
        const root = plan.steps.find((step) => step.name === 'shop');
        if (plan.outcome !== 'install' || !root) return;
        const needed = new Set([root.id]);
        for (const from of needed) for (const wire of plan.wires) if (wire.from === from) needed.add(wire.to);
        expect(plan.steps.every((step) => needed.has(step.id))).toBe(true);
        const isShared = ({ name, version }: { name: string; version: string }) =>
          world.definitions.some((one) => one.name === name && one.version === version && one.shared === true);
        const shared = plan.steps.filter((step) => step.shared && isShared(step.definition)).map((step) => step.definition.name);
        expect(new Set(shared).size).toBe(shared.length);
      }),
    );
  });

  test('an unsatisfied plan names why and changes nothing', () => {
    let refused = 0;
    check(
      fc.property(worlds, (world) => {
        const plan = world.plan('a');
        expect(plan.outcome === 'unsatisfied').toBe(plan.unsatisfied.length > 0);
        if (plan.outcome !== 'unsatisfied') return;
        refused++;
        expect([plan.steps, plan.writes, plan.wires]).toEqual([[], [], []]);
        for (const { message, requirement: words } of plan.unsatisfied) expect(message.length * words.length).toBeGreaterThan(0);
      }),
    );
    expect(refused).toBeGreaterThan(numRuns / 40);
  });

  test('taking optional requirements out never makes a plan impossible or possible', () => {
    check(
      fc.property(worlds, (world) => {
        expect(world.plan('a').unsatisfied).toEqual(new World(...bare(world.definitions)).plan('a').unsatisfied);
      }),
    );
  });

  test('what is exported can be imported: everything but what is shared has its part, and each part is taken once', () => {
    let imports = 0;
    check(
      fc.property(worlds, (world) => {
        if (world.provision('a').outcome !== 'install') return;
        const plan = world.planExport();
        if (plan.outcome === 'unsatisfied') {
          // Of an abstract definition only.
          expect(world.madeFor('shop').filter(({ name }) => name === 'shop')).toEqual([]);
          return;
        }
        const ids = plan.steps.map(({ id }) => id);
        expect(new Set(ids).size).toBe(ids.length);
        const at = (id: string) => ids.indexOf(id);
        for (const { id, after } of plan.steps) for (const before of after) expect(at(before)).toBeLessThan(at(id));
        const parts = snapshotOf(plan);
        const mine = world.madeFor('shop').map(resourceKey);
        expect(parts.map(({ sha256: content }) => content).toSorted()).toEqual(mine.map((key) => sha256(key)).toSorted());
        const again = world.planImport(identityOf(world.get(mine.find((key) => key.endsWith('/shop'))!)!.definition), parts);
        if (again.outcome !== 'install') return;
        imports++;
        const taken = again.steps.flatMap(({ from }) => (from ? [from.sha256] : []));
        expect(taken.toSorted()).toEqual(parts.map(({ sha256: content }) => content).toSorted());
        // What it is resolved to anew may be of a kind that the snapshot has nothing of: that begins empty.
        const hasItsLike = ({ kind }: PlanStep) => parts.some((part) => part.kind === kind);
        for (const step of again.steps) expect(Boolean(step.from)).toBe(!step.shared && hasItsLike(step));
      }),
    );
    expect(imports).toBeGreaterThan(numRuns / 20);
  });

  test('any sequence of provision and deprovision keeps every wire whole, repeats nothing, and leaves nothing', () => {
    const moves = fc.array(fc.tuple(fc.constantFrom(...NAMES), fc.constantFrom('one', 'two', 'three'), fc.boolean()), {
      maxLength: 12,
    });
    check(
      fc.property(worlds, moves, ({ definitions }, sequence) => {
        // What is carried out stays in a world: a sequence that is made shorter begins in a new one.
        const world = new World(...definitions);
        const generations = new Map<string, number>();
        const made = (plan: Plan) => {
          for (const step of plan.steps.filter(({ action }) => action === 'ensure')) {
            expect(step.generation).toBeGreaterThan(generations.get(step.id) ?? 0);
            generations.set(step.id, step.generation);
          }
        };
        for (const [reference, name, provision] of sequence) {
          const wiresBefore = world.allWires.length;
          if (provision) {
            const plan = world.provision(reference, name);
            made(plan);
            if (plan.outcome !== 'unsatisfied') expect(isSatisfied(world, reference, name)).toBe(true);
            expect(world.allWires.length).toBeGreaterThanOrEqual(wiresBefore);
          } else {
            const plan = world.deprovision(name);
            const gone = new Set(plan.steps.map((step) => step.id));
            for (const wire of world.allWires) expect(gone.has(wire.from) || gone.has(wire.to)).toBe(false);
          }
        }
        for (let round = 0; round < 4; round++) for (const name of ['one', 'two', 'three']) world.deprovision(name);
        expect([...world.keys]).toEqual([]);
      }) as never,
    );
  });
});

/** Without optional requirements; what needs the others calls them as before. */
const bare = (definitions: readonly ResourceDefinition[]): ResourceDefinition[] =>
  definitions.map((one) => {
    const kept = needsOf(one).filter((need) => need.requirement.resolution !== 'optional');
    return { ...one, requirements: kept.map((need) => ({ ...need.requirement, name: need.name })) };
  });

/** Whether nothing is needed, but for what is optional: that may have closed a circle until what it needs was there. */
function isSatisfied(world: World, reference: string, name: string): boolean {
  const { definitions } = world;
  if (world.plan(reference, name).outcome === 'satisfied') return true;
  world.definitions = bare(definitions);
  const { outcome } = world.plan(reference, name);
  world.definitions = definitions;
  return outcome === 'satisfied';
}
