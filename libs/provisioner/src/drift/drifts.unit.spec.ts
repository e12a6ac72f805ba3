import { beforeEach, describe, expect, test } from '@jest/globals';
import { SlipwayError, type AdoptCommand, type CompareQuery, type InspectAnswer } from '@slipway/contracts';
import type { Driver, DriverContext } from '../driver.js';
import { Janitor } from '../janitor/janitor.js';
import type { Provisioner } from '../provisioner.js';
import { CoreRig } from '../testing/core-rig.js';
import { SimulatedPlace } from '../testing/simulated-place.js';
import { Drifts } from './drifts.js';

describe('drift, as a sub-provisioner tells it', () => {
  let rig: CoreRig;
  let provisioner: Provisioner;
  let drifts: Drifts;
  let look: (context: DriverContext) => Promise<InspectAnswer>;
  const found = (observed: object, outputs?: object) => async () =>
    ({ state: 'present', observed, ...(outputs && { outputs }) }) as InspectAnswer;

  const begin = (over: Partial<Driver> = {}) => {
    rig = new CoreRig('storage');
    const simulated = new SimulatedPlace().driver('storage', 'simulated');
    const driver: Driver = {
      ...simulated,
      adopts: ['mode'],
      repairs: ['mode', 'size'],
      ensure: async () => ({ effect: 'made', outputs: { path: '/a' }, observed: { exists: true, mode: '0750', size: 1 } }),
      inspect: (_target, context) => look(context),
      ...over,
    };
    provisioner = rig.process([driver]);
    const ports = rig.ports([driver]);
    drifts = new Drifts(ports, provisioner.streams, provisioner.lanes, new Janitor(ports, provisioner.streams));
    look = found({ exists: true, mode: '0750', size: 1 });
  };
  const make = async (over = {}) => {
    await provisioner.ensure(rig.ensure(over), rig.context);
    await rig.clock.reach(() => rig.types().includes('Provisioned'));
  };
  const query = (): CompareQuery => {
    const { resource, generation, driver, location } = rig.ensure();
    return { resource, generation, driver, location };
  };
  const adopt = (over: Partial<AdoptCommand>) =>
    drifts.adopt({ ...query(), seen: 'f'.repeat(64), reason: 'it was wanted', ...over }, rig.context);
  beforeEach(() => begin());

  test('F1: what is as recorded has none, and nothing is recorded by looking', async () => {
    await make();
    const before = rig.types();
    expect(await drifts.compare(query())).toEqual({ differences: [], seen: expect.any(String), adoptable: false });
    expect(rig.types()).toEqual(before);
  });

  test('each field is named, with what its driver can do about it', async () => {
    await make();
    look = found({ exists: true, mode: '0777', size: 1 });
    const differences = [{ field: 'mode', recorded: '0750', found: '0777' }];
    expect(await drifts.compare(query())).toMatchObject({ drift: 'changed', differences, adoptable: true, repair: 'update' });
    look = found({ exists: true, mode: '0777', size: 2 });
    expect(await drifts.compare(query())).toMatchObject({ drift: 'changed', adoptable: false, repair: 'update' });
    look = async () => ({ state: 'absent', observed: {} });
    expect(await drifts.compare(query())).toMatchObject({ drift: 'missing', adoptable: false, repair: 'ensure' });
  });

  test('F2: of what is being worked on, or is another generation, nothing is said', async () => {
    await make();
    await expect(drifts.compare({ ...query(), generation: 2 })).rejects.toMatchObject({ code: 'not-found' });
    await expect(drifts.compare({ ...query(), location: 'mars' })).rejects.toMatchObject({ code: 'wrong-location' });
    begin({ ensure: () => new Promise(() => {}) });
    await provisioner.ensure(rig.ensure(), rig.context);
    await expect(drifts.compare(query())).rejects.toMatchObject({ code: 'too-busy' });
  });

  test('F2: a driver that does not look in time, or cannot, has seen nothing', async () => {
    await make();
    look = () => new Promise(() => {});
    let failed: unknown;
    drifts.compare(query()).catch((error: unknown) => (failed = error));
    await rig.clock.reach(() => failed !== undefined);
    expect(failed).toMatchObject({ code: 'timed-out' });
    look = () => Promise.reject(new SlipwayError('unreachable', 'The engine is away'));
    await expect(drifts.compare(query())).rejects.toMatchObject({ message: 'The engine is away' });
  });

  test('F1: a driver that would change something to look is refused', async () => {
    await make();
    look = async (context) => {
      await context.changing('making a bucket');
      return { state: 'present', observed: {} };
    };
    await expect(drifts.compare(query())).rejects.toMatchObject({ message: expect.stringContaining('making a bucket') });
  });

  test('F3: a secret that it gives out or is given stands nowhere in what is said, also when its driver is careless', async () => {
    const ref = await rig.secrets.put('storage-default.shop-data/g1/key', 'very-secret-value');
    begin({ ensure: async () => ({ effect: 'made', outputs: { key: ref }, observed: { mode: '0750' } }) });
    await rig.secrets.put('storage-default.shop-data/g1/key', 'very-secret-value');
    await make();
    look = found({ mode: 'is very-secret-value now' });
    const compared = await drifts.compare(query());
    expect(compared.differences).toEqual([{ field: 'mode', recorded: '0750', found: 'is [secret] now' }]);
    look = () => Promise.reject(new Error('cannot log in with very-secret-value'));
    await expect(drifts.compare(query())).rejects.toMatchObject({ message: expect.not.stringContaining('very-secret-value') });
  });

  test('F4: what was shown is taken into the log with who and why; from then on it is what is there', async () => {
    await make();
    look = found({ exists: true, mode: '0777', size: 1 });
    const { seen } = await drifts.compare(query());
    const { position } = await adopt({ seen });
    expect(rig.last('Adopted')).toEqual({
      generation: 1,
      observed: { exists: true, mode: '0777', size: 1 },
      reason: 'it was wanted',
    });
    expect(rig.disk.events.at(-1)).toMatchObject({ type: 'StorageAdopted', position, metadata: { actor: { id: 'ada' } } });
    expect(await drifts.compare(query())).toMatchObject({ differences: [] });
    // Once more changes nothing.
    expect(await adopt({ seen })).toEqual({ generation: 1, position });
    expect(rig.types().filter((type) => type === 'Adopted')).toHaveLength(1);
  });

  test('F4: what is other than it was shown, or its driver cannot take, is refused, and nothing is recorded', async () => {
    await make();
    const before = rig.types();
    look = found({ exists: true, mode: '0777', size: 1 });
    await expect(adopt({})).rejects.toMatchObject({ code: 'plan-stale' });
    look = found({ exists: true, mode: '0777', size: 2 });
    const { seen } = await drifts.compare(query());
    await expect(adopt({ seen })).rejects.toMatchObject({
      code: 'not-possible',
      message: expect.stringContaining('only mode be taken as found, not size'),
    });
    look = found({ exists: false });
    await expect(adopt({ seen: (await drifts.compare(query())).seen })).rejects.toMatchObject({ code: 'not-possible' });
    await expect(adopt({ seen, generation: 7 })).rejects.toMatchObject({ code: 'not-found' });
    expect(rig.types()).toEqual(before);
  });

  test('what carries our mark and stands in no stream is told by environment; where a driver cannot look nothing is known', async () => {
    const resource = (environment: string) => ({ environment, kind: 'storage' as const, name: 'left' });
    const mark = (environment: string) => ({ resource: resource(environment), generation: 3, where: `/${environment}` });
    begin({ marks: async () => [mark('default'), mark('other')] });
    expect(await drifts.strays({ environment: 'default', location: 'local' })).toEqual({
      items: [{ ...mark('default'), driver: 'simulated', reason: 'no stream knows of it' }],
    });
    await expect(drifts.strays({ environment: 'default', location: 'mars' })).rejects.toMatchObject({ code: 'wrong-location' });
    begin({ marks: () => Promise.reject(new Error('no engine')) });
    await expect(drifts.strays({ environment: 'default', location: 'local' })).rejects.toMatchObject({
      message: expect.stringContaining('no engine'),
    });
  });
});
