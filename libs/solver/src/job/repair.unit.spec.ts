import { describe, expect, test } from '@jest/globals';
import type { RepairAsked } from '@slipway/contracts';
import { World, database, instance, steps, storage, wires } from '../testing.js';

const gone = (key: string): RepairAsked => ({
  ...{ key, drift: 'missing', by: 'ensure' },
  differences: [{ field: 'state', recorded: 'present', found: 'absent' }],
});
const other = (key: string, by: RepairAsked['by'] | null = 'update'): RepairAsked => ({
  ...{ key, drift: 'changed', ...(by && { by }) },
  differences: [{ field: 'limits', recorded: { cpus: 1 }, found: { cpus: 2 } }],
});

function guestbook(): World {
  const world = new World(instance('guestbook', ['db', 'files']), database('db'), storage('files'));
  world.provision('guestbook');
  return world;
}

describe('a plan to repair', () => {
  test('what is other is changed back in place, and says from what to what; nothing else is touched', () => {
    const plan = guestbook().planRepair([other('storage/shop-files')]);
    expect(plan).toMatchObject({ outcome: 'repair', writes: ['storage/shop-files'] });
    expect(plan.alreadySatisfied.map(({ name }) => name)).toEqual(['shop-db', 'shop']);
    expect(plan.steps).toMatchObject([
      {
        ...{ id: 'storage/shop-files', action: 'update', generation: 1, inverse: 'none', after: [] },
        changes: [{ field: 'limits', from: '{"cpus":2}', to: '{"cpus":1}', how: 'in-place' }],
      },
    ]);
  });

  test('what is gone is made again under its own generation, before the instance that uses it is given it anew', () => {
    const plan = guestbook().planRepair([gone('storage/shop-files')]);
    expect(steps(plan)).toEqual({ 'storage/shop-files:1': [], 'instance/shop:1': ['storage/shop-files'] });
    expect(plan.steps.map(({ action, inverse }) => `${action} ${inverse}`)).toEqual(['ensure none', 'update none']);
    expect(plan.steps[0]!.because).toContain('without its data');
    expect(plan.steps[1]!.changes).toEqual([{ field: 'requirements.files', to: 'made again', how: 'in-place' }]);
    expect(wires(plan)).toEqual(['instance/shop -db-> database/shop-db', 'instance/shop -files-> storage/shop-files']);
  });

  test('what is gone below its mark is made again by an update, and its users follow too', () => {
    const plan = guestbook().planRepair([{ ...gone('database/shop-db'), by: 'update' }]);
    expect(plan.steps.map(({ id, action }) => `${action} ${id}`)).toEqual(['update database/shop-db', 'update instance/shop']);
  });

  test('of several, each comes after what it uses', () => {
    const plan = guestbook().planRepair([gone('instance/shop'), gone('storage/shop-files'), other('database/shop-db')]);
    expect(steps(plan)).toEqual({
      'database/shop-db:1': [],
      'storage/shop-files:1': [],
      'instance/shop:1': ['database/shop-db', 'storage/shop-files'],
    });
    expect(plan.steps.at(-1)!.action).toBe('ensure');
  });

  test('what is shared is repaired as such; others who use it are left as they are, and named', () => {
    const world = new World(instance('app', ['pg']), database('pg', [], { shared: true }));
    world.provision('app');
    world.provision('app', 'other');
    const key = [...world.keys].find((one) => one.startsWith('database/'))!;
    const plan = world.planRepair([gone(key)]);
    expect(plan.steps.map(({ id, shared = false }) => [id, shared])).toEqual([
      [key, true],
      ['instance/shop', false],
    ]);
    expect(plan.steps[0]!.belongs).toMatchObject({ owner: { id: 'ada' }, guestLocation: 'local' });
    expect(plan.affected?.map(({ key: touched }) => touched)).toEqual(['instance/other']);
  });

  test('carried out, everything stands as before: same generations, same wires', () => {
    const world = guestbook();
    const before = world.toRecord();
    world.carryOut(world.planRepair([gone('storage/shop-files')]), 'shop');
    const { installed, wires: wired, generations } = world.toRecord();
    const byKey = (all: typeof installed) => all.map(({ kind, name, generation }) => `${kind}/${name}:${generation}`).toSorted();
    expect(byKey(installed)).toEqual(byKey(before.installed));
    expect(wired.map((one) => JSON.stringify(one)).toSorted()).toEqual(before.wires.map((one) => JSON.stringify(one)).toSorted());
    expect(generations).toEqual(before.generations);
  });

  test('what its driver cannot bring back is named, with the way out, and nothing is done; nothing other is satisfied', () => {
    const world = guestbook();
    const {
      outcome,
      unsatisfied,
      steps: none,
    } = world.planRepair([other('database/shop-db', null), other('storage/shop-files')]);
    expect([outcome, none]).toEqual(['unsatisfied', []]);
    expect(unsatisfied).toMatchObject([{ requirement: 'database/shop-db', reason: 'not-updatable' }]);
    expect(unsatisfied[0]!.message).toMatch(
      /It is changed \(limits\), and the database driver \S+ cannot bring that back\. Adopt it/,
    );
    expect(world.planRepair([])).toMatchObject({ outcome: 'satisfied', steps: [] });
    expect(world.planRepair([], 'nowhere').unsatisfied).toMatchObject([{ message: 'Nothing stands under the name nowhere.' }]);
  });
});
