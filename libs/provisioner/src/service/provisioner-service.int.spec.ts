import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { MemoryBlobs } from '@slipway/blobs/testing';
import { DEFAULT_ENVIRONMENT, type EnsureCommand, type HealthReport, type StepAccepted } from '@slipway/contracts';
import { MemoryDisk, MemoryEventLog } from '@slipway/event-store/testing';
import { MeshConfig, type RunningService, type Runtime } from '@slipway/mesh';
import { startNatsServer, testRuntime, type NatsServer } from '@slipway/mesh/testing';
import { MemorySecrets } from '@slipway/secrets/testing';
import type { Driver } from '../driver.js';
import { SIMULATED_DATA, SimulatedPlace } from '../testing/simulated-place.js';
import { provisionerService } from './provisioner-service.js';

const LONG = 120_000;

describe('a sub-provisioner as a service', () => {
  let nats: NatsServer;
  let folder: string;
  let disk: MemoryDisk;
  let place: SimulatedPlace;
  let running: { service: RunningService; runtime: Runtime }[];

  beforeAll(async () => {
    nats = await startNatsServer();
  }, LONG);
  afterAll(() => nats.remove());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-service-'));
    disk = new MemoryDisk();
    place = new SimulatedPlace();
    running = [];
  });
  afterEach(async () => {
    for (const one of running) await end(one);
    await rm(folder, { recursive: true, force: true });
  });

  const end = async ({ service, runtime }: { service: RunningService; runtime: Runtime }) => {
    running = running.filter((other) => other.service !== service);
    await service.stop({ instances: 'leave' });
    await runtime.connection.close();
  };
  const start = async (driver: Driver = place.driver('storage', 'simulated'), replica = 'here-storage') => {
    const config = Object.assign(new MeshConfig(), { mesh: 'test', dataFolder: join(folder, 'data'), locations: ['local'] });
    const store = new MemoryEventLog({ disk }).as('storage');
    const parts = { config, store, blobs: new MemoryBlobs(), secrets: new MemorySecrets(), cacheFolder: join(folder, replica) };
    const runtime = await testRuntime({ nats, service: 'storage', replica, parts });
    const service = await provisionerService({ kind: 'storage', drivers: () => [driver] }).start(runtime);
    running.push({ service, runtime });
    return { service, runtime };
  };
  const command = (over: Partial<EnsureCommand> = {}): EnsureCommand => ({
    requestId: 'r1',
    stepId: 'storage/shop-data',
    try: 1,
    resource: { environment: DEFAULT_ENVIRONMENT, kind: 'storage', name: 'shop-data' },
    generation: 1,
    driver: 'simulated',
    location: 'local',
    definition: { name: 'sample', version: '1.0.0', hash: 'h' },
    deadline: Date.now() + LONG,
    spec: {},
    inputs: {},
    ...over,
  });
  const ask = <T>({ runtime }: { runtime: Runtime }, verb: string, body: unknown, location = 'local'): Promise<T> =>
    runtime.bus.request<T>('storage', verb, body, { location, timeoutMs: 10_000 });
  const types = () => disk.events.map(({ type }) => type);
  const until = async (type: string) => {
    for (const last = Date.now() + LONG; !types().includes(type);) {
      if (Date.now() > last) throw new Error(`No ${type} came; there are ${types().join(', ')}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  };

  test(
    'answers its verbs at its locations',
    async () => {
      const here = await start();
      expect(await ask<StepAccepted>(here, 'ensure', command())).toEqual({ status: 'accepted', epoch: 1 });
      await until('StorageProvisioned');
      expect(await ask<StepAccepted>(here, 'ensure', command())).toEqual({ status: 'settled', epoch: 1 });
      const { resource, generation, driver, location, requestId, stepId } = command();
      expect(await ask(here, 'inspect', { resource, generation, driver, location })).toEqual({
        state: 'present',
        observed: { exists: true },
      });
      expect(await ask(here, 'cancel-step', { requestId, stepId, resource })).toEqual({ cancelled: false });
      expect(await ask(here, 'log', { requestId, stepId, resource })).toEqual({ text: '' });
      const { spec: _spec, inputs: _inputs, ...destroy } = command({ requestId: 'r2' });
      expect(await ask<StepAccepted>(here, 'destroy', destroy)).toEqual({ status: 'accepted', epoch: 2 });
      await until('StorageDestroyed');
      expect(place.marks()).toEqual([]);
    },
    LONG,
  );

  test(
    'tells of itself: where it serves, and with which drivers',
    async () => {
      const here = await start();
      const simulated = {
        name: 'simulated',
        verbs: ['provision' as const, 'portable' as const, 'updatable' as const],
        accepts: [SIMULATED_DATA],
        changes: {
          inPlace: ['mode', 'sizeLimit', 'connectionLimit', 'environment', 'health', 'limits'],
          replaces: ['command'],
        },
        bounds: {
          needs: [],
          lacks: [
            { field: 'lease', reason: 'is for the driver lease' },
            { field: 'on', reason: 'is not for the driver simulated, which works at the machine of its service only' },
          ],
        },
      };
      const report: HealthReport = {
        service: 'storage',
        replica: 'here-storage',
        ready: true,
        locations: [{ location: 'local', kind: 'storage', drivers: [simulated] }],
        reasons: [],
      };
      expect(await ask(here, 'health', {})).toEqual(report);
      expect(await here.service.health()).toEqual(report);
    },
    LONG,
  );

  test.each([
    ['a field that is wrong', { generation: 0 }, 'bad-input', 'generation'],
    ['a field that nobody knows', { colour: 'red' }, 'bad-input', 'colour'],
    [
      'a name that leads out',
      { resource: { environment: '../..', kind: 'storage', name: 'x' } },
      'bad-input',
      'resource.environment',
    ],
    ['a spec that is not valid', { spec: { sizeLimit: 'much' } }, 'spec-invalid', 'sizeLimit'],
  ])(
    '%s is refused by name over the wire, and nothing is recorded',
    async (_what, over, code, field) => {
      const here = await start();
      await expect(ask(here, 'ensure', { ...command(), ...over })).rejects.toMatchObject({
        code,
        message: expect.stringContaining(field),
      });
      expect(disk.events).toEqual([]);
    },
    LONG,
  );

  test(
    'a location that nobody serves has no server',
    async () => {
      const here = await start();
      await expect(ask(here, 'ensure', command({ location: 'mars' }), 'mars')).rejects.toMatchObject({ code: 'no-server' });
    },
    LONG,
  );

  test(
    'goes on by itself with what an earlier life left unfinished',
    async () => {
      const hangs: Driver = { ...place.driver('storage', 'simulated'), ensure: () => new Promise(() => {}) };
      const first = await start(hangs);
      await ask(first, 'ensure', command());
      // Its process dies: nothing of it is heard any more, and its cache was never saved.
      running = [];
      await first.runtime.connection.close();
      await start();
      await until('StorageProvisioned');
      expect(types()).toEqual(['StorageStarted', 'StorageTakenOver', 'StorageProvisioned']);
    },
    LONG,
  );

  test(
    'a rolling restart loses nothing: what is under way ends, what comes then is answered by the successor',
    async () => {
      const first = await start();
      const answers: Promise<StepAccepted>[] = [];
      for (let n = 0; n < 60; n += 1) {
        const name = `shop-${n}`;
        const caller = running.at(-1)!;
        answers.push(ask(caller, 'ensure', command({ requestId: name, resource: { ...command().resource, name } })));
        if (n === 20) await start(undefined, 'next-storage');
        if (n === 40) await first.service.stop({ instances: 'leave' });
      }
      expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(Array(60).fill('accepted'));
      for (
        const last = Date.now() + LONG;
        types().filter((type) => type === 'StorageProvisioned').length < 60 && Date.now() < last;
      ) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      expect(types().filter((type) => type === 'StorageProvisioned')).toHaveLength(60);
      expect(new Set(place.made.values())).toEqual(new Set([1]));
    },
    LONG,
  );

  test.each(['stop', 'leave'] as const)(
    'when it is told to %s what runs, it does',
    async (instances) => {
      const ended: string[] = [];
      const runs: Driver = {
        ...place.driver('storage', 'simulated'),
        observe: async () => ({ health: 'healthy', reason: 'it answers', restarts: 0 }),
        stop: async ({ resource }) => void ended.push(resource.name),
      };
      const here = await start(runs);
      await ask(here, 'ensure', command());
      await until('StorageProvisioned');
      running = [];
      await here.service.stop({ instances });
      await here.runtime.connection.close();
      expect(ended).toEqual(instances === 'stop' ? ['shop-data'] : []);
      expect(types().includes('StorageHealthChanged')).toBe(instances === 'stop');
    },
    LONG,
  );

  test(
    'its places can be passed through by those to whom something in them is handed',
    async () => {
      const roots: string[] = [];
      const tells: Driver = {
        ...place.driver('storage', 'simulated'),
        ensure: async (_target, _spec, _inputs, { root }) => {
          roots.push(root);
          return { effect: 'made', outputs: {}, observed: {} };
        },
      };
      await ask(await start(tells), 'ensure', command());
      await until('StorageProvisioned');
      expect(roots).toEqual([join(folder, 'data/places/local/storage/simulated')]);
      for (let path = roots[0]!; path !== join(folder, 'data'); path = join(path, '..'))
        expect((await stat(path)).mode & 0o777).toBe(0o711);
    },
    LONG,
  );
});
