import { execFileSync, spawnSync } from 'node:child_process';
import { createReadStream, existsSync, mkdirSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { mkdtemp, readFile, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { describeBlobs } from '../testing/blobs-contract.js';
import { openBlobs } from './directory-blobs.js';

const pathOf = (folder: string, sha256: string) => join(folder, sha256.slice(0, 2), sha256.slice(2, 4), sha256);

describeBlobs('directory', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-blobs-'));
  return {
    blobs: await openBlobs({ folder }),
    damage: async (sha256, change) => {
      const path = pathOf(folder, sha256);
      await writeFile(path, change(await readFile(path)));
    },
    dispose: () => rm(folder, { recursive: true }),
  };
});

describe('directory', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-blobs-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const goneProcess = () => Number(execFileSync('sh', ['-c', 'echo $$']).toString());
  const unfinished = (name: string) => join(folder, 'unfinished', name);

  test('files fan out over two levels, are private, and nothing unfinished stays', async () => {
    const blobs = await openBlobs({ folder });
    const { sha256 } = await blobs.put('hello');
    expect((await stat(pathOf(folder, sha256))).mode & 0o777).toBe(0o600);
    expect(await readdir(join(folder, 'unfinished'))).toEqual([]);
    await expect(blobs.put(Readable.from([Buffer.from('x'), 42 as never], { objectMode: true }))).rejects.toThrow();
    expect(await readdir(join(folder, 'unfinished'))).toEqual([]);
  });

  test('another process sees what was stored, also when both store it', async () => {
    const [one, other] = await Promise.all([openBlobs({ folder }), openBlobs({ folder })]);
    const [{ sha256 }] = await Promise.all([one.put('shared'), other.put('shared')]);
    expect((await other.read(sha256)).toString()).toBe('shared');
  });

  test('opening sweeps what dead writers left, and leaves what others write just now', async () => {
    await openBlobs({ folder });
    const yesterday = new Date(Date.now() - 25 * 3600 * 1000);
    const dead = unfinished(`${hostname()}~${goneProcess()}~dead`);
    const living = unfinished(`${hostname()}~${process.ppid}~living`);
    const mine = unfinished(`${hostname()}~${process.pid}~mine`);
    const predecessor = unfinished(`${hostname()}~${process.pid}~predecessor`);
    const elsewhere = unfinished('elsewhere~1~now');
    const elsewhereOld = unfinished('elsewhere~1~old');
    for (const path of [dead, living, mine, predecessor, elsewhere, elsewhereOld]) await writeFile(path, 'half');
    await utimes(predecessor, new Date(), new Date(Date.now() - process.uptime() * 1000 - 60_000));
    await utimes(elsewhereOld, yesterday, yesterday);
    await openBlobs({ folder });
    expect([dead, living, mine, predecessor, elsewhere, elsewhereOld].map((path) => existsSync(path))).toEqual([
      false,
      true,
      true,
      false,
      true,
      false,
    ]);
  });

  test('a folder that cannot be written is blob-unavailable with the reason', async () => {
    const blobs = await openBlobs({ folder });
    await rm(join(folder, 'unfinished'), { recursive: true });
    await expect(blobs.put('x')).rejects.toMatchObject({ code: 'blob-unavailable', message: expect.stringContaining('ENOENT') });
    await writeFile(join(folder, 'file'), '');
    await expect(openBlobs({ folder: join(folder, 'file') })).rejects.toMatchObject({ code: 'blob-unavailable' });
  });

  const mayMount = process.getuid?.() === 0 && spawnSync('unshare', ['-m', 'true']).status === 0;
  const testAsRoot = mayMount ? test : test.skip;
  testAsRoot(
    `a full disk is said, and nothing half-written counts${mayMount ? '' : ' (skipped: needs root to mount a small disk)'}`,
    async () => {
      const small = join(folder, 'small');
      mkdirSync(small);
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', small]);
      try {
        const blobs = await openBlobs({ folder: small });
        const { sha256 } = await blobs.put('fits');
        await expect(blobs.put(Buffer.alloc(1024 * 1024))).rejects.toMatchObject({
          code: 'blob-unavailable',
          message: expect.stringContaining('ENOSPC'),
        });
        expect(await readdir(join(small, 'unfinished'))).toEqual([]);
        expect((await blobs.read(sha256)).toString()).toBe('fits');
      } finally {
        execFileSync('umount', [small]);
      }
    },
  );

  test("an error of the source is the source's, not the store's", async () => {
    const blobs = await openBlobs({ folder });
    await expect(blobs.put(createReadStream(join(folder, 'nothing')))).rejects.toMatchObject({ code: 'ENOENT' });
    const failed = new PassThrough();
    setTimeout(() => failed.destroy(new Error('it failed before it was read')), 0);
    await expect(blobs.put(failed)).rejects.toThrow('it failed before it was read');
    expect(await readdir(join(folder, 'unfinished'))).toEqual([]);
  });
});
