import { readdirSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { EngineMarks } from '@slipway/provisioner';
import { ContractPlace } from '@slipway/provisioner/testing';
import { dockerVolumeDriver } from './docker-volume.js';
import { missing, VolumeEngine } from './testing/engine.js';

jest.setTimeout(120_000);

const where = missing === undefined ? describe : describe.skip;

where(`a volume${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  let engine: VolumeEngine;
  let driver: ReturnType<typeof dockerVolumeDriver>;
  let place: ContractPlace;
  beforeAll(async () => {
    engine = await VolumeEngine.start();
    driver = dockerVolumeDriver({ mesh: 'volumes', docker: { host: engine.host } });
  }, 180_000);
  afterAll(() => engine?.stop(), 60_000);
  beforeEach(async () => {
    place = await ContractPlace.make();
  });
  afterEach(async () => {
    for (const { resource, generation } of await driver.marks(await place.context()))
      await driver.destroy(place.target('storage', resource.name, generation), await place.context());
    await place.remove();
  });

  const volumes = () => engine.docker('volume', 'ls', '--quiet', '--filter', 'label=slipway.mesh=volumes');

  test('carries labels that say whose it is, and has the owner and the mode that were asked for', async () => {
    const target = place.target('storage', 'data');
    const spec = { mode: '0770', owner: '4711:4712' };
    const { outputs, observed } = await driver.ensure(target, spec, {}, await place.context());
    const labels = JSON.parse(engine.docker('volume', 'inspect', '--format', '{{json .Labels}}', String(outputs['volume'])));
    expect(labels).toEqual({
      'slipway.place': expect.stringMatching(/^[0-9a-f]{8}$/),
      'slipway.mesh': 'volumes',
      'slipway.environment': 'default',
      'slipway.kind': 'storage',
      'slipway.name': 'data',
      'slipway.generation': '1',
      'slipway.epoch': '1',
    });
    expect(observed).toEqual({ exists: true, driver: 'local', mode: '0770', owner: '4711:4712' });
    expect(engine.inside(outputs['volume'], `const { uid, gid } = fs.statSync('/data'); uid + ':' + gid`)).toBe('4711:4712');
  });

  test('is refused, with nothing made, where no engine answers', async () => {
    const nowhere = dockerVolumeDriver({ mesh: 'volumes', docker: { host: 'unix:///nowhere/docker.sock' } });
    await expect(nowhere.ensure(place.target('storage', 'data'), {}, {}, await place.context())).rejects.toMatchObject({
      code: 'driver-failed',
      message: expect.stringContaining('The Docker engine cannot be reached'),
    });
    expect(readdirSync(place.root)).toEqual([]);
  });

  test('that was lost is told, and not made anew', async () => {
    const target = place.target('storage', 'data');
    const { outputs } = await driver.ensure(target, {}, {}, await place.context());
    engine.docker('volume', 'rm', String(outputs['volume']));
    expect(await driver.inspect(target, await place.context())).toEqual({ state: 'present', observed: { exists: false } });
    const found = await driver.ensure(target, {}, {}, await place.context());
    expect(found).toMatchObject({ effect: 'found', observed: { exists: false } });
  });

  test('of another place, for a resource of the very same name, is not touched', async () => {
    const target = place.target('storage', 'data');
    const other = await ContractPlace.make();
    try {
      const theirs = await driver.ensure(target, {}, {}, await other.context());
      const ours = await driver.ensure(target, {}, {}, await place.context());
      expect(await driver.marks(await place.context())).toHaveLength(1);
      expect(await driver.destroy(target, await place.context())).toBe('destroyed');
      const left = volumes().split('\n');
      expect(left).toContain(theirs.outputs['volume']);
      expect(left).not.toContain(ours.outputs['volume']);
      await driver.destroy(target, await other.context());
    } finally {
      await other.remove();
    }
  });

  test('that an ensure left which died is told, and goes with the next ensure or destroy', async () => {
    const target = place.target('storage', 'data');
    const later = { ...target, epoch: 2 };
    const marks = await EngineMarks.at(await place.context(), 'volumes');
    const left = `${marks.nameOf(target)}-left`;
    const leave = () => engine.docker('volume', 'create', ...marks.labelling(target), left);
    leave();
    expect(await driver.marks(await place.context())).toEqual([
      { resource: target.resource, generation: 1, where: `volume ${left}` },
    ]);
    const { outputs } = await driver.ensure(later, {}, {}, await place.context());
    expect(volumes()).toBe(outputs['volume']);
    await driver.destroy(later, await place.context());
    leave();
    expect(await driver.inspect(target, await place.context())).toEqual({ state: 'partial', observed: {} });
    expect(await driver.destroy(target, await place.context())).toBe('destroyed');
    expect(await driver.marks(await place.context())).toEqual([]);
    expect(volumes()).toBe('');
  });

  test('that a container uses is not given back before', async () => {
    const target = place.target('storage', 'data');
    const { outputs } = await driver.ensure(target, {}, {}, await place.context());
    const user = engine.docker('create', '--network=none', '--volume', `${String(outputs['volume'])}:/data`, engine.image);
    await expect(driver.destroy(target, await place.context())).rejects.toThrow(/volume is in use/);
    engine.docker('rm', user);
    expect(await driver.destroy(target, await place.context())).toBe('destroyed');
  });
});
