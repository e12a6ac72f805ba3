import { expect, test } from '@jest/globals';
import { CoreRig } from '../testing/core-rig.js';
import { SimulatedPlace } from '../testing/simulated-place.js';
import { Janitor } from './janitor.js';

test('the janitor tells of what carries our mark and should not be there, and touches nothing', async () => {
  const rig = new CoreRig('storage');
  const place = new SimulatedPlace();
  const driver = place.driver('storage', 'simulated');
  const provisioner = rig.process([driver]);
  const resource = (name: string) => ({ environment: 'default', kind: 'storage' as const, name });
  const provision = async (name: string, generation = 1) => {
    await provisioner.ensure(rig.ensure({ requestId: name, resource: resource(name), generation }), rig.context);
    await rig.clock.reach(() => rig.types(resource(name)).includes('Provisioned'));
  };
  await provision('known');
  await provision('given-back');
  // A driver that says it is gone although it is not.
  const lying = rig.process([{ ...driver, destroy: async () => 'destroyed' }], 'there');
  await lying.destroy({ ...rig.destroy(), resource: resource('given-back'), requestId: 'r2' }, rig.context);
  await rig.clock.reach(() => rig.types(resource('given-back')).includes('Destroyed'));
  // As after a restore of a log that did not hold it yet; of one of them the name was given anew.
  const target = { resource: resource('unknown'), generation: 1, epoch: 1, definition: rig.ensure().definition };
  const context = { log: () => {}, progress: () => {} } as never;
  await driver.ensure(target, {}, {}, context);
  await driver.ensure({ ...target, resource: resource('known'), generation: 5 }, {}, {}, context);
  await driver.ensure({ ...target, resource: resource('anew') }, {}, {}, context);
  await provision('anew', 1_800_000_000);

  const before = place.marks();
  const strays = await new Janitor(rig.ports([driver]), provisioner.streams).strays();
  expect(strays.map(({ resource: { name }, generation, location, reason }) => [name, generation, location, reason])).toEqual([
    ['given-back', 1, 'local', 'it was given back, and is still there'],
    ['unknown', 1, 'local', 'no stream knows of it'],
    ['known', 5, 'local', 'no stream knows of it'],
    ['anew', 1, 'local', 'no stream knows of it'],
  ]);
  expect(place.marks()).toEqual(before);
});

test('a driver whose engine is away keeps the janitor from nothing else', async () => {
  const rig = new CoreRig('storage');
  const place = new SimulatedPlace();
  const driver = place.driver('storage', 'simulated');
  const resource = { environment: 'default', kind: 'storage' as const, name: 'unknown' };
  const target = { resource, generation: 1, epoch: 1, definition: rig.ensure().definition };
  await driver.ensure(target, {}, {}, { log: () => {}, progress: () => {} } as never);
  const away = { ...driver, name: 'away', marks: () => Promise.reject(new Error('no engine')) };
  const provisioner = rig.process([away, driver]);
  const ports = rig.ports([away, driver]);
  const warned: string[] = [];
  const strays = await new Janitor(
    {
      ...ports,
      reports: { ...ports.reports, warn: (about, message) => void warned.push(`${JSON.stringify(about)} ${message}`) },
    },
    provisioner.streams,
  ).strays();
  expect(strays).toMatchObject([{ resource, driver: 'simulated' }]);
  expect(warned).toEqual([expect.stringMatching(/"driver":"away".*could not be looked for/)]);
});
