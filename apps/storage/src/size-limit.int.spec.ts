import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Command, CommandResult } from '@slipway/interfaces';
import { ContractPlace } from '@slipway/provisioner/testing';
import { directoryDriver } from './drivers/directory/directory.js';

const run = (...line: string[]) => spawnSync(line[0]!, line.slice(1), { encoding: 'utf8' });

/** A small ext4 with project quotas, mounted; or why this machine cannot have one. */
function quotaFileSystem(): { folder: string; unmount(): void } | { missing: string } {
  if (process.getuid!() !== 0) return { missing: 'not root' };
  if (run('setquota', '--version').error) return { missing: 'no setquota (Debian: quota)' };
  const folder = mkdtempSync(join(tmpdir(), 'slipway-quota-'));
  const [image, mount] = [join(folder, 'image'), join(folder, 'mount')];
  const unmount = () => {
    run('umount', mount);
    rmSync(folder, { recursive: true, force: true });
  };
  writeFileSync(image, '');
  truncateSync(image, 64 * 1024 * 1024);
  for (const line of [
    ['mkfs.ext4', '-q', '-O', 'project,quota', '-E', 'quotatype=prjquota', image],
    ['mkdir', mount],
    ['mount', '-o', 'loop,prjquota', image, mount],
  ]) {
    const { status, error } = run(...line);
    if (status === 0 && !error) continue;
    unmount();
    return { missing: `${line[0]} of an ext4 with project quotas failed: the kernel may lack CONFIG_QFMT_V2` };
  }
  return { folder: mount, unmount };
}

describe('the size limit of a folder', () => {
  const driver = directoryDriver();
  let place: ContractPlace;
  beforeEach(async () => {
    place = await ContractPlace.make();
  });
  afterEach(() => place.remove());
  const target = () => place.target('storage', 'shop-data');

  /** A place's programs, played: answers by program, and what was called. */
  const played = (answers: Record<string, Partial<CommandResult>>) => {
    const calls: string[][] = [];
    const exec = async (line: readonly string[]) => {
      calls.push([...line]);
      return { exitCode: 0, stdout: '', stderr: '', ...answers[line[0]!] };
    };
    const command: Command = { exec, execOrThrow: exec, spawnDetached: async () => 0 };
    return { command, calls };
  };
  const mounted = (fstype: string, options: string) => ({
    stdout: JSON.stringify({ filesystems: [{ target: '/srv', fstype, options }] }),
  });

  test('is reported as not enforced where the file system has no project quotas', async () => {
    const { command } = played({ findmnt: mounted('ext4', 'rw,relatime') });
    const context = { ...(await place.context()), command };
    const { observed } = await driver.ensure(target(), { sizeLimit: '1GiB' }, {}, context);
    const reason = '/srv (ext4) is not mounted with project quotas (prjquota)';
    expect(observed['sizeLimit']).toEqual({ bytes: 1024 ** 3, enforced: false, reason });
    expect(context.said.log.join()).toContain(reason);
    expect((await driver.inspect(target(), context)).observed).toEqual(observed);
  });

  test('is not made less than what the folder holds: nothing is changed then', async () => {
    const context = await place.context();
    const { outputs } = await driver.ensure(target(), { sizeLimit: '1GiB', mode: '0700' }, {}, context);
    await writeFile(join(String(outputs['path']), 'big'), Buffer.alloc(2 * 1024 ** 2, 7));
    const before = (await driver.inspect(target(), context)).observed;
    const less = (sizeLimit: string) => driver.updatable!.update(target(), { sizeLimit, mode: '0750' }, {}, context);
    await expect(less('1MiB')).rejects.toMatchObject({
      code: 'no-space',
      message: expect.stringContaining('choose a greater limit'),
    });
    expect((await driver.inspect(target(), context)).observed).toEqual(before);
    const { observed } = await less('4MiB');
    expect(observed).toMatchObject({ mode: '0750', sizeLimit: { bytes: 4 * 1024 ** 2 } });
  });

  test.each([
    ['ext4', ['setquota', '-P', expect.stringMatching(/^\d+$/), '0', '2048', '0', '0', '/srv']],
    ['xfs', ['xfs_quota', '-x', '-c', expect.stringMatching(/^limit -p bhard=2097152 \d+$/), '/srv']],
  ])('is set as a project quota on %s, and given back with the folder', async (fstype, line) => {
    const { command, calls } = played({ findmnt: mounted(fstype, 'rw,prjquota') });
    const context = { ...(await place.context()), command };
    const { observed } = await driver.ensure(target(), { sizeLimit: '2MiB' }, {}, context);
    expect(observed['sizeLimit']).toEqual({ bytes: 2 * 1024 ** 2, enforced: true });
    const [, chattr, quota] = calls;
    expect(chattr).toEqual(['chattr', '-R', '-p', expect.stringMatching(/^\d+$/), '+P', expect.stringMatching(/staging\/data$/)]);
    expect(quota).toEqual(line);
    calls.length = 0;
    expect(await driver.destroy(target(), context)).toBe('destroyed');
    expect(calls[0]!.join(' ')).toMatch(fstype === 'xfs' ? /bhard=0 / : / 0 0 0 0 /);
  });

  test('is reported as not enforced, with what the program said, when it cannot be set', async () => {
    const { command } = played({
      findmnt: mounted('ext4', 'rw,prjquota'),
      setquota: { exitCode: 1, stderr: 'setquota: Operation not permitted\n' },
    });
    const { observed } = await driver.ensure(target(), { sizeLimit: '2MiB' }, {}, { ...(await place.context()), command });
    expect(observed['sizeLimit']).toMatchObject({
      enforced: false,
      reason: 'setquota could not do it: setquota: Operation not permitted',
    });
  });

  const quota = quotaFileSystem();
  const name = 'is enforced by a real ext4 with project quotas';
  if ('missing' in quota) {
    test.skip(`${name} (skipped: ${quota.missing})`, () => {});
  } else {
    test(name, async () => {
      try {
        const context = { ...(await place.context()), root: quota.folder };
        const { outputs, observed } = await driver.ensure(target(), { sizeLimit: '1MiB' }, {}, context);
        expect(observed['sizeLimit']).toEqual({ bytes: 1024 ** 2, enforced: true });
        const file = join(String(outputs['path']), 'file');
        await writeFile(file, Buffer.alloc(512 * 1024));
        await expect(writeFile(file, Buffer.alloc(4 * 1024 ** 2))).rejects.toMatchObject({
          code: expect.stringMatching(/EDQUOT|ENOSPC/),
        });
        expect(await driver.destroy(target(), context)).toBe('destroyed');
      } finally {
        quota.unmount();
      }
    });
  }
});
