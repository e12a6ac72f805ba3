import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { InstanceSpec, JsonObject } from '@slipway/contracts';
import { MINIMAL_ENV } from '@slipway/interfaces';
import { importNodeImage, startDockerEngine, whyNoDockerEngine, type TestEngine } from '@slipway/interfaces/testing';
import {
  startSshServer,
  whyNoOtherSshUser,
  whyNoSshServer,
  type SshServerOptions,
  type TestSshServer,
} from '@slipway/interfaces/testing/ssh-server';
import type { DriverContext, OtherMachine, Target } from '@slipway/provisioner';
import { ContractPlace } from '@slipway/provisioner/testing';
import { pack } from 'tar-stream';
import { networkAt } from '../../place/network-there.js';
import { ask, eventually } from '../../testing/asking.js';
import { check } from './check.js';
import { DockerDriver } from './docker.driver.js';

jest.setTimeout(180_000);

const NOBODY = 65_534;
const PORTS = { from: 31_800, to: 31_999 };

/** Answers what it is asked, listens where it is told to, and ends when it is asked to. */
const APP = `
const { appendFileSync, readFileSync } = require('node:fs');
process.on('SIGTERM', () => process.exit());
const answers = { '/': () => 'here', '/host': () => process.env.HOST, '/secret': () => readFileSync(process.env.KEY, 'utf8'), '/exit': () => process.exit(3),
  '/write': () => { appendFileSync(process.env.DATA + '/written', 'yes'); return process.env.DATA; } };
require('node:http').createServer(({ url }, response) => response.end(JSON.stringify(answers[url]())))
  .listen(process.env.PORT, process.env.HOST, () => console.log('listening on ' + process.env.PORT));
`;

const missing = whyNoDockerEngine() ?? whyNoSshServer();
const missingUser = whyNoOtherSshUser();

