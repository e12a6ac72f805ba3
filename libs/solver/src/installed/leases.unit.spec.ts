import { describe, expect, test } from '@jest/globals';
import { World, abstract, instance, storage } from '../testing.js';

describe('leases', () => {
  const pool = storage('pool', [], { shared: true, capabilities: [{ namespace: 'space', capacity: 10 }] });
  const volume = storage('volume', [], { capabilities: [{ namespace: 'folder' }] });
  const app = instance('app', ['volume'], { requirements: [{ name: 'room', namespace: 'space', amount: 4 }] });
  const lease = (holder: string) => ({
    ...{ key: 'storage/pool', holder, requirement: 'room', namespace: 'space', amount: 4, capacity: 10 },
  });

  test('say what a plan takes of what has only so much, whether that is made with it or is there', () => {
    const world = new World(pool, volume, app);
    const first = world.plan('app', 'one');
    expect(first.leases).toEqual([lease('instance/one')]);
    world.carryOut(first, 'one');
    const second = world.plan('app', 'two');
    expect(second.steps.map(({ id }) => id)).not.toContain('storage/pool');
    expect(second.leases).toEqual([lease('instance/two')]);
    world.carryOut(second, 'two');
    expect(world.plan('app', 'three')).toMatchObject({ outcome: 'unsatisfied', leases: [] });
  });

  test('are none where there is enough for all, nor of a plan that makes nothing', () => {
    const world = new World(pool, volume, app, instance('small', ['volume']));
    expect(world.plan('small').leases).toEqual([]);
    world.carryOut(world.plan('app', 'one'), 'one');
    expect(world.plan('app', 'one')).toMatchObject({ outcome: 'satisfied', leases: [] });
  });

  test('are held by what an abstract definition stands for', () => {
    const stack = abstract('stack', [], { requirements: [{ name: 'room', namespace: 'space', amount: 2 }] });
    const { leases } = new World(pool, stack, instance('shop', ['stack'])).plan('shop', 'one');
    expect(leases).toEqual([{ ...lease('instance/one'), requirement: 'stack-room', amount: 2 }]);
  });
});
