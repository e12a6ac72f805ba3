import { beforeEach, describe, expect, test } from '@jest/globals';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { openCompressed, putCompressed } from '@slipway/blobs';
import { SlipwayError, progressSubject, type Part, type StepProgress } from '@slipway/contracts';
import { localFilesystem } from '@slipway/interfaces';
import type { Driver, DriverContext } from '../driver.js';
import { CoreRig } from '../testing/core-rig.js';
import { dataOf } from './data.js';
import { SIMULATED_DATA, SimulatedPlace } from '../testing/simulated-place.js';

const WHAT = 'storage-default.shop-data/g1';

const EXPORT = '0b8f2c1e-0000-4000-8000-000000000002';

describe('the data of a resource', () => {
  let rig: CoreRig;
  let place: SimulatedPlace;
  beforeEach(() => {
    rig = new CoreRig('storage');
    place = new SimulatedPlace();
  });
  const simulated = () => place.driver('storage', 'simulated');
  const until = (...types: string[]) => rig.clock.reach(() => types.includes(rig.types().at(-1)!));
  const made = async (driver: Driver = simulated()) => {
    const provisioner = rig.process([driver]);
    await provisioner.ensure(rig.ensure(), rig.context);
    await until('Provisioned');
    return provisioner;
  };
  /** A driver whose data are what a test says. */
  const giving = (give: (context: DriverContext) => AsyncIterable<Uint8Array>): Driver => {
    const driver = simulated();
    return { ...driver, portable: { ...driver.portable!, export: async (_target, _spec, context) => give(context) } };
  };

  test('are read out, stored compressed, and named by the outcome; nothing at the place or of the state changes', async () => {
    const provisioner = await made();
    place.data(WHAT, 'precious '.repeat(10_000));
    const effects: string[] = [];
    place.onEffect = ({ when, effect }) => void (when === 'before' && effects.push(effect));
    expect(await provisioner.export(rig.export({ requestId: EXPORT }), rig.context)).toEqual({ status: 'accepted', epoch: 2 });
    await until('Exported');
    const { part } = rig.last('Exported') as { part: Part };
    expect(part).toMatchObject({ mediaType: SIMULATED_DATA, contentBytes: 90_000, holder: EXPORT });
    expect(await rig.blobs.has(part.sha256)).toBe(false);
    expect(part.bytes).toBeLessThan(1_000);
    expect((await buffer(await openCompressed(rig.blobs.of(EXPORT), part))).toString()).toBe('precious '.repeat(10_000));
    expect(effects).toEqual(['read']);
    expect(await provisioner.export(rig.export({ requestId: EXPORT }), rig.context)).toEqual({ status: 'settled', epoch: 2 });
    expect(rig.types()).toEqual(['Started', 'Provisioned', 'Started', 'Exported']);
  });

  test('are what another one begins with, once; one that is there keeps its own', async () => {
    const provisioner = await made();
    place.data(WHAT, 'precious');
    await provisioner.export(rig.export({ requestId: EXPORT }), rig.context);
    await until('Exported');
    const { part } = rig.last('Exported') as { part: Part };
    await provisioner.destroy(rig.destroy({ requestId: 'r3' }), rig.context);
    await until('Destroyed');
    await provisioner.ensure(rig.ensure({ requestId: 'r4', generation: 2, from: part }), rig.context);
    await until('Provisioned');
    expect(rig.last('Started')).toMatchObject({ from: part });
    expect(place.data('storage-default.shop-data/g2')).toBe('precious');
    place.data('storage-default.shop-data/g2', 'newer');
    await provisioner.ensure(rig.ensure({ requestId: 'r5', generation: 2, from: part }), rig.context);
    await until('Provisioned');
    expect(place.data('storage-default.shop-data/g2')).toBe('newer');
  });

  test.each([
    ['whose blob is gone', 'blob-missing', (part: Part) => void rig.blobs.of(EXPORT).contents.delete(part.sha256)],
    ['whose blob is damaged', 'blob-damaged', (part: Part) => void (rig.blobs.of(EXPORT).contents.get(part.sha256)![20]! ^= 1)],
    ['that are more than their part says', 'archive-invalid', (part: Part) => void (part.contentBytes -= 1)],
    ['that are less than their part says', 'archive-invalid', (part: Part) => void (part.contentBytes += 1)],
  ])('%s make nothing', async (_what, code, harm) => {
    const provisioner = await made();
    place.data(WHAT, 'precious '.repeat(10_000));
    await provisioner.export(rig.export({ requestId: EXPORT }), rig.context);
    await until('Exported');
    const part = { ...(rig.last('Exported') as { part: Part }).part };
    harm(part);
    await provisioner.destroy(rig.destroy({ requestId: 'r3' }), rig.context);
    await until('Destroyed');
    await provisioner.ensure(rig.ensure({ requestId: 'r4', generation: 2, from: part }), rig.context);
    await until('Failed', 'Provisioned');
    expect(rig.last('Failed')).toMatchObject({ action: 'ensure', cause: { code } });
    expect(() => place.data('storage-default.shop-data/g2')).toThrow('is not there');
  });

  test('are told as bytes and rate while they are read out', async () => {
    const told: StepProgress[] = [];
    rig.bus.subscribe(progressSubject('dev', EXPORT), (body) => void told.push(body as StepProgress));
    const slow = giving(async function* ({ clock }) {
      for (let n = 0; n < 4; n += 1) {
        yield Buffer.alloc(1024);
        await new Promise<void>((resolve) => void clock.after(500, resolve));
      }
    });
    const provisioner = await made(slow);
    await provisioner.export(rig.export({ requestId: EXPORT }), rig.context);
    await until('Exported');
    await rig.clock.reach(() => told.length > 1);
    expect(told.map(({ message }) => message)).toEqual(['3.0 KiB read, 3.0 KiB/s', '4.0 KiB read, 2.0 KiB/s']);
    expect(told[0]).toMatchObject({ stepId: 'storage/shop-data#export' });
  });

  test('that are without end are read out until the step is cancelled; nothing is kept', async () => {
    let ended = false;
    const endless = giving(async function* ({ clock }) {
      try {
        for (;;) {
          yield Buffer.alloc(64 * 1024, 'x');
          await new Promise<void>((resolve) => void clock.after(100, resolve));
        }
      } finally {
        ended = true;
      }
    });
    const provisioner = await made(endless);
    const command = rig.export({ requestId: EXPORT });
    await provisioner.export(command, rig.context);
    await rig.clock.pass(1_000);
    expect(await provisioner.cancelStep(command)).toEqual({ cancelled: true });
    await until('Failed');
    expect(rig.last('Failed')).toMatchObject({ action: 'export', cause: { code: 'step-cancelled' } });
    await rig.clock.reach(() => ended);
    expect(rig.blobs.held()).toEqual([]);
  });

  test('that were opened and not read yet end with the step, and say why when they are read', async () => {
    const { sha256, bytes, contentBytes } = await putCompressed(rig.blobs, Readable.from([Buffer.from('precious')]));
    const part = { sha256, bytes, contentBytes, mediaType: SIMULATED_DATA };
    const asked = new AbortController();
    const context = { blobs: rig.blobs, clock: rig.clock, signal: asked.signal, progress: () => {} };
    const content = await dataOf(part, { ...context, filesystem: localFilesystem() }).open();
    asked.abort(new SlipwayError('step-cancelled', 'enough'));
    await new Promise((resolve) => setImmediate(resolve));
    await expect(buffer(content)).rejects.toMatchObject({ code: 'step-cancelled', message: 'enough' });
  });

  test('that cannot be stored, or read to their end, fail the step by their own reason', async () => {
    const provisioner = await made(
      giving(async function* () {
        yield Buffer.from('half');
        throw new Error('the disk broke');
      }),
    );
    await provisioner.export(rig.export({ requestId: EXPORT }), rig.context);
    await until('Failed');
    expect(rig.last('Failed')).toMatchObject({ cause: { code: 'driver-failed', message: 'the disk broke' } });
  });

  test('of a driver that cannot do it are refused by name, before anything is recorded', async () => {
    const { portable: _lacking, ...bare } = simulated();
    const provisioner = await made(bare);
    const part = { sha256: 'a'.repeat(64), bytes: 1, mediaType: 'application/x-tar', contentBytes: 1 };
    const before = rig.types().length;
    for (const attempt of [
      provisioner.export(rig.export({ requestId: EXPORT }), rig.context),
      provisioner.ensure(rig.ensure({ requestId: 'r2', from: part }), rig.context),
      rig.process([simulated()]).ensure(rig.ensure({ requestId: 'r2', from: part }), rig.context),
    ]) {
      await expect(attempt).rejects.toMatchObject({ code: 'not-portable', message: expect.stringContaining('simulated') });
    }
    expect(rig.types()).toHaveLength(before);
  });
});

