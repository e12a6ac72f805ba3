import { describe, expect, test } from '@jest/globals';
import { World, database, instance, steps, storage } from '../testing.js';

describe('a plan to deprovision', () => {
  test('destroys the instance first, then what was made for it, side by side where nothing forbids it', () => {
    const world = new World(instance('app', ['db', 'files']), database('db', ['volume']), storage('volume'), storage('files'));
    world.provision('app');
    const plan = world.planRemoval('shop');
    expect(plan.outcome).toBe('remove');
    expect(steps(plan)).toEqual({
      'instance/shop:1': [],
      'database/shop-db:1': ['instance/shop'],
      'storage/shop-files:1': ['instance/shop'],
      'storage/shop-db-volume:1': ['database/shop-db'],
    });
    expect(plan.steps.every((step) => step.action === 'destroy' && step.inverse === 'forward')).toBe(true);
    expect(plan.reads).toContainEqual({ key: 'storage/shop-files', generation: 1, users: ['instance/shop'] });
    expect(plan.writes).toHaveLength(4);
    world.deprovision();
    expect(world.size).toBe(0);
    expect(world.allWires).toEqual([]);
  });

  test('pins what is there, not what the repository has since', () => {
    const world = new World(instance('app'));
    const [made] = world.provision('app').steps;
    world.definitions = [];
    expect(world.planRemoval('shop').steps).toMatchObject([
      { definition: made!.definition, location: 'here', driver: 'process', generation: 1, spec: {} },
    ]);
  });

  test('leaves what is shared while others are wired to it, and takes it along with its last user', () => {
    const world = new World(
      instance('app', ['pg']),
      database('pg', ['disk'], { shared: true }),
      storage('disk', [], { shared: true }),
    );
    world.provision('app', 'one');
    world.provision('app', 'two');
    const { reads } = world.planRemoval('one');
    expect(reads).toContainEqual({ key: 'database/pg', generation: 1, leaving: ['instance/one'] });
    // What only others use is nothing to this plan.
    expect(reads.map(({ key }) => key)).toEqual(['database/pg', 'instance/one']);
    expect(steps(world.deprovision('one'))).toEqual({ 'instance/one:1': [] });
    expect(steps(world.deprovision('two'))).toEqual({
      'instance/two:1': [],
      'database/pg:1': ['instance/two'],
      'storage/disk:1': ['database/pg'],
    });
    expect(world.size).toBe(0);
  });

  test('is refused while something else needs what was made for it', () => {
    const world = new World(database('pg', [], { shared: true }), instance('app', ['pg']));
    world.provision('pg', 'main');
    world.provision('app', 'one');
    expect(world.planRemoval('main')).toMatchObject({
      outcome: 'unsatisfied',
      steps: [],
      writes: [],
      unsatisfied: [
        {
          chain: ['instance/one'],
          requirement: 'database/main',
          reason: 'still-needed',
          message:
            'database/main is still needed by instance/one. Deprovision that first, or take it along with cascade (--cascade).',
        },
      ],
    });
    expect(steps(world.deprovision('one'))).toEqual({ 'instance/one:1': [] });
    expect(steps(world.deprovision('main'))).toEqual({ 'database/main:1': [] });
  });

  describe('what others need', () => {
    /** `main` is used by `one`, `two` and the shared `api`, which `web` uses. */
    const world = () => {
      const there = new World(
        database('pg', [], { shared: true }),
        instance('api', ['pg'], { shared: true }),
        instance('app', ['pg', 'data']),
        storage('data'),
        instance('front', ['api']),
      );
      for (const [definition, name] of [
        ['pg', 'main'],
        ['app', 'one'],
        ['front', 'web'],
        ['app', 'two'],
      ] as const)
        there.provision(definition, name);
      return there;
    };

    test('is refused with all of them, directly and further away, and with the way to take them along', () => {
      expect(world().planRemoval('main').unsatisfied).toEqual([
        {
          chain: ['instance/api', 'instance/one', 'instance/two'],
          requirement: 'database/main',
          reason: 'still-needed',
          message:
            'database/main is still needed by instance/api, instance/one and instance/two, and further away by instance/web. Deprovision those first, or take them along with cascade (--cascade).',
        },
      ]);
    });

    test('goes with cascade, each after what uses it, with why; instances go whole', () => {
      const there = world();
      const plan = there.planRemoval('main', { cascade: true });
      expect(steps(plan)).toEqual({
        'instance/one:1': [],
        'instance/two:1': [],
        'instance/web:1': [],
        'instance/api:1': ['instance/web'],
        'storage/one-data:1': ['instance/one'],
        'storage/two-data:1': ['instance/two'],
        'database/main:1': ['instance/api', 'instance/one', 'instance/two'],
      });
      expect(plan.along).toEqual(['one', 'two', 'web']);
      expect(Object.fromEntries(plan.steps.map(({ id, because }) => [id, because]))).toEqual({
        'database/main': undefined,
        'instance/api': 'it needs database/main, which goes',
        'instance/one': 'it needs database/main, which goes',
        'instance/two': 'it needs database/main, which goes',
        'instance/web': 'it needs instance/api, which goes',
        'storage/one-data': 'it was made for one, which is taken along',
        'storage/two-data': 'it was made for two, which is taken along',
      });
      there.carryOut(plan, 'main');
      expect(there.size).toBe(0);
    });

    test('takes nobody along who needs nothing of it', () => {
      const plan = world().planRemoval('one', { cascade: true });
      expect(plan).toEqual(world().planRemoval('one'));
      expect(plan).not.toHaveProperty('along');
    });
  });

  test('has no step for what is not there', () => {
    expect(new World().planRemoval('shop')).toMatchObject({ outcome: 'satisfied', steps: [], reads: [], writes: [] });
  });
});
