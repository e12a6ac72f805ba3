import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import type { Blobs } from '../port.js';

/** A fresh store, and a way to do to it what a failing disk does. */
export interface BlobsUnderTest {
  blobs: Blobs;
  /** Replaces the stored bytes behind the store's back. */
  damage(sha256: string, change: (content: Buffer) => Buffer): Promise<void>;
  dispose(): Promise<void>;
}

const ONE = '0b8f2c1e-0000-4000-8000-000000000001';
const OTHER = '0b8f2c1e-0000-4000-8000-000000000002';

const sha256Of = (content: Uint8Array | string) => createHash('sha256').update(content).digest('hex');

/** Reads a stream as far as it goes: what came, and the error it ended with. */
async function drain(stream: Readable): Promise<{ bytes: number; error?: { code?: string; message: string } }> {
  let bytes = 0;
  try {
    for await (const chunk of stream) bytes += (chunk as Buffer).byteLength;
    return { bytes };
  } catch (error) {
    return { bytes, error: error as { code?: string; message: string } };
  }
}

/** The contract of {@link Blobs}: every adapter runs it. */
export function describeBlobs(adapter: string, prepare: () => Promise<BlobsUnderTest>): void {
  describe(`blobs contract: ${adapter}`, () => {
    let store: BlobsUnderTest;
    beforeEach(async () => {
      store = await prepare();
    });
    afterEach(() => store.dispose());

    const long = Buffer.alloc(700_000, 'slipway ');
    const flipLastBit = (content: Buffer) => {
      const copy = Buffer.from(content);
      copy[copy.length - 1]! ^= 1;
      return copy;
    };
    const cutTail = (content: Buffer) => content.subarray(0, content.length - 1);
    const growTail = (content: Buffer) => Buffer.concat([content, Buffer.from('!')]);

    test('text, bytes and streams are stored under their SHA-256 and come back as they were', async () => {
      const ref = await store.blobs.put('grüße');
      expect(ref).toEqual({ sha256: sha256Of('grüße'), bytes: 7 });
      expect((await store.blobs.read(ref.sha256)).toString()).toBe('grüße');
      const streamed = await store.blobs.put(Readable.from([long.subarray(0, 300_000), long.subarray(300_000)]));
      expect(streamed).toEqual({ sha256: sha256Of(long), bytes: long.length });
      expect((await buffer(await store.blobs.open(streamed.sha256))).equals(long)).toBe(true);
      const empty = await store.blobs.put(new Uint8Array());
      expect((await buffer(await store.blobs.open(empty.sha256))).length).toBe(0);
    });

    test('what yields bytes and is no Readable of Node is stored whole', async () => {
      async function* pieces() {
        yield long.subarray(0, 300_000);
        yield long.subarray(300_000).toString();
      }
      const whole = { sha256: sha256Of(long), bytes: long.length };
      expect(await store.blobs.put(pieces())).toEqual(whole);
      const web = Readable.toWeb(Readable.from([long])) as unknown as AsyncIterable<Uint8Array>;
      expect(await store.blobs.put(web)).toEqual(whole);
      expect((await store.blobs.read(whole.sha256)).equals(long)).toBe(true);
    });

    test.each([
      ['an object', {}],
      ['nothing', null],
      ['a number', 7],
      ['a list of numbers', [1, 2]],
      ['a stream of objects', Readable.from([{ byte: 1 }])],
    ])('%s is refused, and nothing is stored', async (_what, content) => {
      await expect(store.blobs.put(content as never)).rejects.toMatchObject({ code: 'bad-input' });
      expect(await store.blobs.has(sha256Of(''))).toBe(false);
    });

    test('any bytes, cut into any chunks, come back', async () => {
      const seed = Number(process.env.SLIPWAY_SEED ?? Date.now() % 2 ** 31);
      const chunks = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 });
      const roundTrip = fc.asyncProperty(chunks, async (pieces) => {
        const whole = Buffer.concat(pieces);
        const ref = await store.blobs.put(Readable.from(pieces.map((piece) => Buffer.from(piece))));
        expect(ref).toEqual({ sha256: sha256Of(whole), bytes: whole.length });
        expect((await buffer(await store.blobs.open(ref.sha256))).equals(whole)).toBe(true);
        expect((await store.blobs.read(ref.sha256)).equals(whole)).toBe(true);
      });
      await fc.assert(roundTrip, { seed, numRuns: 30 }); // a failure prints the seed; SLIPWAY_SEED replays it
    });

    test('what was stored no longer changes with the buffer it came from', async () => {
      const mine = Buffer.from('before');
      const { sha256 } = await store.blobs.put(mine);
      mine.write('after!');
      expect((await store.blobs.read(sha256)).toString()).toBe('before');
    });

    test('the same content twice, also at once, is one blob', async () => {
      const refs = await Promise.all(Array.from({ length: 8 }, () => store.blobs.put(long)));
      expect(new Set(refs.map((ref) => ref.sha256)).size).toBe(1);
      expect(await store.blobs.put(long)).toEqual(refs[0]);
      expect((await store.blobs.read(refs[0]!.sha256)).equals(long)).toBe(true);
    });

    test('what is not there is missing, by name, at once', async () => {
      const nowhere = 'a'.repeat(64);
      expect(await store.blobs.has(nowhere)).toBe(false);
      await expect(store.blobs.open(nowhere)).rejects.toMatchObject({
        code: 'blob-missing',
        message: expect.stringContaining(nowhere),
      });
      await expect(store.blobs.read(nowhere)).rejects.toMatchObject({ code: 'blob-missing' });
      const { sha256 } = await store.blobs.put('here');
      expect(await store.blobs.has(sha256)).toBe(true);
    });

    test.each([
      '',
      '../../etc/passwd',
      '..',
      'A'.repeat(64),
      'a'.repeat(63),
      'a'.repeat(65),
      `${'a'.repeat(63)}/`,
      `${'a'.repeat(64)}\n`,
      `${'a'.repeat(32)}\0${'a'.repeat(31)}`,
    ])('the hostile name %j is refused', async (name) => {
      await expect(store.blobs.open(name)).rejects.toMatchObject({ code: 'bad-input' });
      await expect(store.blobs.read(name)).rejects.toMatchObject({ code: 'bad-input' });
      await expect(store.blobs.has(name)).rejects.toMatchObject({ code: 'bad-input' });
      expect(() => store.blobs.of(name)).toThrow(expect.objectContaining({ code: 'bad-input' }));
    });

    describe.each([
      ['a flipped bit', flipLastBit],
      ['a cut tail', cutTail],
      ['a grown tail', growTail],
      ['emptied', () => Buffer.alloc(0)],
    ])('%s', (_what, change) => {
      test.each([
        ['small', Buffer.from('one chunk only')],
        ['long', long],
      ])('in a %s blob is detected, named and never served to the end', async (_size, content) => {
        const { sha256, bytes } = await store.blobs.put(content);
        await store.damage(sha256, change);
        const served = await drain(await store.blobs.open(sha256));
        expect(served.error).toMatchObject({ code: 'blob-damaged', message: expect.stringContaining(sha256) });
        expect(served.bytes).toBeLessThan(bytes);
        await expect(store.blobs.read(sha256)).rejects.toMatchObject({ code: 'blob-damaged', details: { sha256 } });
      });

      test('is mended by storing the content again', async () => {
        const { sha256 } = await store.blobs.put(long);
        await store.damage(sha256, change);
        await store.blobs.put(long);
        expect((await store.blobs.read(sha256)).equals(long)).toBe(true);
      });
    });

    test('what a holder removes is gone, also twice, and nothing else; who reads it just now reads it to its end', async () => {
      const [one, other] = [store.blobs.of(ONE), store.blobs.of(OTHER)];
      const { sha256 } = await one.put(long);
      expect([await other.has(sha256), await store.blobs.has(sha256)]).toEqual([false, false]);
      await Promise.all([other.put(long), store.blobs.put(long), one.put('more')]);
      const reading = await one.open(sha256);
      await one.remove();
      await one.remove();
      expect((await buffer(reading)).equals(long)).toBe(true);
      expect([await one.has(sha256), await other.has(sha256), await store.blobs.has(sha256)]).toEqual([false, true, true]);
      await expect(one.open(sha256)).rejects.toMatchObject({ code: 'blob-missing' });
      await store.blobs.of(ONE).put(long);
      expect((await store.blobs.of(ONE).read(sha256)).equals(long)).toBe(true);
    });

    test('who holds something is known, with when it was given something last', async () => {
      expect(await store.blobs.holders()).toEqual([]);
      const before = Date.now() - 2_000;
      await store.blobs.of(ONE).put('one');
      await store.blobs.of(OTHER).put('other');
      const holders = await store.blobs.holders();
      expect(holders.map(({ holder }) => holder).toSorted()).toEqual([ONE, OTHER]);
      for (const { touched } of holders) expect(touched).toBeGreaterThan(before);
      await store.blobs.of(ONE).remove();
      expect(await store.blobs.holders()).toMatchObject([{ holder: OTHER }]);
    });

    test('a blob beyond the limit is not read into memory', async () => {
      const { sha256 } = await store.blobs.put(long);
      await expect(store.blobs.read(sha256, 1000)).rejects.toMatchObject({ code: 'too-large' });
      const big = await store.blobs.put(Buffer.alloc(1024 * 1024 + 1));
      await expect(store.blobs.read(big.sha256)).rejects.toMatchObject({ code: 'too-large' });
    });

    test('a source that fails half-way stores nothing and its error comes through', async () => {
      async function* broken() {
        yield Buffer.from('half');
        throw new Error('the source broke');
      }
      await expect(store.blobs.put(Readable.from(broken()))).rejects.toThrow('the source broke');
      expect(await store.blobs.has(sha256Of('half'))).toBe(false);
    });

    test('a reader that stops early leaves nothing open and harms nobody', async () => {
      const { sha256 } = await store.blobs.put(long);
      const stream = await store.blobs.open(sha256);
      for await (const chunk of stream) {
        expect((chunk as Buffer).length).toBeGreaterThan(0);
        break;
      }
      expect(stream.destroyed).toBe(true);
      expect((await store.blobs.read(sha256)).length).toBe(long.length);
    });
  });
}