describe('stopping a resource', () => {
  test('ends what runs of it until it is ensured again; where nothing runs it is done at once', async () => {
    const rig = new CoreRig('instance');
    const place = new SimulatedPlace();
    const until = (type: string) => rig.clock.reach(() => rig.types().at(-1) === type);
    const provisioner = rig.process([place.driver('instance', 'simulated')]);
    const ensure = { spec: { command: ['node'] } };
    await provisioner.ensure(rig.ensure(ensure), rig.context);
    await until('Provisioned');
    expect(await provisioner.stop(rig.stop({ requestId: 'r2' }), rig.context)).toEqual({ status: 'accepted', epoch: 2 });
    await until('Stopped');
    expect(place.stopped()).toEqual(['instance-default.shop-data/g1']);
    await provisioner.ensure(rig.ensure({ ...ensure, requestId: 'r2' }), rig.context);
    await until('Provisioned');
    expect(place.stopped()).toEqual([]);
    const { stop: _none, ...still } = place.driver('instance', 'simulated');
    await rig.process([still]).stop(rig.stop({ requestId: 'r3' }), rig.context);
    await until('Stopped');
    expect(place.stopped()).toEqual([]);
  });

  test('of what somebody has stopped before is undone by leaving it stopped', async () => {
    const rig = new CoreRig('instance');
    const place = new SimulatedPlace();
    const until = (type: string) => rig.clock.reach(() => rig.types().at(-1) === type);
    const provisioner = rig.process([place.driver('instance', 'simulated')]);
    const ensure = { spec: { command: ['node'] } };
    await provisioner.ensure(rig.ensure(ensure), rig.context);
    await until('Provisioned');
    const { resource } = rig.ensure();
    await provisioner.streams.record(
      resource,
      { type: 'Desire', change: 'stop' },
      { actor: rig.context.actor, environment: 'default' },
    );
    await provisioner.stop(rig.stop({ requestId: 'r2' }), rig.context);
    await until('Stopped');
    await provisioner.ensure(rig.ensure({ ...ensure, requestId: 'r2' }), rig.context);
    await until('Provisioned');
    expect(rig.last('Provisioned')).toMatchObject({ effect: 'found', stopped: true, outputs: { path: '/shop-data' } });
    expect(place.stopped()).toEqual(['instance-default.shop-data/g1']);
    await provisioner.ensure(rig.ensure({ ...ensure, requestId: 'r3' }), rig.context);
    await rig.clock.reach(() => place.stopped().length === 0);
  });

  test('of another generation is refused by name, and nothing is recorded', async () => {
    const rig = new CoreRig('instance');
    const provisioner = rig.process([new SimulatedPlace().driver('instance', 'simulated')]);
    await expect(provisioner.stop(rig.stop(), rig.context)).rejects.toMatchObject({ code: 'not-found' });
    await expect(provisioner.export(rig.export(), rig.context)).rejects.toMatchObject({ code: 'not-found' });
    expect(rig.types()).toEqual([]);
  });
});
