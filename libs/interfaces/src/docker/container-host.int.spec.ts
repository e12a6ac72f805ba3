import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { createServer } from 'node:tls';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Command } from '../command.js';
import type { Filesystem } from '../filesystem.js';
import { localCommand } from '../local/local-command.js';
import { shellCommand } from '../shell/shell-command.js';
import { shellFilesystem } from '../shell/shell-filesystem.js';
import { runThisMachine, startDockerEngine, whyNoDockerEngine, type TestEngine } from '../testing/docker-engine.js';
import { describeCommand, describeFilesystem } from '../testing/index.js';
import { startWire } from '../testing/ssh-server.js';
import { ContainerHost } from './container-host.js';
import { Docker } from './docker.js';

// An engine on a busy machine takes its time.
jest.setTimeout(120_000);

const missing = whyNoDockerEngine();

(missing === undefined ? describe : describe.skip)(
  `programs and files in a container${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let engine: TestEngine;
    let container: string;
    let command: Command;
    let filesystem: Filesystem & { close(): void };
    beforeAll(async () => {
      engine = await startDockerEngine();
      container = runThisMachine(engine);
      const host = new ContainerHost({ host: engine.host }, container);
      command = shellCommand(host);
      filesystem = shellFilesystem(host);
    }, 120_000);
    afterAll(async () => {
      filesystem?.close();
      engine?.docker('rm', '--force', container);
      await engine?.stop();
    }, 60_000);

    describeCommand('docker', () => ({
      exec: (...args) => command.exec(...args),
      execOrThrow: (...args) => command.execOrThrow(...args),
      spawnDetached: (...args) => command.spawnDetached(...args),
    }));
    describeFilesystem('docker', () => new Proxy({} as Filesystem, { get: (_, name: keyof Filesystem) => filesystem[name] }));

    /** Where the engine listens, for those who stand before it. */
    const behind = () => {
      const { protocol, pathname, port } = new URL(engine.host);
      return protocol === 'unix:' ? { path: pathname } : { port: Number(port) };
    };
    /** Whether a process of this machine has ended. */
    const hasEnded = async (pid: number): Promise<void> => {
      const state = async () => /\) (.)/.exec(await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => ') Z'))?.[1];
      while (!['Z', 'X'].includes((await state())!)) await sleep(20);
    };

    test('a connection that is cut in the middle of a program is told as such; what it left is ended before anything else is done there', async () => {
      let wire = await startWire(behind());
      try {
        const over = shellCommand(new ContainerHost({ host: `tcp://127.0.0.1:${wire.port}` }, container));
        const pids: number[] = [];
        const running = over.exec(['sh', '-c', 'echo $$; exec sleep 300'], {
          onLine: (line) => {
            pids.push(Number(line));
            void wire.stop();
          },
        });
        await expect(running).rejects.toMatchObject({
          code: 'driver-failed',
          message: expect.stringMatching(
            /^The connection to the Docker engine at tcp:.* was cut while sh ran there: it may have gone on/,
          ),
          details: { mayHaveGoneOn: true },
        });
        await expect(over.exec(['true'])).rejects.toThrow('cannot be reached');
        wire = await startWire(behind(), wire.port);
        expect((await over.exec(['echo', 'again'])).stdout).toBe('again\n');
        await hasEnded(pids[0]!);
      } finally {
        await wire.stop();
      }
    });

    test('over TLS both prove who they are: the interface for programs, and the client', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'slipway-tls-'));
      const file = (name: string) => join(folder, `${name}.pem`);
      const how = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-days', '1'];
      const named = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
      execFileSync('openssl', [...how, ...named, '-keyout', file('key'), '-out', file('cert')], { stdio: 'ignore' });
      execFileSync('cp', [file('cert'), file('ca')]);
      const [ca, cert, key] = ['ca', 'cert', 'key'].map((name) => readFileSync(file(name))) as [Buffer, Buffer, Buffer];
      const own = { ca, cert, key, requestCert: true, rejectUnauthorized: true, allowHalfOpen: true };
      const front = createServer(own, (near) => {
        const far = connect({ ...behind(), allowHalfOpen: true });
        near
          .on('error', () => far.destroy())
          .pipe(far.on('error', () => near.destroy()))
          .pipe(near);
      }).on('tlsClientError', () => {});
      await new Promise<void>((resolve) => void front.listen(0, '127.0.0.1', resolve));
      try {
        const host = `tcp://127.0.0.1:${(front.address() as AddressInfo).port}`;
        const over = shellCommand(new ContainerHost({ host, tls: { ca, cert, key } }, container));
        expect((await over.exec(['cat'], { input: 'secret' })).stdout).toBe('secret');
        expect(await new Docker(localCommand(), { host, certificates: folder }).inspect('container', container)).toMatchObject({
          Name: `/${container}`,
        });
        await expect(shellCommand(new ContainerHost({ host }, container)).exec(['true'])).rejects.toMatchObject({
          code: 'driver-failed',
          message: expect.stringContaining('The Docker engine cannot be reached'),
        });
      } finally {
        front.close();
        rmSync(folder, { recursive: true });
      }
    });

    /** Works in a container of its own, of the image that is there. */
    const inAnother = async (name: string, flags: readonly string[], work: () => Promise<void>): Promise<void> => {
      const { Image } = JSON.parse(engine.docker('inspect', '--format', '{{json .}}', container)) as { Image: string };
      engine.docker('run', '--detach', '--network', 'none', '--name', name, ...flags, Image, 'sleep', '300');
      try {
        await work();
      } finally {
        engine.docker('rm', '--force', name);
      }
    };

    test('programs run as who is named; what he may not do to files is told with the code of the system', () =>
      inAnother('slipway-test-his', [], async () => {
        const host = new ContainerHost({ host: engine.host }, 'slipway-test-his', '4711');
        expect((await shellCommand(host).exec(['id', '-u'])).stdout).toBe('4711\n');
        const his = shellFilesystem(host);
        await his.writeFile('/tmp/file', 'his', { mode: 0o640 });
        expect(await his.stat('/tmp/file')).toMatchObject({ uid: 4711, mode: 0o640, bytes: 3 });
        await expect(his.writeFile('/etc/file', 'x')).rejects.toMatchObject({ code: 'EACCES' });
        await expect(his.writeFile('/etc/file', Buffer.alloc(100_000))).rejects.toMatchObject({ code: 'EACCES' });
        await expect(his.remove('/etc/passwd')).rejects.toMatchObject({ code: 'EACCES' });
        await expect(his.chown('/tmp/file', 0, 0)).rejects.toMatchObject({ code: 'EPERM' });
        await expect(his.mkdir('/etc/passwd')).rejects.toMatchObject({ code: 'EEXIST' });
        await expect(his.list('/etc/passwd')).rejects.toMatchObject({ code: 'ENOTDIR' });
      }));

    test('a full disk is told as such, and leaves nothing half under its name', () =>
      inAnother('slipway-test-full', ['--tmpfs', '/small:rw,size=1m'], async () => {
        const full = shellFilesystem(new ContainerHost({ host: engine.host }, 'slipway-test-full'));
        expect(await full.freeBytes('/small/later')).toBe(1024 ** 2);
        await full.writeFile('/small/file', 'before');
        const much = () => Readable.from(Array.from({ length: 40 }, () => Buffer.alloc(100_000)));
        await expect(full.writeFile('/small/file', much())).rejects.toMatchObject({
          code: 'no-space',
          message: expect.stringContaining('cannot be written at container slipway-test-full'),
        });
        expect(String(await full.readFile('/small/file'))).toBe('before');
        expect(await full.list('/small')).toEqual(['file']);
      }));

    test('a container that is stopped ends what runs in it; that it is paused, does not run, or is not there, is said', () =>
      inAnother('slipway-test-ends', [], async () => {
        const over = shellCommand(new ContainerHost({ host: engine.host }, 'slipway-test-ends'));
        engine.docker('pause', 'slipway-test-ends');
        await expect(over.exec(['true'])).rejects.toThrow(/^Container slipway-test-ends is paused/);
        engine.docker('unpause', 'slipway-test-ends');
        const running = over.exec(['sh', '-c', 'echo begun; exec sleep 300'], {
          onLine: () => void engine.docker('kill', 'slipway-test-ends'),
        });
        const how = await running.then(
          ({ exitCode }) => exitCode,
          (error: { code: string }) => error.code,
        );
        expect([137, 'driver-failed']).toContain(how);
        await expect(over.exec(['true'])).rejects.toMatchObject({
          code: 'driver-failed',
          message: expect.stringMatching(/^Container slipway-test-ends does not run at the Docker engine/),
        });
        engine.docker('rm', 'slipway-test-ends');
        await expect(over.exec(['true'])).rejects.toMatchObject({
          code: 'driver-failed',
          message: expect.stringMatching(/^There is no container slipway-test-ends at the Docker engine/),
        });
      }));
  },
);

test('an engine that is not there is said so', async () => {
  const nobody = shellCommand(new ContainerHost({ host: 'unix:///nowhere/docker.sock' }, 'any'));
  await expect(nobody.exec(['true'])).rejects.toMatchObject({
    code: 'driver-failed',
    message: expect.stringContaining('The Docker engine cannot be reached at unix:///nowhere/docker.sock'),
  });
});
