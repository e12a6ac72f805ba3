import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { zstdCompressSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { MemoryBlobs } from '@slipway/blobs/testing';
import { TAR, sha256, type SnapshotManifest } from '@slipway/contracts';
import { tarHeader, tarPadding } from '@slipway/interfaces';
import { manifestText, sumsText } from './manifest.js';
import { readArchive, readManifest } from './read-archive.js';
import { manifestOf, partOf, tarOf, type TarEntry } from './testing/snapshot.js';
import { archiveBytes, writeArchive } from './write-archive.js';

const seed = Number(process.env.SLIPWAY_SEED ?? Date.now() % 2 ** 31);
const streamed = (archive: Buffer, piece = archive.length): Readable => {
  const pieces = Array.from({ length: Math.ceil(archive.length / piece) }, (_, n) =>
    archive.subarray(n * piece, (n + 1) * piece),
  );
  return Readable.from(pieces, { objectMode: false });
};
const invalid = (entry?: string, reason?: string | RegExp) => ({
  code: 'archive-invalid',
  details: {
    entry: entry ?? expect.any(String),
    reason:
      typeof reason === 'string' ? expect.stringContaining(reason) : reason ? expect.stringMatching(reason) : expect.any(String),
  },
});

describe('an archive', () => {
  let blobs: MemoryBlobs;
  let manifest: SnapshotManifest;
  let archive: Buffer;
  const FILES: TarEntry[] = [
    { name: 'deep/file', content: 'x'.repeat(3_000) },
    { name: 'link', type: 'symlink', linkname: 'deep/file' },
  ];

  beforeEach(async () => {
    blobs = new MemoryBlobs();
    const files = await partOf(blobs, Readable.from([await tarOf(...FILES)]));
    const dump = await partOf(blobs, Readable.from([randomBytes(5_000)]), {
      role: 'db',
      kind: 'database',
      mediaType: 'application/vnd.sqlite3',
    });
    manifest = manifestOf(files, dump);
    archive = await buffer(writeArchive(manifest, blobs));
  });

  const read = (bytes: Buffer, into = new MemoryBlobs(), piece?: number) => readArchive(streamed(bytes, piece), into);

  test('comes back: its manifest, and its parts as blobs; the same again is the same bytes', async () => {
    const into = new MemoryBlobs();
    expect(await readArchive(streamed(archive), into)).toEqual(manifest);
    expect([...into.contents.keys()]).toEqual(manifest.parts.map((part) => part.sha256));
    expect((await buffer(writeArchive(manifest, into))).equals(archive)).toBe(true);
    expect(archiveBytes(manifest)).toBe(archive.length);
    expect(await readManifest(streamed(archive))).toEqual(manifest);
  });

  test('of any parts, cut into any pieces, comes back', async () => {
    const roundTrip = fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 2_000 }), { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 3_000 }),
      fc.string({ unit: 'grapheme', maxLength: 50 }),
      async (contents, piece, name) => {
        const from = new MemoryBlobs();
        const parts = contents.map((content, n) =>
          partOf(from, Readable.from([Buffer.from(content)]), { role: `r${n}`, mediaType: 'application/x-dump', spec: { name } }),
        );
        const whole = manifestOf(...(await Promise.all(parts)));
        const bytes = await buffer(writeArchive(whole, from));
        const into = new MemoryBlobs();
        expect(await read(bytes, into, piece)).toEqual(whole);
        expect(bytes.length).toBe(archiveBytes(whole));
        for (const part of whole.parts) expect(into.contents.get(part.sha256)).toEqual(from.contents.get(part.sha256));
      },
    );
    await fc.assert(roundTrip, { seed, numRuns: 30 }); // a failure prints the seed; SLIPWAY_SEED replays it
  });

  test('with any bit flipped is refused', async () => {
    const flipped = fc.asyncProperty(fc.integer({ min: 0, max: archive.length * 8 - 1 }), async (bit) => {
      const damaged = Buffer.from(archive);
      damaged[bit >> 3]! ^= 1 << (bit & 7);
      await expect(read(damaged)).rejects.toMatchObject(invalid());
    });
    await fc.assert(flipped, { seed, numRuns: 400 }); // a failure prints the seed; SLIPWAY_SEED replays it
  });

  test('that is cut off anywhere, or longer than it should be, is refused', async () => {
    const cut = fc.asyncProperty(fc.integer({ min: 0, max: archive.length - 1 }), async (length) => {
      await expect(read(archive.subarray(0, length))).rejects.toMatchObject(invalid());
    });
    await fc.assert(cut, { seed, numRuns: 200 }); // a failure prints the seed; SLIPWAY_SEED replays it
    await expect(read(Buffer.concat([archive, Buffer.alloc(1)]))).rejects.toMatchObject(invalid('the end'));
  });

  test('that says what its parts are not is refused, and the part is no blob', async () => {
    const [first] = manifest.parts;
    const other = { ...manifest, parts: [{ ...first!, contentBytes: first!.contentBytes - 1 }] };
    const into = new MemoryBlobs();
    await expect(read(await buffer(writeArchive(other, blobs)), into)).rejects.toMatchObject(invalid('parts/1.zst', 'more than'));
    expect(into.contents.size).toBe(0);
  });

  const HOSTILE: [string, TarEntry[], RegExp][] = [
    ['a name with ..', [{ name: '../evil', content: 'x' }], /\.\./],
    ['an absolute name', [{ name: '/etc/evil', content: 'x' }], /absolute/],
    ['a link that leads out', [{ name: 'l', type: 'symlink', linkname: '../../etc' }], /leads out/],
    ['a hard link', [{ name: 'h', type: 'link', linkname: 'deep/file' }], /link/],
    ['a device', [{ name: 'd', type: 'block-device', devmajor: 1, devminor: 1 }], /device/],
    ['a pipe', [{ name: 'p', type: 'fifo' }], /fifo/],
    ['a name twice', [{ name: 'deep/file', content: 'y' }], /twice/],
    ['names that differ only in case', [{ name: 'DEEP/file', content: 'y' }], /case/],
  ];
  test.each(HOSTILE)('whose files hold %s is refused by the entry, and nothing is stored', async (_what, entries, reason) => {
    const part = await partOf(blobs, Readable.from([await tarOf(...FILES, ...entries)]));
    const into = new MemoryBlobs();
    const bytes = await buffer(writeArchive(manifestOf(part), blobs));
    await expect(read(bytes, into)).rejects.toMatchObject(invalid('parts/1.zst', reason));
    expect(into.contents.size).toBe(0);
  });

  test('that has no room where it is to be written is refused by name before a part is read; what is there needs none', async () => {
    const into = new MemoryBlobs();
    const bytes = manifest.parts.reduce((sum, part) => sum + part.bytes, 0);
    const readWith = (free: number) => readArchive(streamed(archive), into, { limits: { freeBytes: async () => free } });
    await expect(readWith(bytes - 1)).rejects.toMatchObject({ code: 'no-space', details: { bytes, free: bytes - 1 } });
    expect(into.contents.size).toBe(0);
    expect(await readWith(bytes)).toEqual(manifest);
    expect(await readWith(0)).toEqual(manifest);
  });

  test('that holds a bomb is refused before it has been blown up', async () => {
    const bomb = zstdCompressSync(Buffer.alloc(64 * 1024 * 1024));
    blobs.contents.set(sha256(bomb), bomb);
    const what = { sha256: sha256(bomb), bytes: bomb.length, mediaType: 'application/x-dump' };
    const bytes = await buffer(writeArchive(manifestOf({ ...manifest.parts[0]!, ...what, contentBytes: 200_000 }), blobs));
    await expect(read(bytes)).rejects.toMatchObject(invalid('parts/1.zst', 'more than the 200000 bytes'));
    const honest = await buffer(writeArchive(manifestOf({ ...manifest.parts[0]!, ...what, contentBytes: 2 ** 50 }), blobs));
    await expect(read(honest)).rejects.toMatchObject(invalid('manifest.json', 'at most'));
    const into = new MemoryBlobs();
    await expect(readArchive(streamed(archive), into, { limits: { contentBytes: 5_000 } })).rejects.toMatchObject(
      invalid('manifest.json', 'at most 5000'),
    );
    expect(into.contents.size).toBe(0);
  });

  describe('whose entries are others', () => {
    const entry = (name: string, content: string | Buffer, over: object = {}) => {
      const bytes = Buffer.from(content);
      const header = tarHeader({ name, type: 'file', mode: 0o644, mtime: 0, size: bytes.length, ...over });
      return Buffer.concat([header, bytes, tarPadding(bytes.length)]);
    };
    const text = () => manifestText(manifest);
    const beginning = (json = text()) =>
      Buffer.concat([entry('manifest.json', json), entry('SHA256SUMS', sumsText(json, manifest))]);
    const parts = () => manifest.parts.map(({ file, sha256: sum }) => entry(file, blobs.contents.get(sum)!));
    const end = Buffer.alloc(1_024);

    test('is what an archive is, made of its entries', async () => {
      expect(Buffer.concat([beginning(), ...parts(), end]).equals(archive)).toBe(true);
    });

    test.each([
      ['begins with another file', () => [entry('parts/1.zst', 'x'), archive], 'manifest.json'],
      ['has one more', () => [beginning(), ...parts(), entry('../evil', 'x'), end], 'the end'],
      ['has them in another order', () => [beginning(), ...parts().toReversed(), end], 'parts/1.zst'],
      ['lacks one', () => [beginning(), parts()[0]!, end], 'parts/2.zst'],
      ['has one twice', () => [beginning(), parts()[0]!, parts()[0]!, parts()[1]!, end], 'parts/2.zst'],
      ['has a name that leads out', () => [beginning(), entry('../parts/1.zst', 'x'), end], 'parts/1.zst'],
      [
        'has a link',
        () => [beginning(), entry('parts/1.zst', '', { type: 'symlink', target: '/etc/passwd' }), end],
        'parts/1.zst',
      ],
      ['has other rights', () => [entry('manifest.json', text(), { mode: 0o777 }), archive], 'manifest.json'],
      [
        'has checksums of its own',
        () => [entry('manifest.json', text()), entry('SHA256SUMS', 'none'), ...parts(), end],
        'SHA256SUMS',
      ],
      ['is no tar', () => [randomBytes(4_000)], 'manifest.json'],
      ['is empty', () => [], 'manifest.json'],
    ])('%s: refused by the entry', async (_what, pieces, name) => {
      await expect(read(Buffer.concat(pieces()))).rejects.toMatchObject(invalid(name));
    });

    test.each([
      ['no JSON', () => '{', /no JSON/],
      ['no object', () => '[]', /object/],
      ['of another format', () => JSON.stringify({ ...manifest, format: 'slipway-snapshot/9' }), /format/],
      ['with a field of its own', () => JSON.stringify({ ...manifest, evil: 1 }), /evil/],
      ['with a key that every object has', () => text().replace('"spec": {}', '"spec": { "__proto__": {} }'), /__proto__/],
      ['with a file that leads out', () => text().replace('parts/1.zst', '../parts/1.zst'), /parts.0.file/],
      ['with a file twice', () => text().replace('parts/2.zst', 'parts/1.zst'), /parts.1.file/],
      [
        'with a role twice',
        () => text().replace('"role": "db",\n      "kind": "database"', '"role": "data",\n      "kind": "storage"'),
        /role/,
      ],
      ['written in another way', () => JSON.stringify(manifest), /written/],
      ['that is too long', () => text().replace('"h"', `"${'h'.repeat(5_000_000)}"`), /more than/],
    ])('has a manifest %s: refused by the reason', async (_what, make, reason) => {
      expect(make()).not.toBe(text());
      const bytes = Buffer.concat([beginning(make()), ...parts(), end]);
      await expect(read(bytes)).rejects.toMatchObject(invalid('manifest.json', reason));
      await expect(readManifest(streamed(bytes))).rejects.toMatchObject(invalid('manifest.json', reason));
    });
  });

  test('whose parts are gone or damaged ends with that instead of ending well', async () => {
    const { sha256: sum } = manifest.parts[1]!;
    const content = blobs.contents.get(sum)!;
    blobs.contents.set(sum, Buffer.alloc(content.length));
    await expect(buffer(writeArchive(manifest, blobs))).rejects.toMatchObject({ code: 'blob-damaged' });
    blobs.contents.delete(sum);
    await expect(buffer(writeArchive(manifest, blobs))).rejects.toMatchObject({ code: 'blob-missing' });
  });

  test('is read until it is cancelled, told by bytes; a source that fails is the reason', async () => {
    const asked = new AbortController();
    let seen = 0;
    const passed = (bytes: number) => {
      seen += bytes;
      if (seen > 2_000) asked.abort(new Error('enough'));
    };
    const into = new MemoryBlobs();
    await expect(readArchive(streamed(archive, 100), into, { passed, signal: asked.signal })).rejects.toThrow('enough');
    expect(seen).toBeLessThan(archive.length);
    async function* broken() {
      yield archive.subarray(0, 5_000);
      throw new Error('the connection broke');
    }
    await expect(readArchive(broken(), into)).rejects.toThrow('the connection broke');
    expect(into.contents.size).toBeLessThanOrEqual(1);
  });

  test('whose parts cannot be stored says why', async () => {
    const full = new MemoryBlobs();
    full.put = async () => {
      throw new Error('the disk is full');
    };
    await expect(read(archive, full)).rejects.toThrow('the disk is full');
  });

  test('is TAR for files only by its media type', () => {
    expect(manifest.parts.map(({ mediaType }) => mediaType)).toEqual([TAR, 'application/vnd.sqlite3']);
  });
});
