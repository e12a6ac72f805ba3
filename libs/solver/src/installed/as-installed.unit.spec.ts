import { describe, expect, test } from '@jest/globals';
import type { ResourceDefinition } from '@slipway/contracts';
import { Environment } from './environment.js';
import { World, instance, keys, steps, storage, wires } from '../testing.js';

const pool = (capacity: number): ResourceDefinition =>
  storage('pool', [], { shared: true, capabilities: [{ namespace: 'space', capacity }] });
const app = (name: string, amount: number) =>
  instance(name, [], { requirements: [{ namespace: 'space', name: 'room', amount }] });
const SMALL = app('small', 1);
const LARGE = app('large', 9);

/** A pool of 5 is installed, with somebody who takes 1 of it; then content changes. */
function grown(...definitions: ResourceDefinition[]): World {
  const world = new World(pool(5), SMALL);
  world.provision('small', 'first');
  world.definitions = definitions;
  return world;
}

describe('plans are made on what is installed, not on what content says of it by now', () => {
  test('what it has room for is what it was made with', () => {
    const world = grown(pool(10), SMALL, LARGE);
    expect(world.plan('large')).toMatchObject({ outcome: 'unsatisfied' });
    const small = world.plan('small');
    expect(wires(small)).toContain('instance/shop -room-> storage/pool');
    expect(small.leases).toMatchObject([{ key: 'storage/pool', amount: 1, capacity: 5 }]);
  });

  test('what content lets it offer no more is there all the same', () => {
    const world = grown(storage('pool', [], { shared: true }), SMALL);
    expect(keys(world.plan('small'))).toEqual(['storage/pool']);
  });

  test('what content has lost is there all the same, and is full when it is', () => {
    const world = grown(SMALL, LARGE, app('rest', 4));
    const plan = world.provision('rest');
    expect(steps(plan)).toEqual({ 'instance/shop:1': [] });
    expect(wires(plan)).toContain('instance/shop -room-> storage/pool');
    expect(world.plan('small', 'third')).toMatchObject({ outcome: 'unsatisfied' });
  });

  test('what content lets it offer by now it does not offer', () => {
    const fast = { namespace: 'fast' };
    const offering = storage('pool', [], { shared: true, capabilities: [{ namespace: 'space', capacity: 5 }, fast] });
    const world = grown(offering, instance('racer', [], { requirements: [{ ...fast, name: 'speed' }] }));
    expect(world.plan('racer')).toMatchObject({ outcome: 'unsatisfied' });
  });

  test('what was made for one alone stays its own when content shares it by now', () => {
    const world = new World(storage('volume'), instance('one', ['volume']));
    world.provision('one', 'first');
    world.definitions = [storage('volume', [], { shared: true, spec: { size: 1 } }), instance('one', ['volume'])];
    expect(wires(world.plan('one'))).toEqual(['instance/shop -volume-> storage/volume']);
  });

  test('what an instance that is there lacks is told by what it was made of', () => {
    const offering = (more: object) => instance('web', [], more);
    const world = new World(offering({ capabilities: [{ namespace: 'http' }] }));
    world.provision('web');
    world.definitions = [offering({ capabilities: [{ namespace: 'ftp' }] })];
    const asking = (namespace: string) => world.plan('web', 'shop', { requirements: [{ namespace, name: 'it' }] });
    expect(asking('http')).toMatchObject({ outcome: 'satisfied' });
    expect(asking('ftp')).toMatchObject({ outcome: 'unsatisfied' });
  });
});

test('what is for all is found by what it offers, until it is gone or offers something else', () => {
  const world = grown(SMALL);
  const required = (name: string) => ({
    ...{ name: 'room', namespace: 'space', attributes: new Map([['name', name]]), optional: false, multiple: false, amount: 1 },
  });
  const anything = { ...required(''), attributes: new Map() };
  expect(world.offering(anything)).toEqual(['storage/pool']);
  expect(world.offering(required('deep'))).toEqual([]);
  expect(Environment.fromRecord(world.toRecord()).offering(anything)).toEqual(['storage/pool']);
  const there = world.get('storage/pool')!;
  world.install({ ...there, capabilities: [{ namespace: 'space', attributes: { name: 'deep' } }] });
  expect(world.offering(required('deep'))).toEqual(['storage/pool']);
  world.install({ ...there, capabilities: [{ namespace: 'other' }] });
  expect(world.offering(anything)).toEqual([]);
  world.install(there);
  world.remove('storage/pool');
  expect(world.offering(anything)).toEqual([]);
});
