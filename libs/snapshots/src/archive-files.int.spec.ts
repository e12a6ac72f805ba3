import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { openBlobs, type Blobs } from '@slipway/blobs';
import { tarHeader, tarPadding } from '@slipway/interfaces';
import { archiveFiles } from './archive-files.js';
import { manifestOf, partOf, tarOf } from './testing/snapshot.js';
import { archiveLimits } from './read-archive.js';
import { archiveBytes } from './write-archive.js';

const run = promisify(execFile);
const HOLDER = '0b8f2c1e-0000-4000-8000-000000000001';
const LONG = 300_000;
const MIB = 1024 * 1024;

describe('archives as files', () => {
  let folder: string;
  let blobs: Blobs;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-archives-'));
    blobs = await openBlobs({ folder: join(folder, 'blobs') });
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));
  const small = async () =>
    manifestOf(await partOf(blobs.of(HOLDER), Readable.from([await tarOf({ name: 'a', content: 'kept' })])));

  test('are written whole, for nobody else to read, and read back elsewhere', async () => {
    const manifest = await small();
    const path = join(folder, 'store', 'below', 'shop.slipway.tar');
    await archiveFiles(blobs).write(manifest, HOLDER, path);
    await archiveFiles(blobs).write(manifest, HOLDER, path);
    expect(await readdir(join(folder, 'store', 'below'))).toEqual(['shop.slipway.tar']);
    const { size, mode } = await stat(path);
    expect(size).toBe(archiveBytes(manifest));
    expect(mode & 0o777).toBe(0o600);
    const elsewhere = await openBlobs({ folder: join(folder, 'elsewhere') });
    expect(await archiveFiles(elsewhere).look(path)).toEqual(manifest);
    expect(await elsewhere.holders()).toEqual([]);
    expect(await archiveFiles(elsewhere).read(path, HOLDER)).toEqual(manifest);
    const { sha256 } = manifest.parts[0]!;
    expect([await elsewhere.of(HOLDER).has(sha256), await elsewhere.has(sha256)]).toEqual([true, false]);
    for (let twice = 0; twice < 2; twice += 1) await archiveFiles(blobs).remove(path);
    await archiveFiles(blobs).remove(join(folder, 'none', 'none'));
    expect(await readdir(join(folder, 'store', 'below'))).toEqual([]);
  });

  test('of what is not whole are not written, and what stood there before stays', async () => {
    const manifest = await small();
    const path = join(folder, 'shop.slipway.tar');
    await writeFile(path, 'before');
    await blobs.of(HOLDER).remove();
    await expect(archiveFiles(blobs).write(manifest, HOLDER, path)).rejects.toMatchObject({ code: 'blob-missing' });
    expect(await readFile(path, 'utf8')).toBe('before');
    expect((await readdir(folder)).toSorted()).toEqual(['blobs', 'shop.slipway.tar']);
  });

  /** A writer of our own kind that is killed in the middle: its last part never ends. */
  const killedWriter = async (manifest: object, path: string) => {
    const built = (name: string) => JSON.stringify(new URL(`../dist/${name}`, import.meta.url).href);
    const script = `
      const { archiveFiles } = await import(${built('archive-files.js')});
      const [manifest, path] = process.argv.slice(1);
      const never = { open: async () => (async function* () { yield Buffer.alloc(64); console.log('writing'); await new Promise(() => setInterval(() => {}, 1000)); })() };
      await archiveFiles({ of: () => never }).write(JSON.parse(manifest), ${JSON.stringify(HOLDER)}, path);
    `;
    const writer = spawn(process.execPath, ['--input-type=module', '-e', script, JSON.stringify(manifest), path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(writer.stdout, 'data');
    writer.kill('SIGKILL');
    await once(writer, 'exit');
  };

  test('whose writer was killed leave nothing when they are written again, or removed: nothing of anybody else', async () => {
    const manifest = await small();
    const store = join(folder, 'store');
    const path = join(store, 'shop.slipway.tar');
    const unfinished = /^\.shop\.slipway\.tar\.[0-9a-f]{12}\.part$/;
    await killedWriter(manifest, path);
    expect(await readdir(store)).toEqual([expect.stringMatching(unfinished)]);
    const others = [
      '.other.slipway.tar.0123456789ab.part',
      '.shop.slipway.tar.0123456789ab.part.mine',
      '.shop.slipway.tar.mine.part',
      'shop.slipway.tar.0123456789ab.part',
    ];
    for (const name of others) await writeFile(join(store, name), 'of somebody else');
    await mkdir(join(store, '.shop.slipway.tar.abcdefabcdef.part'));
    const foreign = [...others, '.shop.slipway.tar.abcdefabcdef.part'].toSorted();

    await archiveFiles(blobs).write(manifest, HOLDER, path);
    expect((await readdir(store)).toSorted()).toEqual([...foreign, 'shop.slipway.tar'].toSorted());
    await killedWriter(manifest, path);
    expect(await readdir(store)).toHaveLength(foreign.length + 2);
    await archiveFiles(blobs).remove(path);
    expect((await readdir(store)).toSorted()).toEqual(foreign);
  });

  test('that are removed while they are written do not come back', async () => {
    const manifest = await small();
    const path = join(folder, 'store', 'shop.slipway.tar');
    let release!: () => void;
    const released = new Promise<void>((resolve) => (release = resolve));
    let begun!: () => void;
    const writing = new Promise<void>((resolve) => (begun = resolve));
    const held = blobs.of(HOLDER);
    async function* slowly(sha256: string) {
      begun();
      await released;
      yield* (await held.open(sha256)) as AsyncIterable<Buffer>;
    }
    const slow = { ...blobs, of: () => ({ ...held, open: async (sha256: string) => Readable.from(slowly(sha256)) }) };
    const written = expect(archiveFiles(slow as unknown as Blobs).write(manifest, HOLDER, path)).rejects.toThrow('ENOENT');
    await writing;
    await archiveFiles(blobs).remove(path);
    release();
    await written;
    expect(await readdir(join(folder, 'store'))).toEqual([]);
  });

  test('that have no room are not written, and nothing stays', async () => {
    const manifest = await small();
    const full = archiveFiles(blobs, {}, async () => archiveBytes(manifest) - 1);
    await expect(full.write(manifest, HOLDER, join(folder, 'store', 'shop.slipway.tar'))).rejects.toMatchObject({
      code: 'no-space',
    });
    expect(await readdir(join(folder, 'store'))).toEqual([]);
  });

  test('that hold more than is taken are refused as files too', async () => {
    const path = join(folder, 'shop.slipway.tar');
    await archiveFiles(blobs).write(await small(), HOLDER, path);
    const elsewhere = await openBlobs({ folder: join(folder, 'elsewhere') });
    const read = archiveFiles(elsewhere, archiveLimits({ contentBytes: 1_024 }, folder)).read(path, HOLDER);
    await expect(read).rejects.toMatchObject({
      code: 'archive-invalid',
      message: expect.stringContaining('snapshots.limits.contentBytes'),
    });
  });

  test('that are not there, or are no files, are not found; those that were cut off are refused', async () => {
    const files = archiveFiles(blobs);
    await expect(files.look(join(folder, 'none'))).rejects.toMatchObject({ code: 'not-found' });
    await expect(files.look(folder)).rejects.toMatchObject({ code: 'not-found' });
    const path = join(folder, 'shop.slipway.tar');
    await files.write(await small(), HOLDER, path);
    await truncate(path, 3_000);
    await expect(files.read(path, HOLDER)).rejects.toMatchObject({ code: 'archive-invalid' });
  });

  test('are what the system’s own tar unpacks and sha256sum checks', async () => {
    const manifest = await small();
    const path = join(folder, 'shop.slipway.tar');
    await archiveFiles(blobs).write(manifest, HOLDER, path);
    await run('tar', ['--extract', '--file', path, '--directory', folder]);
    expect(JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'))).toEqual(manifest);
    const { stdout } = await run('sha256sum', ['--check', 'SHA256SUMS'], { cwd: folder });
    expect(stdout).toBe('manifest.json: OK\nparts/1.zst: OK\n');
  });

  test(
    'of hundreds of megabytes are made and read in the same little memory',
    async () => {
      // Hardly to be compressed, so that the archive is as long as the data.
      const noise = randomBytes(MIB);
      async function* files(count: number, mebibytes: number) {
        for (let file = 0; file < count; file += 1) {
          yield tarHeader({ name: `file-${file}`, type: 'file', mode: 0o644, mtime: 0, size: mebibytes * MIB });
          for (let piece = 0; piece < mebibytes; piece += 1) {
            noise.writeUInt32BE(file, piece % 1_000);
            yield Buffer.from(noise.subarray((piece * 97) % 5_000)).subarray(0, MIB);
            yield Buffer.from(noise.subarray(0, (piece * 97) % 5_000));
          }
          yield tarPadding(mebibytes * MIB);
        }
        yield Buffer.alloc(1_024);
      }
      const idle = process.memoryUsage();
      let rss = 0;
      let heap = 0;
      const watching = setInterval(() => {
        const now = process.memoryUsage();
        rss = Math.max(rss, now.rss - idle.rss);
        heap = Math.max(heap, now.heapUsed + now.external - idle.heapUsed - idle.external);
      }, 20);
      try {
        const manifest = manifestOf(await partOf(blobs.of(HOLDER), files(3, 100)));
        expect(manifest.parts[0]!.contentBytes).toBeGreaterThan(300 * MIB);
        const path = join(folder, 'big.slipway.tar');
        await archiveFiles(blobs).write(manifest, HOLDER, path);
        const elsewhere = await openBlobs({ folder: join(folder, 'elsewhere') });
        expect(await archiveFiles(elsewhere).read(path, HOLDER)).toEqual(manifest);
        expect((await stat(path)).size).toBe(archiveBytes(manifest));
      } finally {
        clearInterval(watching);
      }
      expect(heap).toBeLessThan(150 * MIB);
      expect(rss).toBeLessThan(250 * MIB);
    },
    LONG,
  );
});
