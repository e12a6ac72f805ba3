import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { pack } from 'tar-stream';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { InstanceSpec, JsonObject } from '@slipway/contracts';
import { importNodeImage, serveImage, startDockerEngine, whyNoDockerEngine, type TestEngine } from '@slipway/interfaces/testing';
import { EngineMarks, LOG_PART, type LogFrom, type Target } from '@slipway/provisioner';
import { ContractPlace, streamed } from '@slipway/provisioner/testing';
import { ask, eventually } from '../../testing/asking.js';
import { DockerDriver } from './docker.driver.js';

jest.setTimeout(180_000);

/** Answers what it is asked; ends when it is asked to, as the first process of a container has to by itself. */
const APP = `
import { createServer, get } from 'node:http';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
process.on('SIGTERM', () => process.exit());
const modeOf = (path) => (statSync(path).mode & 0o777).toString(8);
const answers = {
  '/': () => 'here',
  '/environment': () => process.env,
  '/self': () => ({ uid: process.getuid(), gid: process.getgid(), cwd: process.cwd(), status: readFileSync('/proc/self/status', 'utf8') }),
  '/secret': () => ({ mode: modeOf(process.env.KEY), bytes: readFileSync(process.env.KEY, 'utf8').length }),
  '/write': () => { writeFileSync(process.env.DATA + '/written', 'yes'); return process.env.DATA; },
  '/spoil': () => { try { writeFileSync(process.env.KEY, 'no'); } catch (error) { return error.code; } },
  '/eat': () => { const eaten = []; for (let i = 0; i < 1024; i++) eaten.push(Buffer.alloc(1 << 20, 1)); return eaten.length; },
  '/exit': () => process.exit(3),
};
createServer((request, response) => {
  if (request.url.startsWith('/other/')) {
    get('http://' + request.url.slice(7), (other) => other.pipe(response)).on('error', ({ code }) => response.end(JSON.stringify(code)));
    return;
  }
  const answer = answers[request.url];
  if (!answer) return response.writeHead(404).end();
  response.end(JSON.stringify(answer()));
}).listen(Number(process.env.PORT), process.env.HOST, () => console.log('listening on ' + process.env.PORT));
`;

const missing = whyNoDockerEngine();
const where = missing === undefined ? describe : describe.skip;
const portOf = ({ outputs }: { outputs: JsonObject }): number => outputs.port as number;

