import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { tarOf } from '../testing/filesystem/hostile-tars.js';
import {
  startSshServer,
  whyNoOtherSshUser,
  whyNoSshServer,
  type SshServerOptions,
  type TestSshServer,
} from '../testing/ssh-server.js';
import { SshConnection } from './connection.js';
import { sshCommand } from './ssh-command.js';
import { sshFilesystem } from './ssh-filesystem.js';

let server: TestSshServer;
let over: SshConnection;
let folder: string;
const start = async (options: SshServerOptions = {}) => {
  server = await startSshServer(options);
  over = new SshConnection(server, { known: async () => server.hostKey, pin: async (_, key) => key });
};

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-ssh-'));
});
afterEach(async () => {
  await over?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const noUser = whyNoOtherSshUser();
(noUser === undefined ? describe : describe.skip)(
  `as somebody who is not root${noUser === undefined ? '' : ` (skipped: ${noUser})`}`,
  () => {
    test('programs and files work below what is his; what only root may do is refused with who could', async () => {
      spawnSync('chown', ['4712:4712', folder]);
      await start({ uid: 4712 });
      const filesystem = sshFilesystem(over);
      expect((await sshCommand(over).exec(['id', '-u'])).stdout).toBe('4712\n');
      await filesystem.mkdir(join(folder, 'a'), { mode: 0o750 });
      await filesystem.writeFile(join(folder, 'a', 'file'), 'his', { mode: 0o640 });
      await filesystem.unpack(join(folder, 'unpacked'), tarOf({ name: 'bin/run', mode: 0o755, content: 'x' }));
      await filesystem.unpack(join(folder, 'copy'), filesystem.pack(join(folder, 'a')), { portable: true });
      expect(await filesystem.stat(join(folder, 'copy', 'file'))).toMatchObject({ uid: 4712, gid: 4712, mode: 0o640, bytes: 3 });
      await filesystem.remove(join(folder, 'unpacked'));
      await expect(filesystem.chown(join(folder, 'a'), 0, 0)).rejects.toMatchObject({
        code: 'EPERM',
        message: expect.stringContaining('only root gives files to others, and 127.0.0.1'),
      });
      await expect(filesystem.writeFile('/etc/slipway-test', 'x')).rejects.toMatchObject({ code: 'EACCES' });
      await expect(filesystem.remove('/etc/passwd')).rejects.toMatchObject({ code: 'EACCES' });
      await expect(filesystem.readPart('/etc/shadow', 0, 10)).rejects.toMatchObject({ code: 'EACCES' });
    }, 60_000);
  },
);

/** A file system of 4 MiB. */
function whyNoSmallDisk(): string | undefined {
  const missing = whyNoSshServer();
  if (missing !== undefined) return missing;
  const tried = mkdtempSync(join(tmpdir(), 'slipway-mount-'));
  const isMounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', tried]).status === 0;
  if (isMounted) spawnSync('umount', [tried]);
  rmSync(tried, { recursive: true });
  return isMounted ? undefined : 'only root, who may mount, can make a small disk';
}

const noDisk = whyNoSmallDisk();
(noDisk === undefined ? describe : describe.skip)(`a full disk${noDisk === undefined ? '' : ` (skipped: ${noDisk})`}`, () => {
  beforeEach(() => void spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', folder]));
  afterEach(() => void spawnSync('umount', ['--lazy', folder]));

  test('is told as such, and leaves nothing half under its name', async () => {
    await start();
    const filesystem = sshFilesystem(over);
    expect(await filesystem.freeBytes(join(folder, 'later'))).toBe(4 * 1024 ** 2);
    await filesystem.writeFile(join(folder, 'file'), 'before');
    const much = () => Readable.from(Array.from({ length: 100 }, () => Buffer.alloc(100_000)));
    await expect(filesystem.writeFile(join(folder, 'file'), much())).rejects.toMatchObject({
      code: 'no-space',
      message: expect.stringMatching(/file cannot be written at 127\.0\.0\.1:\d+: \d+ bytes are free there/),
    });
    expect(String(await filesystem.readFile(join(folder, 'file')))).toBe('before');
    expect(await filesystem.list(folder)).toEqual(['file']);
    const tar = tarOf({ name: 'large', content: 'x'.repeat(8_000_000) });
    await expect(filesystem.unpack(join(folder, 'new'), tar)).rejects.toMatchObject({
      code: 'no-space',
      message: expect.stringMatching(/new cannot be unpacked to at 127\.0\.0\.1:\d+: .*large/),
    });
  }, 60_000);
});
