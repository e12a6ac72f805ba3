import { describe, expect, test } from '@jest/globals';
import { Environment, type EnvironmentRecord } from './environment.js';
import { World, instance, storage } from '../testing.js';

describe('an environment', () => {
  const world = () => {
    const made = new World(storage('disk', [], { shared: true }), storage('data'), instance('app', ['disk', 'data']));
    made.provision('app', 'one');
    made.provision('app', 'two');
    return made;
  };

  test('finds what is there by key, instance and definition, and who uses what', () => {
    const environment = world();
    expect(environment.size).toBe(5);
    expect(environment.get('storage/one-data')?.instanceId).toBe('one');
    const names = (installed: { name: string }[]) => installed.map(({ name }) => name);
    expect(names(environment.madeFor('two'))).toEqual(['two', 'two-data']);
    expect(names(environment.madeFor(undefined))).toEqual(['disk']);
    expect(names(environment.madeFrom('app'))).toEqual(['one', 'two']);
    expect(environment.usersOf('storage/disk')).toEqual(['instance/one', 'instance/two']);
    expect(environment.wiresFrom('instance/one').map(({ requirement, to }) => `${requirement} ${to}`)).toEqual([
      'data storage/one-data',
      'disk storage/disk',
    ]);
  });

  test('forgets with a resource every wire from it and to it, but not its generation', () => {
    const environment = world();
    environment.remove('instance/one');
    environment.remove('storage/two-data');
    environment.remove('storage/two-data');
    expect(environment.usersOf('storage/disk')).toEqual(['instance/two']);
    expect(environment.usersOf('storage/two-data')).toEqual([]);
    expect(environment.wiresFrom('instance/one')).toEqual([]);
    expect(environment.wiresFrom('instance/two').map(({ to }) => to)).toEqual(['storage/disk']);
    expect(environment.madeFrom('app').map(({ name }) => name)).toEqual(['two']);
    expect(environment.generation('instance/one')).toBe(1);
  });

  test('takes a wire once, and none to what is not there', () => {
    const environment = world();
    const [wire] = environment.wiresFrom('instance/one');
    environment.connect(wire!);
    environment.connect({ from: 'instance/one', requirement: 'x', to: 'storage/gone' });
    expect(environment.wiresFrom('instance/one')).toHaveLength(2);
  });

  test('what is installed again under a key takes the place of what was there', () => {
    const environment = world();
    environment.install({ ...environment.get('storage/one-data')!, instanceId: 'two', generation: 4 });
    expect(environment.madeFor('one').map(({ name }) => name)).toEqual(['one']);
    expect(environment.madeFor('two').map(({ name }) => name)).toEqual(['two', 'one-data', 'two-data']);
    expect(environment.generation('storage/one-data')).toBe(4);
  });

  test('counts the updates of a generation; what is made anew, or gone, has none', () => {
    const environment = world();
    const one = environment.get('storage/one-data')!;
    const counted = () => environment.updates('storage/one-data');
    expect(counted()).toBe(0);
    environment.install(one);
    environment.install(one);
    expect(counted()).toBe(2);
    environment.install({ ...one, generation: 2 });
    expect(counted()).toBe(0);
    environment.install({ ...one, generation: 2 });
    expect(counted()).toBe(1);
    environment.remove('storage/one-data');
    expect(counted()).toBe(0);
  });

  test('what is in doubt is so until it is installed anew; plans that rest on it are none of what it is now', () => {
    const environment = world();
    const one = environment.get('storage/one-data')!;
    const seen = () => [environment.get('storage/one-data')?.uncertain, environment.updates('storage/one-data')];
    environment.doubt('storage/gone');
    environment.doubt('storage/one-data');
    expect([seen(), environment.has('storage/gone'), environment.madeFor('one').length]).toEqual([[true, 1], false, 2]);
    environment.install(one);
    expect(seen()).toEqual([undefined, 2]);
  });

  test('is the same after it was written down', () => {
    const environment = world();
    environment.doubt('storage/two-data');
    environment.reach('instance/three', 7);
    environment.install(environment.get('storage/one-data')!);
    environment.remove('instance/one');
    const record = environment.toRecord();
    const copy = Environment.fromRecord(JSON.parse(JSON.stringify(record)));
    const sorted = ({ installed, wires, generations }: EnvironmentRecord) => [installed, wires, generations.toSorted()];
    expect(sorted(copy.toRecord())).toEqual(sorted(record));
    expect(copy.usersOf('storage/disk')).toEqual(environment.usersOf('storage/disk'));
    expect(copy.generation('instance/three')).toBe(7);
    expect(copy.updates('storage/one-data')).toBe(1);
  });
});
