import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { NO_STREAM } from '@slipway/event-store';
import type { ServiceName } from '@slipway/contracts';
import { pino } from 'pino';
import { loadConfig } from '../config/load.js';
import { Presence } from '../health/presence.js';
import type { ServiceDefinition } from '../service/port.js';
import { startNatsServer, type NatsServer } from '../testing/nats-server.js';
import { asName, hostName } from './host-name.js';
import { mergeMetrics, scrapeOthers } from '../metrics/scrape.js';
import { hostServices } from './host-services.js';
import { openMesh, type MeshProcess, type OpenMeshOptions } from './open-mesh.js';

let nats: NatsServer;
let folder: string;
let opened: MeshProcess[] = [];

beforeAll(async () => {
  nats = await startNatsServer();
}, 60_000);
afterAll(() => nats.remove());
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-mesh-'));
  await writeFile(join(folder, 'token'), `${nats.token}\n`, { mode: 0o600 });
});
afterEach(async () => {
  for (const mesh of opened.splice(0)) await mesh.close();
  await rm(folder, { recursive: true });
});

const config = (overrides: Record<string, unknown> = {}) =>
  loadConfig({
    overrides: { dataFolder: join(folder, 'data'), 'nats.url': nats.url, 'nats.tokenFile': join(folder, 'token'), ...overrides },
  });

async function open(options: OpenMeshOptions = {}, overrides: Record<string, unknown> = {}): Promise<MeshProcess> {
  const mesh = await openMesh(config(overrides), { logger: pino({ level: 'silent' }), ...options });
  opened.push(mesh);
  return mesh;
}

