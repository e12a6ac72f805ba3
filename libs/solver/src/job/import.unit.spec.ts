import { describe, expect, test } from '@jest/globals';
import { sha256 } from '@slipway/contracts';
import { World, database, instance, snapshotOf, steps, storage } from '../testing.js';

const DEFINITIONS = [instance('guestbook', ['db', 'files']), database('db'), storage('files')];

const exported = () => {
  const world = new World(...DEFINITIONS);
  world.provision('guestbook');
  return { world, parts: snapshotOf(world.planExport()) };
};
const reasons = (world: World, ...given: Parameters<World['planImport']>) =>
  world.planImport(...given).unsatisfied.map(({ reason, message }) => `${reason}: ${message}`);

describe('a plan to import', () => {
  test('makes the same as a provision, and each thing begins with the part of its role', () => {
    const { world, parts } = exported();
    const plan = world.planImport('guestbook@1.0.0', parts);
    expect(steps(plan)).toEqual(steps(world.plan('guestbook', 'copy')));
    expect(plan.outcome).toBe('install');
    const from = Object.fromEntries(plan.steps.map((step) => [step.id, step.from?.sha256]));
    expect(from).toEqual({
      'instance/copy': sha256('instance/shop'),
      'database/copy-db': sha256('database/shop-db'),
      'storage/copy-files': sha256('storage/shop-files'),
    });
    expect(plan.hash).not.toBe(world.plan('guestbook', 'copy').hash);
  });

  test('what is shared is used or made as it is, without data', () => {
    const world = new World(instance('app', ['pg', 'files']), database('pg', [], { shared: true }), storage('files'));
    world.provision('app');
    const elsewhere = new World(...world.definitions);
    const plan = elsewhere.planImport('app', snapshotOf(world.planExport()));
    expect(plan.steps.filter(({ from }) => !from).map(({ id }) => id)).toEqual(['database/pg']);
  });

  test('a name that something has is refused, the same definition or not', () => {
    const { world, parts } = exported();
    expect(reasons(world, 'guestbook', parts, 'shop')).toEqual([
      'name-in-use: There is an instance shop, and an import never changes what is there. Choose another name.',
    ]);
  });

  test('a part that nothing takes, and data that are missing, are named', () => {
    const { world, parts } = exported();
    world.definitions = [instance('guestbook', ['db', 'other']), database('db'), storage('other'), storage('files')];
    expect(reasons(world, 'guestbook', parts)).toEqual([
      'snapshot-unfit: The snapshot has data of kind storage, and none for storage/copy-other. Import the definition in the version that the snapshot is of.',
      `snapshot-unfit: Nothing takes the snapshot's storage "files" (files@1.0.0). Import the definition in the version that the snapshot is of.`,
    ]);
  });

  test('a definition that is not there is explained as for a provision', () => {
    const { world, parts } = exported();
    expect(world.planImport('guestbok', parts).unsatisfied).toEqual(world.plan('guestbok', 'copy').unsatisfied);
  });
});
