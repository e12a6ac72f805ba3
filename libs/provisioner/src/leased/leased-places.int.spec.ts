import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { SlipwayError, type LeasedPlace } from '@slipway/contracts';
import { importToolsImage, startDockerEngine, whyNoDockerEngine, type TestEngine } from '@slipway/interfaces/testing';
import { startSshServer, whyNoSshServer, type TestSshServer } from '@slipway/interfaces/testing/ssh-server';
import { VirtualClock } from '@slipway/mesh/testing';
import { MemorySecrets } from '@slipway/secrets/testing';
import { MemoryLeases } from '../testing/memory-leases.js';
import type { LeasedHost } from './leased-host.js';
import { LeasedPlaces } from './leased-places.js';

const ROOT = process.getuid?.() === 0;

let folder: string;
let clock: VirtualClock;
let leases: MemoryLeases;
let secrets: MemorySecrets;
let at: LeasedPlaces;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'slipway-leased-'));
  await chmod(folder, 0o711);
  clock = new VirtualClock();
  leases = new MemoryLeases();
  secrets = new MemorySecrets();
  at = new LeasedPlaces({ kind: 'instance', leases, secrets, clock });
  const wanted = { environment: 'default', type: 'host', owner: { id: 'ada', type: 'user' as const }, wait: true, key: 'k' };
  leases.activate(await leases.ask(wanted), 3);
});
afterEach(async () => {
  await at.close();
  await rm(folder, { recursive: true, force: true });
});
const on = (place: Partial<LeasedPlace> = {}, host = '127.0.0.1', token = 3): LeasedHost => ({
  ...{ lease: 'default.lease-1', token, host },
  place: { folder, ...place },
});

describe('a place on a leased host', () => {
  test('stands in the folder of its lease, for each driver', async () => {
    const { root, command, filesystem, machine } = await at.place(on(), 'process');
    expect(root).toBe(join(folder, 'instance/process'));
    expect(await filesystem.stat(root)).toMatchObject({ type: 'directory', mode: 0o711 });
    expect((await command.exec(['echo', 'here'])).stdout).toBe('here\n');
    expect(machine).toBeUndefined();
  });

  test('is for who holds the lease, under the token that he knows: whoever slept past its end has none', async () => {
    await at.place(on(), 'process');
    await expect(at.place(on({}, '127.0.0.1', 2), 'process')).rejects.toMatchObject({
      code: 'lease-not-active',
      message: 'default.lease-1 was acquired anew',
    });
    leases.becomes('default.lease-1', { status: 'released', reasons: ['reclaimed by the operator'] });
    await expect(at.place(on(), 'process')).rejects.toMatchObject({
      code: 'lease-not-active',
      message: 'default.lease-1 is released; reclaimed by the operator',
    });
    leases.becomes('default.lease-1', { status: 'active', token: 4 });
    await expect(at.place(on(), 'process')).rejects.toMatchObject({ code: 'lease-not-active' });
  });

  test('goes on for a minute where the allocator cannot be asked, and only where it was heard of', async () => {
    await at.place(on(), 'process');
    leases.away = new SlipwayError('timed-out', 'The allocator did not answer');
    await clock.pass(59_000);
    await at.place(on(), 'process');
    await clock.pass(2_000);
    await expect(at.place(on(), 'process')).rejects.toMatchObject({ code: 'timed-out' });
    const other = new LeasedPlaces({ kind: 'instance', leases, secrets, clock });
    await expect(other.place(on(), 'process')).rejects.toMatchObject({ code: 'timed-out' });
  });

  const closed = ROOT ? test : test.skip;
  closed(`that users of instances cannot come to is refused by its folder${ROOT ? '' : ' (skipped: needs root)'}`, async () => {
    const shut = join(folder, 'shut');
    await mkdir(join(shut, 'lease'), { recursive: true });
    await chmod(shut, 0o700);
    await expect(at.place(on({ folder: join(shut, 'lease') }), 'process')).rejects.toThrow(
      `${shut} on the host of default.lease-1 is closed to the users that instances run as`,
    );
  });
});