where(`an instance as a container${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  let engine: TestEngine;
  let driver: DockerDriver;
  let image: string;
  let place: ContractPlace;
  let made: Target[];

  beforeAll(async () => {
    engine = await startDockerEngine();
    image = importNodeImage(engine.host);
    driver = new DockerDriver({ mesh: 'test', docker: { host: engine.host }, ports: { from: 31_400, to: 31_799 } });
  });
  afterAll(() => engine?.stop(), 60_000);
  beforeEach(async () => {
    place = await ContractPlace.make();
    made = [];
  });
  afterEach(async () => {
    for (const target of made) await driver.destroy(target, await place.context());
    const marks = await EngineMarks.at(await place.context(), 'test');
    expect(engine.docker('ps', '--all', '--quiet', '--filter', `label=slipway.place=${marks.place}`)).toBe('');
    expect(engine.docker('network', 'ls', '--quiet', '--filter', `name=${marks.sharedBy('default')}`)).toBe('');
    await place.remove();
  });

  const target = (name: string, generation = 1) => {
    const meant = place.target('instance', name, generation);
    made.push(meant);
    return meant;
  };
  const artefact = async (files: Record<string, string>): Promise<Pick<InstanceSpec, 'artefactBlob'>> => {
    const archive = pack();
    for (const [name, content] of Object.entries(files)) archive.entry({ name, mode: 0o644 }, content);
    archive.finalize();
    return { artefactBlob: await (await place.context()).blobs.put(await buffer(archive)) };
  };
  const spec = async (over: Partial<InstanceSpec> = {}): Promise<InstanceSpec> => ({
    container: { image },
    ...(await artefact({ 'app.mjs': APP })),
    command: ['/bin/node', 'app.mjs'],
    environment: { PORT: '${port}', HOST: '${host}', ...over.environment },
    health: { path: '/', startSeconds: 30 },
    ...Object.fromEntries(Object.entries(over).filter(([field]) => field !== 'environment')),
  });
  const ensure = async (name: string, over: Partial<InstanceSpec> = {}, inputs: Record<string, JsonObject> = {}) =>
    driver.ensure(target(name), await spec(over), inputs, await place.context());
  const named = async (meant: Target) => (await EngineMarks.at(await place.context(), 'test')).nameOf(meant);
  const inspected = async (meant: Target) => JSON.parse(engine.docker('inspect', await named(meant)))[0];

  test('is made of an image, runs its artefact, answers on loopback only, and carries labels that say whose it is', async () => {
    const ensured = await ensure('shop', { container: { image, port: 8080 } });
    const port = portOf(ensured);
    expect(ensured).toMatchObject({
      effect: 'made',
      outputs: { url: `http://127.0.0.1:${port}`, host: '127.0.0.1', port },
      observed: { port, containerPort: 8080, network: 'own', image: expect.stringMatching(/^sha256:/), running: true },
    });
    expect(await ask(port, '/')).toBe('here');
    const { Config, HostConfig, NetworkSettings } = await inspected(made[0]!);
    expect(NetworkSettings.Ports).toEqual({ '8080/tcp': [{ HostIp: '127.0.0.1', HostPort: String(port) }] });
    for (const { address, family, internal } of Object.values(networkInterfaces())
      .flat()
      .map((each) => each!)) {
      if (internal || family !== 'IPv4') continue;
      await expect(fetch(`http://${address}:${port}/`)).rejects.toThrow();
    }
    expect(Config.Labels).toEqual({
      'slipway.place': expect.stringMatching(/^[0-9a-f]{8}$/),
      'slipway.mesh': 'test',
      'slipway.environment': 'default',
      'slipway.kind': 'instance',
      'slipway.name': 'shop',
      'slipway.generation': '1',
      'slipway.epoch': '1',
    });
    expect(HostConfig.RestartPolicy.Name).toBe('unless-stopped');
    expect(HostConfig.SecurityOpt).toContain('no-new-privileges');
  });

  test('what it writes is read part by part, with nothing twice and nothing left out', async () => {
    const script = `let n = 0; setInterval(() => { if (n < 3000) console[n % 2 ? 'log' : 'error']('line ' + n++ + ' ' + 'x'.repeat(100)); }, 0);`;
    const app = `${APP}\n${script}`;
    await ensure('shop', await artefact({ 'app.mjs': app }));
    const context = await place.context();
    const heard: string[] = [];
    let parts = 0;
    for (let from: LogFrom = { tail: 1_000_000 }; heard.length < 3_001;) {
      const { content, after } = await driver.readLog(made[0]!, from, context);
      expect(content.length).toBeLessThanOrEqual(LOG_PART);
      heard.push(...Buffer.from(content).toString().split('\n').slice(0, -1));
      parts += content.length > 0 ? 1 : 0;
      from = { after };
    }
    const numbers = heard.filter((line) => line.startsWith('line ')).map((line) => Number(line.split(' ')[1]));
    expect(numbers.toSorted((one, other) => one - other)).toEqual(Array.from({ length: 3_000 }, (_, index) => index));
    // What comes by two ways has the order that the engine has seen; by each way it is that of the writer.
    for (const way of [0, 1]) {
      const one = numbers.filter((number) => number % 2 === way);
      expect(one).toEqual(one.toSorted((before, after) => before - after));
    }
    expect(parts).toBeGreaterThan(2);
    const last = await driver.readLog(made[0]!, { tail: 2 }, context);
    expect(Buffer.from(last.content).toString()).toMatch(/^line 299\d x+\nline 299\d x+\n$/);
    const none = await driver.readLog(made[0]!, { tail: 0 }, context);
    expect((await driver.readLog(made[0]!, { after: none.after }, context)).content).toHaveLength(0);
    await driver.destroy(made[0]!, context);
    await expect(driver.readLog(made[0]!, { tail: 1 }, context)).rejects.toMatchObject({ code: 'not-found' });
  });

  test('its image is pulled from a registry, once', async () => {
    const registry = await serveImage(engine.host, image);
    try {
      expect(await ask(portOf(await ensure('one', { container: { image: registry.image } })), '/')).toBe('here');
      expect(registry.asked.some((path) => path.endsWith('/manifests/1'))).toBe(true);
      const asked = registry.asked.length;
      expect(await ask(portOf(await ensure('two', { container: { image: registry.image } })), '/')).toBe('here');
      expect(registry.asked).toHaveLength(asked);
    } finally {
      registry.close();
    }
  });

  test('its image is built from a Dockerfile of the artefact, and goes with it', async () => {
    const files = { Dockerfile: `FROM ${image}\nCOPY app.mjs /built/\nCMD ["/bin/node", "/built/app.mjs"]\n`, 'app.mjs': APP };
    const ensured = await ensure('shop', { container: { build: 'Dockerfile' }, command: undefined, ...(await artefact(files)) });
    expect(await ask(portOf(ensured), '/self')).toMatchObject({ cwd: '/' });
    const own = `${await named(made[0]!)}:latest`;
    expect(engine.docker('images', '--quiet', own)).not.toBe('');
    await driver.destroy(made[0]!, await place.context());
    expect(engine.docker('images', '--quiet', own)).toBe('');
  });

  test('its image is imported from a root file system, and goes with it', async () => {
    // The image's own root, with an app in it.
    const container = engine.docker('create', '--network=none', image);
    const { spawnSync } = await import('node:child_process');
    const root = spawnSync('docker', ['--host', engine.host, 'export', container], { maxBuffer: 1024 ** 3 }).stdout;
    engine.docker('rm', container);
    const artefactBlob = await (await place.context()).blobs.put(root);
    const app = `require('node:http').createServer((_, r) => r.end('"imported"')).listen(process.env.PORT, process.env.HOST)`;
    const ensured = await ensure('shop', { container: { import: true }, artefactBlob, command: ['/bin/node', '-e', app] });
    expect(await ask(portOf(ensured), '/')).toBe('imported');
    const own = `${await named(made[0]!)}:latest`;
    await driver.destroy(made[0]!, await place.context());
    expect(engine.docker('images', '--quiet', own)).toBe('');
  });

  test('its limits are in force', async () => {
    const limits = { memory: '128MiB', cpus: 0.5, processes: 64, openFiles: 512 };
    const port = portOf(await ensure('shop', { limits }));
    const { HostConfig } = await inspected(made[0]!);
    expect(HostConfig).toMatchObject({ Memory: 128 * 1024 ** 2, MemorySwap: 128 * 1024 ** 2, NanoCpus: 5e8, PidsLimit: 64 });
    expect(HostConfig.Ulimits).toContainEqual({ Name: 'nofile', Hard: 512, Soft: 512 });
    await expect(ask(port, '/eat')).rejects.toThrow();
    await eventually('started again', async () => (await ask(port, '/')) === 'here');
    const seen = await driver.observe(made[0]!, await spec(), await place.context());
    expect(seen).toMatchObject({ health: 'healthy', restarts: 1 });
  });

  const update = async (meant: Target, to: InstanceSpec, stopped = false) =>
    driver.updatable.update(meant, to, {}, { ...(await place.context()), ...(stopped && { stopped: true as const }) });
  const later = (meant: Target): Target => ({ ...meant, epoch: meant.epoch + 1 });

  test('a limit is changed while it runs; what an engine cannot change it makes anew, and a limit that is taken away', async () => {
    const base = await spec();
    const meant = target('shop');
    const first = { ...base, limits: { memory: '128MiB', processes: 64 } };
    const ensured = await driver.ensure(meant, first, {}, await place.context());
    const before = await inspected(meant);
    const limits = { memory: '256MiB', cpus: 0.5, processes: 80 };
    const onFailure = { action: 'restart', limit: 3 } as const;
    const changed = await update(later(meant), { ...base, limits, onFailure });
    expect(changed).toMatchObject({
      outputs: ensured.outputs,
      observed: { limits: { memoryBytes: 256 * 1024 ** 2, cpus: 0.5 } },
    });
    const same = await inspected(meant);
    expect([same.Id, same.State.StartedAt]).toEqual([before.Id, before.State.StartedAt]);
    const { HostConfig } = same;
    expect(HostConfig).toMatchObject({ Memory: 256 * 1024 ** 2, MemorySwap: 256 * 1024 ** 2, NanoCpus: 5e8, PidsLimit: 80 });
    expect(HostConfig.RestartPolicy).toEqual({ Name: 'on-failure', MaximumRetryCount: 3 });

    const unlimited = await update(later(later(meant)), { ...base, limits: { processes: 80 } });
    expect(unlimited.observed).toMatchObject({ limits: { processes: 80 }, running: true });
    const anew = await inspected(meant);
    expect(anew.Id).not.toBe(before.Id);
    expect(anew.HostConfig).toMatchObject({ Memory: 0, NanoCpus: 0, PidsLimit: 80 });
    expect(await ask(portOf(ensured), '/')).toBe('here');
  });

  test('another artefact takes the place of the one before, also in an image of its own; what is stopped stays so', async () => {
    const files = (words: string) => ({
      Dockerfile: `FROM ${image}\nCOPY app.mjs /built.mjs\nCMD ["/bin/node", "/built.mjs"]\n`,
      'app.mjs': APP.replace('here', words),
    });
    const built = async (words: string) =>
      spec({ container: { build: 'Dockerfile' }, command: undefined as never, ...(await artefact(files(words))) });
    const meant = target('shop');
    const ensured = await driver.ensure(meant, await built('first'), {}, await place.context());
    expect(await ask(portOf(ensured), '/')).toBe('first');
    const { outputs } = await update(later(meant), await built('second'));
    expect([outputs, await ask(portOf(ensured), '/')]).toEqual([ensured.outputs, 'second']);
    await driver.stop(meant, await place.context());
    const third = { ...meant, epoch: 3 };
    expect((await update(third, await built('third'), true)).observed).toMatchObject({ running: false });
    await expect(ask(portOf(ensured), '/')).rejects.toThrow();
    await driver.observe(third, await built('third'), await place.context());
    await eventually('answers', async () => (await ask(portOf(ensured), '/').catch(() => '')) === 'third');
  });

  test('containers of an environment find each other by name, and their network goes with the last', async () => {
    const one = portOf(await ensure('one', { container: { image, port: 8080 } }));
    await ensure('two', { container: { image, port: 8080 } });
    expect(await ask(one, '/other/two:8080/')).toBe('here');
    const network = (await EngineMarks.at(await place.context(), 'test')).sharedBy('default');
    await driver.destroy(made[1]!, await place.context());
    expect(engine.docker('network', 'ls', '--quiet', '--filter', `name=^${network}$`)).not.toBe('');
    await driver.destroy(made[0]!, await place.context());
    expect(engine.docker('network', 'ls', '--quiet', '--filter', `name=^${network}$`)).toBe('');
  });

  test('on the network of its host it listens on loopback itself', async () => {
    const ensured = await ensure('shop', { container: { image, network: 'host' } });
    expect(await ask(portOf(ensured), '/environment')).toMatchObject({ HOST: '127.0.0.1', PORT: String(portOf(ensured)) });
    const server = { host: '127.0.0.1', port: 5432 };
    await expect(ensure('wired', {}, { db: server })).rejects.toMatchObject({
      code: 'spec-invalid',
      details: { field: 'container.network' },
    });
    const wired = await ensure(
      'reaching',
      { container: { image, network: 'host' }, environment: { DB: '${db.port}' } },
      { db: server },
    );
    expect(await ask(portOf(wired), '/environment')).toMatchObject({ DB: '5432' });
  });

  test('a named volume and a folder are mounted, and what is wired to it says where', async () => {
    engine.docker('volume', 'create', 'slipway-test-volume');
    const folder = join(place.folder, 'data');
    mkdirSync(folder);
    try {
      const inputs = { data: { volume: 'slipway-test-volume' }, files: { path: folder } };
      const environment = { DATA: '${data.path}', FILES: '${files.path}' };
      const container = { image, mounts: { data: '/var/lib/data' } };
      const port = portOf(await ensure('shop', { container, environment }, inputs));
      expect(await ask(port, '/write')).toBe('/var/lib/data');
      expect(await ask(port, '/environment')).toMatchObject({ FILES: '/slipway/files' });
      const other = portOf(await ensure('other', { environment: { DATA: '${files.path}' } }, inputs));
      expect(await ask(other, '/write')).toBe('/slipway/files');
      expect(statSync(join(folder, 'written')).isFile()).toBe(true);
      for (const each of made) await driver.destroy(each, await place.context());
    } finally {
      engine.docker('volume', 'rm', 'slipway-test-volume');
    }
  });

  test('a database that is a file is mounted with its folder', async () => {
    mkdirSync(join(place.folder, 'db'));
    writeFileSync(join(place.folder, 'db/shop.sqlite'), '');
    const path = join(place.folder, 'db/shop.sqlite');
    const environment = { DB: '${db.path}', URL: '${db.url}' };
    const port = portOf(await ensure('shop', { environment }, { db: { path, url: `sqlite:${path}` } }));
    expect(await ask(port, '/environment')).toMatchObject({
      DB: '/slipway/db/shop.sqlite',
      URL: 'sqlite:/slipway/db/shop.sqlite',
    });
  });

  const asRoot = process.getuid?.() === 0 ? test : test.skip;
  asRoot('runs as the user that was asked for, who is given its secrets and its folder and has them taken back', async () => {
    const folder = join(place.folder, 'data');
    mkdirSync(folder);
    const container = { image, user: '4711:4712' };
    const over = { container, secrets: { key: {} }, environment: { KEY: '${secret.key}', DATA: '${data.path}' } };
    const port = portOf(await ensure('shop', over, { data: { path: folder } }));
    expect(await ask(port, '/self')).toMatchObject({ uid: 4711, gid: 4712, status: expect.stringMatching(/NoNewPrivs:\s1/) });
    expect(await ask(port, '/secret')).toEqual({ mode: '400', bytes: 43 });
    expect(await ask(port, '/write')).toBe('/slipway/data');
    expect(statSync(join(folder, 'written')).uid).toBe(4711);
    await driver.destroy(made[0]!, await place.context());
    expect([statSync(folder).uid, statSync(join(folder, 'written')).uid]).toEqual([0, 0]);
  });

  test('a secret is a file of mode 0400 that cannot be written, and stands nowhere the engine tells; it is made anew when asked', async () => {
    const over = { secrets: { key: {} }, environment: { KEY: '${secret.key}' } };
    const ensured = await ensure('shop', over);
    const port = portOf(ensured);
    expect(await ask(port, '/secret')).toEqual({ mode: '400', bytes: 43 });
    expect(await ask(port, '/spoil')).toBe('EROFS');
    const { secrets } = await place.context();
    const ref = (ensured.outputs.secrets as Record<string, string>)['key']!;
    const value = await secrets.read(ref as never);
    expect(JSON.stringify(await inspected(made[0]!))).not.toContain(value);
    expect(engine.docker('logs', await named(made[0]!))).not.toContain(value);
    const { outputs } = await driver.rotate(made[0]!, await spec(over), {}, await place.context());
    expect(await secrets.read((outputs.secrets as Record<string, string>)['key'] as never)).not.toBe(value);
    await eventually('runs again', async () => {
      await driver.observe(made[0]!, await spec(over), await place.context());
      return (await ask(port, '/')) === 'here';
    });
  });

  test('one that ends is started again by the engine, and each restart is counted; so is one that was lost', async () => {
    const port = portOf(await ensure('shop'));
    const look = async () => driver.observe(made[0]!, await spec(), await place.context());
    const healthyAfter = (restarts: number) =>
      eventually(`healthy after ${restarts}`, async () => {
        const seen = await look();
        return seen.health === 'healthy' && seen.restarts === restarts;
      });
    await healthyAfter(0);
    await ask(port, '/exit').catch(() => {});
    await healthyAfter(1);
    await driver.stop(made[0]!, await place.context());
    await expect(ask(port, '/')).rejects.toThrow();
    await healthyAfter(1);
    engine.docker('rm', '--force', await named(made[0]!));
    expect((await driver.inspect(made[0]!, await place.context())).observed).toMatchObject({ image: null, running: false });
    await healthyAfter(1);
    expect(await ask(port, '/')).toBe('here');
  });

  test('one that fails is started again as often as its definition says, or not at all, and says then that it has failed', async () => {
    const look = async (meant: Target) => driver.observe(meant, await spec(), await place.context());
    for (const [name, onFailure, restarts] of [
      ['limited', { limit: 2 }, 2],
      ['left', { action: 'leave' as const }, 0],
    ] as const) {
      const port = portOf(await ensure(name, { onFailure }));
      const meant = made.at(-1)!;
      const end = async () => {
        await ask(port, '/exit').catch(() => {});
        return (await look(meant)).failed !== undefined;
      };
      await eventually(`${name} has failed`, end);
      const seen = await look(meant);
      expect(seen).toMatchObject({ health: 'unhealthy', failed: expect.stringMatching(/exit code 3/), restarts });
      await driver.ensure(meant, await spec({ onFailure }), {}, await place.context());
      expect(await look(meant)).toMatchObject({ health: 'healthy' });
      // What was asked to end has not failed: it is started again.
      await driver.stop(meant, await place.context());
      await eventually('is well again', async () => (await look(meant)).health === 'healthy');
    }
  });

  test('a home that the image’s own user writes to is its data, and another one begins with it', async () => {
    const app = `const fs = require('fs'); process.on('SIGTERM', () => process.exit());
      require('http').createServer((_, r) => { fs.appendFileSync(process.env.HOME + '/seen', 'x'); r.end(JSON.stringify(process.getuid() + fs.readFileSync(process.env.HOME + '/seen', 'utf8'))); }).listen(process.env.PORT, process.env.HOST)`;
    const files = { Dockerfile: `FROM ${image}\nUSER app\n` };
    const over = {
      container: { build: 'Dockerfile' },
      command: ['/bin/node', '-e', app],
      ...(await artefact(files)),
      health: undefined,
    };
    const first = await ensure('first', over);
    expect(await ask(portOf(first), '/')).toBe('4711x');
    const tar = await buffer(await driver.portable.export(made[0]!, await spec(over), await place.context()));
    const data = { mediaType: 'application/x-tar', contentBytes: tar.length, open: async () => Readable.from([tar]) };
    const context = await place.context();
    const from = streamed(data, context.filesystem);
    const second = await driver.ensure(target('second'), await spec(over), {}, { ...context, from });
    expect(await ask(portOf(second), '/')).toBe('4711xx');
  });

  test('one that never answers fails with the end of its log', async () => {
    const never = {
      command: ['/bin/node', '-e', 'console.error("no licence found"); process.exit(9)'],
      health: { startSeconds: 10 },
    };
    await expect(ensure('shop', never)).rejects.toMatchObject({
      code: 'health-failed',
      message: expect.stringContaining('no licence found'),
      details: { reason: expect.stringMatching(/exit code 9/), log: expect.stringContaining('no licence found') },
    });
    expect(await driver.inspect(made[0]!, await place.context())).toMatchObject({ state: 'partial' });
  });

  test('one that has ended and runs again without answering fails with how it ended', async () => {
    const script = `const ran = process.env.HOME + '/ran', fs = require('fs'); process.on('SIGTERM', () => process.exit());
      if (fs.existsSync(ran)) setTimeout(() => {}, 1e6); else { fs.writeFileSync(ran, ''); process.exit(9); }`;
    const again = ensure('shop', { command: ['/bin/node', '-e', script], health: { startSeconds: 10 } });
    await expect(again).rejects.toMatchObject({
      code: 'health-failed',
      details: { reason: 'Nothing listens in the container yet; its last run ended with exit code 9 (1 restarts so far)' },
    });
    const seen = await driver.observe(made[0]!, await spec(), await place.context());
    expect(seen).toMatchObject({ reason: expect.stringMatching(/last run ended with exit code 9/), restarts: 1 });
  });

  test('a wrong answer is not healthy; without a health check what lasts as a connection is enough, and only that', async () => {
    await expect(ensure('wrong', { health: { path: '/nowhere', startSeconds: 8 } })).rejects.toMatchObject({
      code: 'health-failed',
      details: { reason: 'GET /nowhere answered 404' },
    });
    expect((await ensure('open', { health: undefined })).effect).toBe('made');
    // The engine itself takes connections for a container that listens nowhere.
    const deaf = ensure('deaf', { command: ['/bin/node', '-e', 'setTimeout(() => {}, 1e6)'], health: { startSeconds: 2 } });
    await expect(deaf).rejects.toMatchObject({ details: { reason: 'Nothing listens in the container yet' } });
  });

  test.each([
    ['container', { container: undefined }, /needs an image/],
    ['container', { container: { image: 'a', import: true as const } }, /exactly one/],
    ['container.build', { container: { build: 'Dockerfile' }, artefactBlob: undefined }, /needs an artefact/],
    ['npm', { npm: { ci: true as const } }, /bring them in the image/],
    ['onFailure.backoffSeconds', { onFailure: { backoffSeconds: 3 } }, /at its own pace/],
    ['onFailure.longestBackoffSeconds', { onFailure: { longestBackoffSeconds: 3 } }, /at its own pace/],
    ['container.mounts.data', { container: { image: 'a', mounts: { data: 'var' } } }, /absolute path/],
    ['container.mounts.data', { container: { image: 'a', mounts: { data: '/var' } } }, /wired to no/],
  ])('a spec that it cannot carry out is refused by name: %s', async (field, over, message) => {
    await expect(ensure('shop', over)).rejects.toMatchObject({
      code: 'spec-invalid',
      details: { field },
      message: expect.stringMatching(message),
    });
  });

  test('a container of somebody else under the very same name is not touched', async () => {
    const name = await named(target('shop'));
    engine.docker('create', '--network=none', '--name', name, image);
    await expect(ensure('shop')).rejects.toMatchObject({ code: 'foreign' });
    await expect(driver.destroy(made[0]!, await place.context())).rejects.toMatchObject({ code: 'foreign' });
    engine.docker('rm', name);
  });

  test('a container that an ensure left which died too late never ran; it is told, and goes with the next destroy', async () => {
    const meant = target('shop');
    const marks = await EngineMarks.at(await place.context(), 'test');
    await driver.destroy(meant, await place.context());
    engine.docker('create', '--network=none', '--name', marks.nameOf(meant), ...marks.labelling(meant), image);
    expect(await driver.inspect(meant, await place.context())).toEqual({ state: 'partial', observed: {} });
    expect(await driver.marks(await place.context())).toEqual([
      { resource: meant.resource, generation: 1, where: `container ${marks.nameOf(meant)}` },
    ]);
    expect(await driver.destroy(meant, await place.context())).toBe('destroyed');
  });
});
