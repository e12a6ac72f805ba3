import { execFileSync, spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import { readdirSync, readlinkSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { SshConnection, configuredHostKey, sshCommand, sshFilesystem } from '@slipway/interfaces';
import {
  startSshServer,
  whyNoOtherSshUser,
  whyNoSshServer,
  type SshServerOptions,
  type TestSshServer,
} from '@slipway/interfaces/testing/ssh-server';
import type { OtherMachine } from '@slipway/provisioner';
import { USERS } from '../../place/ranges.js';
import { ask, eventually } from '../../testing/asking.js';
import type { Variables } from './npm-at.js';
import { reachableNode } from './runtime.js';
import { QUICK } from './testing/quick.js';
import { Rig, ROOT, portRange, processesOf } from './testing/rig.js';
import { SmallRegistry } from './testing/small-registry.js';

jest.setTimeout(180_000);

const NOBODY = 65_534;
const missing = whyNoSshServer();
const missingUser =
  whyNoOtherSshUser() ??
  (spawnSync('setpriv', [`--reuid=${NOBODY}`, '--clear-groups', 'test', '-x', process.execPath]).status === 0
    ? undefined
    : 'nobody else may run this Node');

(missing === undefined ? describe : describe.skip)(
  `an instance at a place over SSH${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let server: TestSshServer;
    const open: (() => Promise<unknown>)[] = [];
    beforeAll(async () => {
      server = await startSshServer();
    }, 60_000);
    afterEach(async () => {
      for (const end of open.splice(0).toReversed()) await end();
    });
    afterAll(() => server?.stop());

    /** A place at this machine, reached over SSH. */
    const place = (
      over: Partial<OtherMachine> = {},
      {
        at = server,
        ports = portRange(),
        variables = {},
      }: { at?: TestSshServer; ports?: Rig['ports']; variables?: Variables } = {},
    ): Rig => {
      const connection = new SshConnection(at, configuredHostKey(at.hostKey, 'the test'));
      const machine: OtherMachine = {
        address: '127.0.0.1',
        setting: 'hosts.far',
        node: process.execPath,
        connect: (port) => connection.forward(port),
        ...over,
      };
      const reached = { command: sshCommand(connection), filesystem: sshFilesystem(connection), machine };
      const rig = new Rig(ports, QUICK, reached, variables);
      open.push(
        () => connection.close(),
        () => rig.close(),
      );
      return rig;
    };
    const otherServer = async (options: SshServerOptions): Promise<TestSshServer> => {
      const other = await startSshServer(options);
      open.push(() => other.stop());
      return other;
    };

    test('is reached by the address of its host, runs on the Node there, and is kept running there while nobody is connected', async () => {
      const rig = place({ address: 'localhost' });
      const target = rig.target('shop');
      const spec = await rig.spec({
        environment: { PORT: '${port}', LISTEN: '${host}' },
        secrets: { key: {} },
        resourceUri: '/api',
      });
      const { outputs, observed } = await rig.driver.ensure(target, spec, {}, rig.context());
      const { port } = outputs as { port: number };
      expect(outputs).toMatchObject({
        host: 'localhost',
        url: `http://localhost:${port}`,
        uri: `http://localhost:${port}/api`,
        secrets: { key: expect.stringMatching(/^secret:/) },
      });
      expect(await ask(port, '/environment')).toMatchObject({ PORT: String(port), LISTEN: '127.0.0.1' });
      const self = await ask<{ uid: number; node: string }>(port, '/self');
      expect(self.node).toMatch(new RegExp(`^(${process.execPath}|.*/runtime/node-${process.version}-${process.arch})$`));
      if (ROOT) expect(observed['user']).toEqual({ uid: self.uid, gid: self.uid });
      expect(self.uid).not.toBe(0);

      server.cut();
      const first = await ask<number>(port, '/pid');
      process.kill(first, 'SIGKILL');
      await eventually('its supervisor has started it again', async () => (await ask(port, '/pid')) !== first);
      expect(await rig.driver.observe(target, spec, rig.context())).toEqual({
        health: 'healthy',
        reason: 'It answers',
        restarts: 1,
      });
      const { content } = await rig.driver.readLog(target, { tail: 1 }, rig.context());
      expect(String(Buffer.from(content))).toBe(`listening on ${port}\n`);
      expect(await rig.driver.destroy(target, rig.context())).toBe('destroyed');
      expect(rig.processes()).toEqual([]);
      expect([rig.claims('ports'), rig.claims('users')]).toEqual([[], []]);
    });

    test('that needs a Node is refused with the setting before anything is made where there is none; one that needs none runs', async () => {
      const rig = place({ node: '/nowhere/node' });
      const target = rig.target('shop');
      const spec = await rig.spec();
      const refusal = {
        code: 'driver-unavailable',
        message: expect.stringMatching(/^Node is not found at 127\.0\.0\.1, in \/nowhere\/node.* say in hosts\.far\.node of/s),
      };
      await expect(rig.driver.ensure(target, spec, {}, rig.context())).rejects.toMatchObject(refusal);
      const installed = await rig.spec({ command: ['small-server'], npm: { package: 'small-server', version: '2.0.1' } });
      await expect(rig.driver.ensure(target, installed, {}, rig.context())).rejects.toMatchObject(refusal);
      expect(readdirSync(rig.root)).toEqual([]);

      const { machine, ...context } = rig.context();
      const node = await reachableNode({ ...context, machine: { ...machine!, node: process.execPath } }, USERS.from);
      const { outputs } = await rig.driver.ensure(target, await rig.spec({ command: [node, 'app.mjs'] }), {}, rig.context());
      expect(await ask(Number(outputs['port']), '/')).toBe('here');
    });

    test('gets no port on which something listens there already', async () => {
      const { from } = portRange();
      const taken = createServer().listen(from, '127.0.0.1');
      await new Promise((resolve) => taken.once('listening', resolve));
      open.push(() => new Promise((resolve) => taken.close(resolve)));
      const only = place({}, { ports: { from, to: from } });
      await expect(only.driver.ensure(only.target('shop'), await only.spec(), {}, only.context())).rejects.toMatchObject({
        code: 'no-port-free',
      });
      const rig = place({}, { ports: { from, to: from + 1 } });
      const { outputs } = await rig.driver.ensure(rig.target('shop'), await rig.spec(), {}, rig.context());
      expect(outputs['port']).toBe(from + 1);
    });

    test('is not made where its host makes no connections for us to what listens there', async () => {
      const rig = place({}, { at: await otherServer({ config: ['AllowTcpForwarding no'] }) });
      const target = rig.target('shop');
      await expect(rig.driver.ensure(target, await rig.spec(), {}, rig.context())).rejects.toMatchObject({
        code: 'driver-failed',
        message: expect.stringContaining('AllowTcpForwarding must be yes or local'),
      });
      expect(await rig.driver.inspect(target, rig.context())).toEqual({ state: 'absent', observed: {} });
      expect([rig.claims('ports'), rig.claims('users')]).toEqual([[], []]);
    });

    test('is not made on a host with another root: those are of the machine of their service', async () => {
      const rig = place();
      const target = rig.target('shop');
      const inputs = { target: { type: 'host', root: '/' } };
      await expect(rig.driver.ensure(target, await rig.spec(), inputs, rig.context())).rejects.toMatchObject({
        code: 'spec-invalid',
        message: expect.stringContaining('hosts.far'),
      });
      expect(await rig.driver.inspect(target, rig.context())).toEqual({ state: 'absent', observed: {} });
    });

    test('has the time to start that its definition gives it, by the clock of its host', async () => {
      const rig = place();
      const target = rig.target('shop');
      // It listens the first time only.
      const app = `
        const { existsSync, writeFileSync } = require('node:fs');
        const ran = process.env.HOME + '/ran';
        if (existsSync(ran)) setInterval(() => {}, 60_000);
        else require('node:http').createServer((_, response) => response.end(String(process.pid))).listen(process.env.PORT, process.env.HOST);
        writeFileSync(ran, '');`;
      const spec = await rig.spec({ command: ['node', '-e', app], environment: { PORT: '${port}', HOST: '${host}' } });
      const { outputs } = await rig.driver.ensure(target, spec, {}, rig.context());
      process.kill(await ask<number>(Number(outputs['port']), '/'), 'SIGKILL');
      const context = rig.context();
      const clock = { ...context.clock, now: () => context.clock.now() + 3_600_000 };
      await eventually(
        'it was started again',
        () => rig.state(target)['restarts'] === '1' && rig.state(target)['phase'] === 'running',
      );
      expect(await rig.driver.observe(target, spec, { ...context, clock })).toMatchObject({
        health: 'starting',
        reason: expect.stringContaining('Nothing listens on its port yet'),
      });
    });

    (missingUser === undefined ? test : test.skip)(
      `runs as the user as whom its host is reached, where that is not root${missingUser === undefined ? '' : ` (skipped: ${missingUser})`}`,
      async () => {
        const rig = place({}, { at: await otherServer({ uid: NOBODY }) });
        execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, rig.folder]);
        const { outputs, observed } = await rig.driver.ensure(rig.target('shop'), await rig.spec(), {}, rig.context());
        expect(observed).toMatchObject({ user: null, sharedUserBecause: 'Slipway is not root there' });
        expect(await ask(Number(outputs['port']), '/self')).toMatchObject({ uid: NOBODY });
      },
    );

    describe('whose artefact comes from the npm registry', () => {
      const SERVER = `#!/usr/bin/env node
require('node:http').createServer((_, response) => response.end('"installed"')).listen(process.env.PORT, process.env.HOST);
`;
      const npm = { package: 'small-server', version: '2.0.1' };
      /** Of whoever runs Slipway, who reaches another registry than the host does. */
      const variables = { PATH: '/nowhere', npm_config_registry: 'http://127.0.0.1:1/' };
      const registry = async (): Promise<SmallRegistry> => {
        const started = await new SmallRegistry().start();
        open.push(() => started.stop());
        await started.add({
          name: 'small-server',
          version: '2.0.1',
          manifest: { bin: { 'small-server': 'bin.js' } },
          files: { 'bin.js': SERVER },
        });
        return started;
      };
      const served = (rig: Rig, { url }: SmallRegistry) =>
        rig.spec(
          { npm, command: ['small-server'], environment: { PORT: '${port}', HOST: '${host}' } },
          { '.npmrc': `registry=${url}\ncache=${rig.folder}/cache\nfetch-retries=0\n` },
        );

      test('has it installed by the npm of its host, as that is configured there', async () => {
        const rig = place({}, { variables });
        const { outputs, observed } = await rig.driver.ensure(
          rig.target('shop'),
          await served(rig, await registry()),
          {},
          rig.context(),
        );
        expect(await ask(Number(outputs['port']), '/')).toBe('installed');
        expect(observed['npm']).toMatchObject(npm);
      });

      test('leaves no npm at work where the connection is cut', async () => {
        const rig = place({}, { variables });
        const silent = await registry();
        silent.silent = true;
        const ensuring = rig.driver.ensure(rig.target('shop'), await served(rig, silent), {}, rig.context());
        const failed = expect(ensuring).rejects.toMatchObject({ code: 'driver-failed' });
        await eventually('npm asks the registry', () => silent.asked.length > 0);
        expect(worksBelow(rig.root)).not.toEqual([]);
        server.cut();
        await failed;
        await eventually('nothing works there any more', () => worksBelow(rig.root).length === 0);
        expect(processesOf(rig.root)).toEqual([]);
      });
    });
  },
);

/** Processes whose working folder stands below a path. */
function worksBelow(path: string): string[] {
  const at = (pid: string) => {
    try {
      return readlinkSync(`/proc/${pid}/cwd`);
    } catch {
      return '';
    }
  };
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && at(name).startsWith(path));
}
