import { randomBytes, randomUUID } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { putCompressed } from '@slipway/blobs';
import { SlipwayError, TAR, type Part } from '@slipway/contracts';
import type { Data, Ensured, Target } from '../driver.js';
import { dataOf, readOut, streamed } from '../step/data.js';
import { LONG, type Hands } from './contract-hands.js';
import { withPieces } from './effects.js';
import { hostileTars } from './hostile-tars.js';

/** The part of the contract that a driver with {@link Driver.portable} keeps: D5, and that reading out changes nothing. */
export function describePortable(hands: Hands): void {
  const { describe, expect, test } = globalThis as unknown as typeof import('@jest/globals');
  const { driver, samples, target, later, ensure, destroy, inspect, child } = hands;
  const { portable } = driver;
  if (!portable) return;
  const { data } = samples;
  if (!data) throw new Error(`${driver.name} is portable: the contract needs data to try that with`);

  describe('portable', () => {
    const { context } = hands;
    const read = async (meant: Target) => readOut(portable, meant, hands.spec() as never, await context(), randomUUID());
    const begin = async (meant: Target, from: Data) => ensure(meant, { ...(await context()), from });
    const restore = async (meant: Target, part: Part) => begin(meant, dataOf(part, await context()));
    /** A resource with data in it, read out. */
    const source = async () => {
      const meant = target('source');
      const ensured = await ensure(meant);
      await data.put(ensured, hands.place());
      return { meant, ensured, part: await read(meant) };
    };
    const stored = async (content: Uint8Array, mediaType: string): Promise<Part> => {
      const { blobs } = await context();
      return { ...(await putCompressed(blobs, Readable.from([content], { objectMode: false }))), mediaType };
    };
    /** All that stands of the resource that is read out, or beside it. */
    const names = async () =>
      (await readdir(hands.place().root, { recursive: true })).filter((name) => name.includes('source')).toSorted();
    const expectRestored = async (meant: Target, ensured: Ensured) => {
      await data.has(ensured, hands.place());
      expect(await inspect(meant)).toEqual({ state: 'present', observed: ensured.observed });
    };
    /** Nothing is to be taken for whole; and what is made after it is, without those data. */
    const expectNothing = async (meant: Target) => {
      expect((await inspect(meant)).state).not.toBe('present');
      const ensured = await ensure(later(meant));
      expect(ensured.effect).toBe('made');
      await expect(data.has(ensured, hands.place())).rejects.toThrow();
      await hands.expectWorks(meant, ensured);
    };

    test(
      'what is read out is what another one begins with; nothing of the first changes',
      async () => {
        const { meant, ensured, part } = await source();
        expect(part).toMatchObject({ mediaType: portable.mediaType });
        const copy = target('copy');
        const copied = await restore(copy, part);
        expect(copied.effect).toBe('made');
        await expectRestored(copy, copied);
        const before = await names();
        await read(meant);
        expect(await names()).toEqual(before);
        await data.has(ensured, hands.place());
        await hands.expectWorks(meant, ensured);
        await hands.expectWorks(copy, copied);
      },
      LONG,
    );

    test(
      'what is there keeps the data that it has',
      async () => {
        const { meant, ensured, part } = await source();
        const other = target('other');
        const was = await ensure(other);
        expect(await restore(later(other), part)).toEqual({ ...was, effect: 'found' });
        await expect(data.has(was, hands.place())).rejects.toThrow();
        expect(await restore(later(meant), part)).toEqual({ ...ensured, effect: 'found' });
        await data.has(ensured, hands.place());
      },
      LONG,
    );

    test(
      'what does not stand can’t be read out',
      async () => {
        await expect(read(target('never'))).rejects.toMatchObject({ code: 'not-found' });
        const gone = target('gone');
        await ensure(gone);
        await destroy(gone);
        await expect(read(gone)).rejects.toMatchObject({ code: 'not-found' });
      },
      LONG,
    );

    test(
      'reading that is given up leaves nothing behind',
      async () => {
        const { meant, ensured } = await source();
        const before = await names();
        for await (const piece of await portable.export(meant, hands.spec() as never, await context())) {
          expect(piece.byteLength).toBeGreaterThan(0);
          break;
        }
        for (const end = Date.now() + 30_000; (await names()).length !== before.length && Date.now() < end;) {
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
        expect(await names()).toEqual(before);
        await data.has(ensured, hands.place());
      },
      LONG,
    );

    test(
      'killed right before any effect of reading out, it works on, and is read out again with nothing left of the first time',
      async () => {
        const { meant, ensured } = await source();
        const before = await names();
        const count = await hands.effectsOf('export', meant);
        for (const effect of hands.points(count)) {
          await child('export', meant, { effect, signal: 'SIGKILL' }).ended;
          const part = await read(later(meant));
          expect(await names()).toEqual(before);
          const copy = target(`copy-${effect}`);
          await expectRestored(copy, await restore(copy, part));
          await destroy(copy);
        }
        await data.has(ensured, hands.place());
      },
      LONG,
    );

    // So it is where a process was stopped, or the programs of one that was killed go on, while another one begins anew.
    test(
      'of several imports at once, one makes it and all agree',
      async () => {
        const { part } = await source();
        const meant = target('raced');
        const all = await Promise.all([1, 2, 3].map(() => restore(meant, part)));
        expect(all.filter(({ effect }) => effect === 'made')).toHaveLength(1);
        expect(new Set(all.map(({ outputs }) => JSON.stringify(outputs))).size).toBe(1);
        await expectRestored(meant, all[0]!);
      },
      LONG,
    );

    test(
      'killed right before any effect of an import, or in the middle of its data, it is whole when it is called again',
      async () => {
        const { part } = await source();
        const count = await hands.effectsOf('ensure', target('count'), part);
        for (const effect of hands.points(count)) {
          const meant = target(`killed-${effect}`);
          const ended = await child('ensure', meant, { effect, signal: 'SIGKILL' }, part).ended;
          if (!hands.mayBeMissed(effect, count)) expect(ended).toEqual({ type: 'killed' });
          const standing = await inspect(meant);
          const ensured = await restore(later(meant), part);
          // What is there is whole, whoever made it.
          if (standing.state === 'present') expect(ensured.effect).toBe('found');
          await expectRestored(meant, ensured);
          await destroy(later(meant));
          await hands.expectDestroyed(meant, ensured);
        }
      },
      LONG,
    );

    test(
      'killed at any time of an import, a destroy leaves nothing of it',
      async () => {
        const { part } = await source();
        for (let round = 1; round <= 4; round += 1) {
          const meant = target(`round-${round}`);
          const running = child('ensure', meant, undefined, part);
          await running.began;
          await new Promise((resolve) => setTimeout(resolve, hands.random() * 60));
          running.kill();
          await running.ended;
          await destroy(later(meant));
          await hands.expectDestroyed(meant);
        }
      },
      LONG,
    );

    test(
      'data that end with an error make nothing',
      async () => {
        const { part } = await source();
        const meant = target('broken');
        let pieces = 0;
        const working = await context();
        const flipping = async () => {
          pieces += 1;
          if (pieces === 3) throw new SlipwayError('blob-damaged', 'a bit has flipped');
        };
        const broken = withPieces(dataOf(part, working), flipping, working.filesystem);
        await expect(begin(meant, broken)).rejects.toMatchObject({ code: 'blob-damaged', message: 'a bit has flipped' });
        await expectNothing(meant);
      },
      LONG,
    );

    test(
      'an abort in the middle of an import ends it, and makes nothing',
      async () => {
        const { part } = await source();
        const meant = target('aborted');
        const controller = new AbortController();
        const aborted = await hands.place().context(controller.signal);
        const from = dataOf(part, aborted);
        let pieces = 0;
        const open = async () => {
          const content = await from.open();
          content.on('data', () => {
            pieces += 1;
            if (pieces === 1) controller.abort(new SlipwayError('step-cancelled', 'enough'));
          });
          return content.pause();
        };
        const slow = streamed({ ...from, open }, aborted.filesystem);
        await expect(ensure(meant, { ...aborted, from: slow })).rejects.toMatchObject({ code: 'step-cancelled' });
        await expectNothing(meant);
      },
      LONG,
    );

    test(
      'hostile data are refused, and nothing is made of them',
      async () => {
        const hostile = new Map(Object.entries(data.hostile ?? {}));
        if (portable.accepts.includes(TAR)) for (const [what, tar] of await hostileTars()) hostile.set(what, tar);
        hostile.set('noise', randomBytes(300_000));
        let n = 0;
        for (const [what, content] of hostile) {
          const meant = target(`hostile-${(n += 1)}`);
          const mediaType = portable.accepts.includes(TAR) ? TAR : portable.mediaType;
          const part = await stored(content, mediaType);
          const outcome = await restore(meant, part).then(
            () => 'made',
            (error: SlipwayError) => error.code,
          );
          expect([what, outcome]).toEqual([what, 'archive-invalid']);
          await expectNothing(meant);
        }
      },
      LONG,
    );
  });
}