describe('a process of the mesh', () => {
  test('opens every port; each service appends in its own name only', async () => {
    const mesh = await open({ host: 'here' });
    const runtime = mesh.runtime('orchestrator');
    expect(runtime).toMatchObject({ service: 'orchestrator', replica: 'here-orchestrator' });
    expect(runtime.cacheFolder).toBe(join(folder, 'data/cache/here-orchestrator'));
    const actor = { id: 'ada', type: 'user' as const };
    const event = { id: randomUUID(), type: 'DispatchResumed', data: { actor }, metadata: { actor } };
    await runtime.store.append('environment-default', NO_STREAM, [event]);
    expect(await mesh.runtime('gateway').store.read('environment-default')).toMatchObject([{ id: event.id }]);
    await expect(mesh.runtime('storage').store.append('environment-default', 0, [event])).rejects.toMatchObject({
      code: 'not-owner',
    });
    const blob = await runtime.blobs.put('hello');
    expect(await mesh.blobs.has(blob.sha256)).toBe(true);
    expect(await runtime.secrets.read(await runtime.secrets.put('a/b', 'canary'))).toBe('canary');
    expect((await stat(join(folder, 'data/secrets.key'))).mode & 0o777).toBe(0o600);
    expect(await runtime.metrics.metrics()).toContain('slipway_nats_connected 1');
  });

  test('what was recorded is there when it is opened again', async () => {
    const actor = { id: 'ada', type: 'user' as const };
    const event = { id: randomUUID(), type: 'DispatchResumed', data: { actor }, metadata: { actor } };
    const first = await open();
    await first.runtime('orchestrator').store.append('environment-default', NO_STREAM, [event]);
    await opened.pop()!.close();
    const second = await open();
    expect(await second.runtime('gateway').store.read('environment-default')).toMatchObject([{ id: event.id }]);
    expect(second.host).toBe(first.host);
  });

  test('a backup of the log and a restart can be asked for where somebody can do it', async () => {
    const asked: string[] = [];
    const runtime = (await open({ requestRestart: (reason) => asked.push(reason) })).runtime('gateway');
    await runtime.backupLog!(join(folder, 'copy.sqlite'));
    expect((await stat(join(folder, 'copy.sqlite'))).size).toBeGreaterThan(0);
    runtime.requestRestart!('restored');
    expect(asked).toEqual(['restored']);
    await opened.pop()!.close();
    expect((await open()).runtime('gateway').requestRestart).toBeUndefined();
  });

  test.each([
    [{ 'nats.url': undefined }, 'config-invalid', /nats\.url is not set.*npm start/],
    [{ 'nats.tokenFile': '/nowhere/token' }, 'config-invalid', /nats\.tokenFile \/nowhere\/token cannot be read/],
  ])('%j is refused by name', async (overrides, code, message) => {
    await expect(open({}, overrides)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
  });

  test('a credential that NATS refuses is named, and the right one works after it', async () => {
    await writeFile(join(folder, 'token'), 'wrong');
    await expect(open()).rejects.toMatchObject({ code: 'unreachable' });
    await writeFile(join(folder, 'token'), nats.token);
    await open();
  });
});

describe("a machine's name", () => {
  test('is made once, and stays with the data', async () => {
    const data = join(folder, 'data');
    const name = hostName(data);
    expect((await readFile(join(data, 'host'), 'utf8')).trim()).toBe(name);
    await writeFile(join(data, 'host'), 'moved-here\n');
    expect(hostName(data)).toBe('moved-here');
    // As a crash in the middle of writing it would have left it.
    await writeFile(join(data, 'host'), '');
    expect(hostName(data)).toBe(name);
    expect(await readdir(data)).toEqual(['host']);
  });

  test('processes that start at once in a new data folder get one name, none reads half of it', async () => {
    const script = `import { hostName } from ${JSON.stringify(new URL('../../dist/runtime/host-name.js', import.meta.url).href)};
      for (let round = 0; round < 200; round++) console.log(hostName(process.argv[1] + '/' + round));`;
    const run = promisify(execFile);
    const runs = Array.from({ length: 4 }, () =>
      run(process.execPath, ['--input-type=module', '-e', script, folder], { env: {} }),
    );
    const said = new Set((await Promise.all(runs)).flatMap(({ stdout }) => stdout.trim().split('\n')));
    expect([...said]).toEqual([asName(hostname())]);
  }, 60_000);

  test.each([
    ['Node-1.example.org', 'node-1'],
    ['my_host', 'my-host'],
    ['-', 'host'],
    ['x'.repeat(80), 'x'.repeat(40)],
  ])('%s becomes %s', (host, expected) => expect(asName(host)).toBe(expected));
});

describe('hosting services', () => {
  let calls: string[];
  beforeEach(() => {
    calls = [];
  });
  const service = (name: ServiceName, fails: { start?: boolean; stop?: boolean } = {}): ServiceDefinition => ({
    name,
    start: async ({ replica }) => {
      calls.push(`start ${name}`);
      if (fails.start) throw new Error(`${name} cannot start`);
      return {
        health: async () => ({ service: name, replica, ready: true, reasons: [] }),
        stop: async ({ instances }) => {
          calls.push(`stop ${name} ${instances}`);
          if (fails.stop) throw new Error(`${name} cannot stop`);
        },
      };
    },
  });

  test('who is asked starts before who asks, and stops after', async () => {
    const hosted = await hostServices(await open(), [service('gateway'), service('storage'), service('orchestrator')]);
    expect((await hosted.health()).map(({ service: name }) => name)).toEqual(['storage', 'orchestrator', 'gateway']);
    await hosted.stop({ instances: 'leave' });
    expect(calls).toEqual([
      ...['start storage', 'start orchestrator', 'start gateway'],
      ...['stop gateway leave', 'stop orchestrator leave', 'stop storage leave'],
    ]);
  });

  test('when one cannot start, those before it are stopped, and its error is told', async () => {
    const failing = hostServices(await open(), [
      service('gateway'),
      service('orchestrator', { start: true }),
      service('storage'),
    ]);
    await expect(failing).rejects.toThrow('orchestrator cannot start');
    expect(calls).toEqual(['start storage', 'start orchestrator', 'stop storage leave']);
  });

  test('one that cannot stop does not keep the others', async () => {
    const hosted = await hostServices(await open(), [service('storage'), service('gateway', { stop: true })]);
    await expect(hosted.stop({ instances: 'stop' })).rejects.toThrow('gateway cannot stop');
    expect(calls.slice(2)).toEqual(['stop gateway stop', 'stop storage stop']);
  });

  test('each gives a sign of life while it runs', async () => {
    const mesh = await open({ host: 'here' });
    const presence = new Presence({ mesh: mesh.config.mesh, bus: mesh.bus, clock: mesh.clock });
    const hosted = await hostServices(mesh, [service('storage')]);
    const heard = () => presence.replicas('storage', 60_000).map(({ report }) => report);
    while (heard().length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    expect(heard()).toEqual([{ service: 'storage', replica: 'here-storage', ready: true, reasons: [] }]);
    await hosted.stop({ instances: 'leave' });
    presence.stop();
  });

  test('figures of each process can be asked for, under its name: the one service’s, else the machine’s', async () => {
    const one = await open({ host: 'here' });
    const two = await open({ host: 'there' });
    const hosted = [
      await hostServices(one, [service('storage')]),
      await hostServices(two, [service('resolver'), service('orchestrator')]),
    ];
    const scrape = () => scrapeOthers({ mesh: one.config.mesh, bus: one.bus, clock: one.clock, from: 'another' });
    let texts = await scrape();
    for (let tries = 0; tries < 50 && texts.length < 2; tries++) texts = await scrape();
    const lines = mergeMetrics(texts).split('\n');
    expect(lines.filter((line) => line.startsWith('slipway_nats_connected{')).toSorted()).toEqual([
      'slipway_nats_connected{process="here-storage"} 1',
      'slipway_nats_connected{process="there"} 1',
    ]);
    expect(lines.filter((line) => line.startsWith('# HELP slipway_nats_connected'))).toHaveLength(1);
    for (const each of hosted) await each.stop({ instances: 'leave' });
    expect(await scrape()).toEqual([]);
  });

  test('prod refuses several services in one process', async () => {
    const mesh = await open();
    const prod = { ...mesh, config: { ...mesh.config, profile: 'prod' as const } };
    await expect(hostServices(prod, [service('storage'), service('gateway')])).rejects.toMatchObject({ code: 'config-invalid' });
    await (await hostServices(prod, [service('storage')])).stop({ instances: 'leave' });
  });
});