const missing = whyNoSshServer();
(missing === undefined ? describe : describe.skip)(
  `a place on a leased host over SSH${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let server: TestSshServer;
    beforeEach(async () => {
      server = await startSshServer();
    }, 60_000);
    afterEach(() => server.stop());
    const ssh = () => {
      const { address, port, user, hostKey } = server;
      return { address, port, user, hostKey };
    };

    test('is reached with the key that the lease names, a file or a secret, and has connections to its loopback', async () => {
      const keyFile = join(folder, 'key');
      await writeFile(keyFile, server.privateKey, { mode: 0o600 });
      const { root, command, machine } = await at.place(on({ ssh: { ...ssh(), keyFile } }, 'far.example'), 'process');
      expect(root).toBe(join(folder, 'instance/process'));
      expect((await command.exec(['sh', '-c', 'echo "$SLIPWAY_X" there'])).stdout).toBe(' there\n');
      expect(machine).toMatchObject({ address: 'far.example', setting: 'the host of default.lease-1' });
      const connection = await machine!.connect(server.port);
      expect(String((await once(connection, 'data'))[0])).toMatch(/^SSH-2\.0-/);
      connection.destroy();
      const key = await secrets.put('leased/default.host-9/key', server.privateKey.toString());
      const other = new LeasedPlaces({ kind: 'storage', leases, secrets, clock });
      expect((await other.place(on({ ssh: { ...ssh(), key } }), 'directory')).root).toBe(join(folder, 'storage/directory'));
      await other.close();
    }, 60_000);

    test('is left when its lease is over: no connection stays', async () => {
      const keyFile = join(folder, 'key');
      await writeFile(keyFile, server.privateKey, { mode: 0o600 });
      const leased = on({ ssh: { ...ssh(), keyFile } });
      const { command } = await at.place(leased, 'process');
      expect(server.connections()).toBe(1);
      leases.becomes('default.lease-1', { status: 'destroyed' });
      await expect(at.place(leased, 'process')).rejects.toMatchObject({ code: 'lease-not-active' });
      while (server.connections() > 0) await new Promise((resolve) => setTimeout(resolve, 10));
      await expect(command.exec(['true'])).rejects.toThrow();
    }, 60_000);

    test('with another host key than the one that the lease gave out is not reached', async () => {
      const keyFile = join(folder, 'key');
      await writeFile(keyFile, server.privateKey, { mode: 0o600 });
      const leased = on({ ssh: { ...ssh(), keyFile } });
      await server.renewHostKey();
      await expect(at.place(leased, 'process')).rejects.toThrow(
        /shows another key than before: .*\(what default\.lease-1 gave out\)/,
      );
    }, 60_000);
  },
);

const missingEngine = whyNoDockerEngine();
(missingEngine === undefined ? describe : describe.skip)(
  `a place in a leased container${missingEngine === undefined ? '' : ` (skipped: ${missingEngine})`}`,
  () => {
    const [image, network, container] = ['slipway-test/leased:1', 'slipway-test-leased', 'slipway-test-leased'];
    let engine: TestEngine;
    let address: string;
    beforeAll(async () => {
      engine = await startDockerEngine();
      importToolsImage(engine.host, { name: image, beside: [process.execPath] });
      engine.docker('network', 'create', network);
    }, 120_000);
    afterAll(async () => {
      engine.docker('network', 'rm', network);
      engine.docker('image', 'rm', '--force', image);
      await engine.stop();
    }, 60_000);
    beforeEach(() => {
      engine.docker('run', '--detach', '--name', container, '--network', network, image, 'sleep', '86400');
      address = engine.docker('inspect', '--format', `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`, container);
    }, 60_000);
    afterEach(() => void engine.docker('rm', '--force', container), 60_000); // Also where it is gone already.
    const there = () => on({ folder: '/tmp', docker: { engine: engine.host, container } }, address);

    test('has its programs and files in it, and is reached at its address', async () => {
      const { root, command, filesystem, machine } = await at.place(there(), 'process');
      expect(root).toBe('/tmp/instance/process');
      await filesystem.writeFile(`${root}/file`, 'there');
      expect(engine.docker('exec', container, 'cat', `${root}/file`)).toBe('there');
      expect((await command.execOrThrow(['uname', '-n'])).stdout.trim()).toBe(engine.docker('exec', container, 'uname', '-n'));
      expect(machine).toMatchObject({ address, setting: 'the host of default.lease-1' });
      await command.spawnDetached(['node', '-e', "require('net').createServer((one) => one.end('from there')).listen(8080)"], {
        cwd: root,
        env: {},
        logFile: `${root}/log`,
      });
      const said = async () => {
        const connection = await machine!.connect(8080);
        return String((await once(connection, 'data'))[0]);
      };
      let answer: string | undefined;
      while (answer === undefined) answer = await said().catch(() => undefined);
      expect(answer).toBe('from there');
      await expect(machine!.connect(8081)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    }, 60_000);

    test('is left when its lease is over: no shell of ours waits there any more', async () => {
      const waits = () => engine.docker('top', container).includes('while IFS= read');
      await at.place(there(), 'process');
      expect(waits()).toBe(true);
      leases.becomes('default.lease-1', { status: 'destroyed' });
      await expect(at.place(there(), 'process')).rejects.toMatchObject({ code: 'lease-not-active' });
      while (waits()) await new Promise((resolve) => setTimeout(resolve, 10));
    }, 60_000);

    test('that is gone is told as such', async () => {
      engine.docker('rm', '--force', container);
      await expect(at.place(there(), 'process')).rejects.toMatchObject({
        code: 'driver-failed',
        message: expect.stringContaining(container),
      });
    }, 60_000);
  },
);
