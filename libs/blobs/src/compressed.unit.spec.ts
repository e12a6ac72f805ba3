import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { constants, createZstdCompress, zstdCompressSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { openCompressed, putCompressed, uncompressed } from './compressed.js';
import { MemoryBlobs } from './testing/memory-blobs.js';

const plain = (compressed: Uint8Array, contentBytes: number) => buffer(uncompressed(Readable.from([compressed]), contentBytes));
const invalid = { code: 'archive-invalid', details: { reason: expect.any(String) } };

describe('compressed content', () => {
  test('any bytes, cut into any pieces, come back, and both lengths are told', async () => {
    const seed = Number(process.env.SLIPWAY_SEED ?? Date.now() % 2 ** 31);
    const pieces = fc.array(fc.uint8Array({ maxLength: 5_000 }), { maxLength: 8 });
    const roundTrip = fc.asyncProperty(pieces, async (parts) => {
      const blobs = new MemoryBlobs();
      const passed: number[] = [];
      const ref = await putCompressed(blobs, Readable.from(parts), { passed: (bytes) => void passed.push(bytes) });
      const whole = Buffer.concat(parts);
      expect(ref).toMatchObject({ contentBytes: whole.length, bytes: blobs.contents.get(ref.sha256)!.length });
      expect(passed.reduce((sum, bytes) => sum + bytes, 0)).toBe(whole.length);
      expect((await buffer(await openCompressed(blobs, ref))).equals(whole)).toBe(true);
    });
    await fc.assert(roundTrip, { seed, numRuns: 40 }); // a failure prints the seed; SLIPWAY_SEED replays it
  });

  test('a bomb is cut off as soon as there is more than was said', async () => {
    const bomb = createZstdCompress();
    const pieces = (function* () {
      for (let n = 0; n < 4_000; n += 1) yield Buffer.alloc(64 * 1024);
    })();
    const compressed = await buffer(Readable.from(pieces).pipe(bomb));
    expect(compressed.length).toBeLessThan(100_000);
    let seen = 0;
    await expect(
      (async () => {
        for await (const piece of uncompressed(Readable.from([compressed]), 1_000_000)) seen += (piece as Buffer).length;
      })(),
    ).rejects.toMatchObject(invalid);
    expect(seen).toBeLessThanOrEqual(1_000_000);
  });

  test('less than was said, what is cut off, and what is not compressed are refused', async () => {
    const content = Buffer.alloc(100_000, 'slipway ');
    const compressed = zstdCompressSync(content, { params: { [constants.ZSTD_c_checksumFlag]: 1 } });
    await expect(plain(compressed, content.length + 1)).rejects.toMatchObject(invalid);
    await expect(plain(compressed.subarray(0, compressed.length - 20), content.length)).rejects.toMatchObject(invalid);
    await expect(plain(Buffer.from('not compressed at all'), 21)).rejects.toMatchObject(invalid);
    await expect(plain(Buffer.alloc(0), 1)).rejects.toMatchObject(invalid);
    const long = zstdCompressSync(Buffer.alloc(1_000_000, 'slipway '));
    for (const contentBytes of [1, 1_000, 999_999, 1_000_001]) {
      await expect(plain(long, contentBytes)).rejects.toMatchObject(invalid);
    }
    expect((await plain(long, 1_000_000)).length).toBe(1_000_000);
  });

  test('what asks for gigabytes of memory to be read is refused', async () => {
    const bytes = 64 * 1024 * 1024;
    const pieces = Array.from({ length: 64 }, () => Buffer.alloc(bytes / 64));
    const compressed = (windowLog: number) =>
      buffer(Readable.from(pieces).pipe(createZstdCompress({ params: { [constants.ZSTD_c_windowLog]: windowLog } })));
    await expect(plain(await compressed(27), bytes)).rejects.toMatchObject(invalid);
    expect((await plain(await compressed(24), bytes)).length).toBe(bytes);
  });

  test('content that fails, and an end that is asked for, store nothing and come through', async () => {
    const blobs = new MemoryBlobs();
    async function* broken() {
      yield Buffer.from('half');
      throw new Error('the source broke');
    }
    await expect(putCompressed(blobs, broken())).rejects.toThrow('the source broke');
    const asked = new AbortController();
    let closed = false;
    async function* endless() {
      try {
        for (;;) {
          yield Buffer.alloc(1000);
          asked.abort(new Error('enough'));
        }
      } finally {
        closed = true;
      }
    }
    await expect(putCompressed(blobs, endless(), { signal: asked.signal })).rejects.toThrow('enough');
    expect(closed).toBe(true);
    expect(blobs.contents.size).toBe(0);
  });

  test('a store that fails is the reason', async () => {
    const full = new MemoryBlobs();
    full.put = async (content) => {
      for await (const _piece of content as AsyncIterable<Uint8Array>) throw new Error('the disk is full');
      throw new Error('nothing came');
    };
    async function* long() {
      for (let n = 0; n < 100; n += 1) yield Buffer.from(`${Math.random()}`.repeat(10_000));
    }
    await expect(putCompressed(full, long())).rejects.toThrow('the disk is full');
  });

  test('a blob that is damaged says so when it is read, however late', async () => {
    const blobs = new MemoryBlobs();
    for (const length of [1_000, 300_000]) {
      const ref = await putCompressed(blobs, Readable.from([Buffer.from(`${Math.random()}`.repeat(length / 10))]));
      blobs.contents.get(ref.sha256)![ref.bytes - 1]! ^= 1;
      const content = await openCompressed(blobs, ref);
      await new Promise((resolve) => setTimeout(resolve, 50));
      await expect(buffer(content)).rejects.toMatchObject({ code: expect.stringMatching(/blob-damaged|archive-invalid/) });
    }
  });
});
