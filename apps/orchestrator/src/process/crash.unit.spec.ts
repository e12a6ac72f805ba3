import { describe, expect, test } from '@jest/globals';
import { seeded } from '@slipway/mesh/testing';
import { randomFaults } from '@slipway/mesh/testing';
import { cause, run, type Scenario } from '../testing/crash.js';
import { World, job, removal } from '../testing/world.js';

const seed = Number(process.env['SLIPWAY_SEED'] ?? Date.now() % 1_000_000);

/** What holds whatever happens: each effect once, nothing that nobody knows of, each name released or its own. */
function nothingLostOrTwice(world: World): void {
  for (const { made } of Object.values(world.provisioners))
    for (const [what, times] of made) expect([what, times]).toEqual([what, 1]);
  const { installed, names, admitted, held } = world.environment();
  const known = [...installed.entries()].map(([key, { generation }]) => `${key} g${generation}`).toSorted();
  expect(world.standing).toEqual(known);
  expect([admitted.size, held.size]).toEqual([0, 0]);
  for (const [name] of names.entries()) expect([...installed.entries()].some(([, one]) => one.instanceId === name)).toBe(true);
}

const scenarios: Scenario[] = [
  {
    name: 'provision',
    jobs: [job('shop')],
    check(world, [shop]) {
      nothingLostOrTwice(world);
      expect(world.last(shop!.requestId)!.type).toBe('RequestSucceeded');
      expect(world.standing).toEqual(['database/shop-db g1', 'instance/shop g1', 'storage/shop-data g1']);
    },
  },
  {
    name: 'provision, deprovision',
    jobs: [job('shop', { definition: 'forum' }), removal('shop')],
    check(world, [, gone]) {
      nothingLostOrTwice(world);
      expect(world.last(gone!.requestId)!.type).toBe('RequestSucceeded');
      expect(world.standing).toEqual([]);
    },
  },
  {
    name: 'a step that fails for good is undone',
    jobs: [job('shop')],
    prepare(world) {
      world.provisioners.instance.behave = ({ action }) => (action === 'ensure' ? { fails: cause('foreign') } : {});
    },
    check(world, [shop]) {
      nothingLostOrTwice(world);
      expect(world.last(shop!.requestId)!.type).toBe('RequestFailed');
      expect(world.standing).toEqual([]);
      expect(world.environment().names.size).toBe(0);
    },
  },
  {
    name: 'a step that fails once is tried again',
    jobs: [job('shop', { definition: 'forum' })],
    prepare(world) {
      world.provisioners.database.behave = (step) => (step.try === 1 ? { fails: cause('driver-failed') } : {});
    },
    check(world, [shop]) {
      nothingLostOrTwice(world);
      expect(world.last(shop!.requestId)!.type).toBe('RequestSucceeded');
    },
  },
];

describe.each(scenarios)('killed at every point: $name', (scenario) => {
  test('once', async () => {
    const points = await run(scenario, []);
    expect(points.length).toBeGreaterThan(20);
    for (let at = 0; at < points.length; at += 1) {
      try {
        await run(scenario, [at]);
      } catch (error) {
        throw new Error(`killed at point ${at}: ${points[at]}\n${(error as Error).message}`, { cause: error });
      }
    }
  }, 120_000);

  test(`several times, messages lost, doubled and late (SLIPWAY_SEED=${seed})`, async () => {
    for (let round = 0; round < 15; round += 1) {
      const random = seeded(seed + round);
      const deaths = Array.from({ length: 3 }, () => Math.floor(random() * 90));
      const faults = randomFaults({ drop: 0.15, double: 0.2, delayMs: 40 });
      try {
        await run({ ...scenario, seed: seed + round, faults }, deaths);
      } catch (error) {
        throw new Error(`SLIPWAY_SEED=${seed}, round ${round}, killed at ${deaths.join(', ')}\n${(error as Error).message}`, {
          cause: error,
        });
      }
    }
  }, 120_000);
});