(missing === undefined ? describe : describe.skip)(
  `an instance as a container at a place over SSH${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    // Whoever asks the engine of this machine finds none.
    const driver = new DockerDriver({ mesh: 'test', docker: { host: 'unix:///nowhere/docker.sock' }, ports: PORTS });
    let engine: TestEngine;
    let image: string;
    let server: TestSshServer;
    const open: (() => Promise<unknown>)[] = [];

    beforeAll(async () => {
      engine = await startDockerEngine();
      image = importNodeImage(engine.host);
      server = await startSshServer();
    }, 180_000);
    afterEach(async () => {
      for (const end of open.splice(0).toReversed()) await end();
      expect(engine.docker('ps', '--all', '--quiet', '--filter', 'label=slipway.mesh=test')).toBe('');
    });
    afterAll(async () => {
      await server?.stop();
      await engine?.stop();
    }, 60_000);

    /** A place at this machine, reached over SSH, and what is done there. */
    const placeAt = async (at = server) => {
      const place = await ContractPlace.make({ ...at, docker: engine.host });
      const made: Target[] = [];
      const context = async (over: Partial<OtherMachine> = {}): Promise<DriverContext> => {
        const known = await place.context();
        return { ...known, machine: { ...known.machine!, ...over } };
      };
      open.push(async () => {
        for (const target of made) await driver.destroy(target, await context());
        await place.remove();
      });
      return {
        ...{ place, context },
        target(name: string) {
          const target = place.target('instance', name);
          made.push(target);
          return target;
        },
      };
    };
    const otherServer = async (options: SshServerOptions): Promise<TestSshServer> => {
      const other = await startSshServer(options);
      open.push(() => other.stop());
      return other;
    };
    const spec = (over: Partial<InstanceSpec> = {}): InstanceSpec => ({
      container: { image },
      command: ['/bin/node', '-e', APP],
      environment: { PORT: '${port}', HOST: '${host}' },
      health: { path: '/', startSeconds: 60 },
      ...over,
    });
    const portOf = ({ outputs }: { outputs: JsonObject }): number => Number(outputs['port']);
    const containers = (name: string): string[] =>
      engine
        .docker('ps', '--all', '--quiet', '--filter', `label=slipway.name=${name}`)
        .split('\n')
        .filter((id) => id !== '');

    test('is reached by the address of its host, with its secrets and its storage, and kept running there while nobody is connected', async () => {
      const { place, context, target } = await placeAt();
      const shop = target('shop');
      const data = join(place.folder, 'data');
      mkdirSync(data);
      const wanted = spec({
        environment: { PORT: '${port}', HOST: '${host}', KEY: '${secret.key}', DATA: '${data.path}' },
        secrets: { key: {} },
        resourceUri: '/api',
      });
      const there = await context({ address: 'localhost' });
      const ensured = await driver.ensure(shop, wanted, { data: { path: data } }, there);
      const port = portOf(ensured);
      expect(ensured.outputs).toMatchObject({
        host: 'localhost',
        url: `http://localhost:${port}`,
        uri: `http://localhost:${port}/api`,
        secrets: { key: expect.stringMatching(/^secret:/) },
      });
      const [id] = containers('shop');
      const { NetworkSettings } = JSON.parse(engine.docker('inspect', id!))[0];
      expect(NetworkSettings.Ports).toEqual({ [`${port}/tcp`]: [{ HostIp: '127.0.0.1', HostPort: String(port) }] });
      expect(await ask(port, '/write')).toBe('/slipway/data');
      const { secrets } = await place.context();
      expect(await ask(port, '/secret')).toBe(await secrets.read((ensured.outputs['secrets'] as { key: never }).key));

      server.cut();
      await ask(port, '/exit').catch(() => {});
      await eventually('its engine has started it again', async () => (await ask(port, '/')) === 'here');
      await eventually('it is found healthy, and its restart is counted', async () => {
        const { health, restarts } = await driver.observe(shop, wanted, there);
        return health === 'healthy' && restarts === 1;
      });
      const { content } = await driver.readLog(shop, { tail: 1 }, there);
      expect(String(Buffer.from(content))).toBe(`listening on ${port}\n`);
      expect(await driver.destroy(shop, there)).toBe('destroyed');
      expect(containers('shop')).toEqual([]);
      expect(readdirSync(join(place.root, 'ports'))).toEqual([]);
    });

    test('says the address that its host has by now when it is updated, and goes on as it is where that changes nothing there', async () => {
      const { context, target } = await placeAt();
      const shop = target('shop');
      const { outputs } = await driver.ensure(shop, spec(), {}, await context());
      expect(outputs).toMatchObject({ host: '127.0.0.1' });
      const before = containers('shop');
      const updated = await driver.updatable.update({ ...shop, epoch: 2 }, spec(), {}, await context({ address: 'localhost' }));
      expect(updated.outputs).toEqual({ ...outputs, host: 'localhost', url: expect.any(String), uri: expect.any(String) });
      expect(containers('shop')).toEqual(before);
      const stopped = { ...(await context({ address: 'far.example' })), stopped: true as const };
      const far = await driver.updatable.update({ ...shop, epoch: 3 }, spec(), {}, stopped);
      expect(far.outputs).toMatchObject({ host: 'far.example' });
      // It is made anew to listen for others.
      expect(containers('shop')).toEqual([]);
    });

    test('on the network of its host it listens where it is told to, and is asked there how it is', async () => {
      const { context, target } = await placeAt();
      const ensured = await driver.ensure(
        target('shop'),
        spec({ container: { image, network: 'host' } }),
        {},
        await context({ address: 'localhost' }),
      );
      expect(await ask(portOf(ensured), '/host')).toBe('127.0.0.1');
    });

    test('without a health check a connection that lasts is enough, and only that', async () => {
      const { context, target } = await placeAt();
      const there = await context();
      const made = await driver.ensure(target('open'), { ...spec(), health: undefined }, {}, there);
      // The engine itself takes connections for a container that listens nowhere.
      const app = `process.on('SIGTERM', () => process.exit()); setTimeout(() => {}, 1e6)`;
      const deaf = target('deaf');
      const deafly = spec({ command: ['/bin/node', '-e', app], health: { startSeconds: 2 } });
      const reason = 'Nothing listens in the container yet';
      await expect(driver.ensure(deaf, deafly, {}, there)).rejects.toMatchObject({ details: { reason } });
      const { observed } = await driver.inspect(deaf, there);
      const lasts = (port: unknown) => check(networkAt(there), Number(port), undefined, 5_000);
      expect([await lasts(made.outputs['port']), await lasts(observed['port'])]).toEqual([null, reason]);
    });

    test('its image is imported there from a root file system of ours, and goes with it', async () => {
      const { place, context, target } = await placeAt();
      const container = engine.docker('create', '--network=none', image);
      const root = execFileSync('docker', ['--host', engine.host, 'export', container], { maxBuffer: 1024 ** 3 });
      engine.docker('rm', container);
      const { blobs } = await place.context();
      const imported = spec({ container: { import: true }, artefactBlob: await blobs.put(root) });
      const ensured = await driver.ensure(target('shop'), imported, {}, await context());
      expect(await ask(portOf(ensured), '/')).toBe('here');
      const own = () => engine.docker('images', '--quiet', '--filter', 'label=slipway.mesh=test');
      expect(own()).not.toBe('');
      await driver.destroy(place.target('instance', 'shop'), await context());
      expect(own()).toBe('');
    });

    test('its image is built there from its artefact', async () => {
      const { place, context, target } = await placeAt();
      const archive = pack();
      archive.entry({ name: 'Dockerfile' }, `FROM ${image}\nCOPY app.js /app.js\nCMD ["/bin/node", "/app.js"]\n`);
      archive.entry({ name: 'app.js' }, APP);
      archive.finalize();
      const artefactBlob = await (await place.context()).blobs.put(await buffer(archive));
      const { command: _command, ...built } = spec({ container: { build: 'Dockerfile' }, artefactBlob });
      expect(await ask(portOf(await driver.ensure(target('shop'), built, {}, await context())), '/')).toBe('here');
    });

    test('gets no port that is taken there, and has the time to start that its definition gives it by the clock of its host', async () => {
      const { context, target } = await placeAt();
      const shop = target('shop');
      // It listens the first time only.
      const app = `const ran = process.env.HOME + '/ran', fs = require('fs'); process.on('SIGTERM', () => process.exit());
        if (fs.existsSync(ran)) setTimeout(() => {}, 1e6); else { fs.writeFileSync(ran, ''); ${APP} }`;
      const ensured = await driver.ensure(shop, spec({ command: ['/bin/node', '-e', app] }), {}, await context());
      const port = portOf(ensured);
      const crowded = new DockerDriver({ mesh: 'test', ports: { from: port, to: port } });
      const other = await placeAt();
      await expect(crowded.ensure(other.target('other'), spec(), {}, await other.context())).rejects.toMatchObject({
        code: 'no-port-free',
      });
      await ask(port, '/exit').catch(() => {});
      const there = await context();
      const clock = { ...there.clock, now: () => there.clock.now() + 3_600_000 };
      await eventually('its engine has started it again', async () => {
        const { health, restarts, reason } = await driver.observe(shop, spec(), { ...there, clock });
        if (restarts === 1) expect([health, reason]).toEqual(['starting', expect.stringMatching(/^Nothing listens/)]);
        return restarts === 1;
      });
    });

    describe('is refused by name, with nothing made, where its host', () => {
      const expectNothing = async (at: Awaited<ReturnType<typeof placeAt>>, context: DriverContext, error: object) => {
        await expect(driver.ensure(at.target('shop'), spec(), {}, context)).rejects.toMatchObject(error);
        expect(readdirSync(at.place.root)).toEqual([]);
      };

      test('has no docker client', async () => {
        const at = await placeAt();
        const bin = join(at.place.folder, 'bin');
        mkdirSync(bin);
        symlinkSync('/bin/sh', join(bin, 'sh'));
        const context = await at.context();
        const { command } = context;
        const env = { ...MINIMAL_ENV, PATH: bin };
        const without = { ...command, exec: (line: readonly string[]) => command.exec(line, { env }) };
        await expectNothing(
          at,
          { ...context, command: without },
          {
            code: 'driver-unavailable',
            message: expect.stringMatching(
              /^Containers and volumes cannot be made at 127\.0\.0\.1 \(hosts\.local\): the docker client is not installed/,
            ),
          },
        );
      });

      test('has no engine that answers, which may be back soon', async () => {
        const at = await placeAt();
        await expectNothing(at, await at.context({ docker: 'unix:///nowhere/docker.sock' }), {
          code: 'driver-failed',
          message: expect.stringContaining('The Docker engine cannot be reached'),
        });
      });

      (missingUser === undefined ? test : test.skip)(
        `does not let its user use the engine${missingUser === undefined ? '' : ` (skipped: ${missingUser})`}`,
        async () => {
          const at = await placeAt(await otherServer({ uid: NOBODY }));
          execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, at.place.root]);
          await expectNothing(at, await at.context(), {
            code: 'driver-unavailable',
            message: expect.stringMatching(
              /at 127\.0\.0\.1 \(hosts\.local\): the Docker engine may not be used by whoever works there/,
            ),
          });
        },
      );
    });

    test('is not made where its host makes no connections for us to what listens there', async () => {
      const { place, context, target } = await placeAt(await otherServer({ config: ['AllowTcpForwarding no'] }));
      const shop = target('shop');
      await expect(driver.ensure(shop, spec(), {}, await context())).rejects.toMatchObject({
        code: 'driver-failed',
        message: expect.stringContaining('AllowTcpForwarding must be yes or local'),
      });
      expect(await driver.inspect(shop, await context())).toEqual({ state: 'absent', observed: {} });
      expect([containers('shop'), readdirSync(join(place.root, 'ports'))]).toEqual([[], []]);
    });
  },
);
