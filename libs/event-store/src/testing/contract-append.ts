import type { ServiceName } from '@slipway/contracts';
import { NO_STREAM } from '../port.js';
import { idsOf, jest, newEvent, newEvents, newStream, refusal, setting, type LogPlace } from './contract-setting.js';

/** Appending: expected revisions, repeats, ownership, sizes, time. */
export function appendContract(open: () => Promise<LogPlace>): void {
  const { describe, expect, it } = jest();
  describe('append', () => {
    const at = setting(open);

    it('records events in order, with revisions from 0 on and growing positions', async () => {
      const stream = newStream();
      const events = newEvents(3);
      const first = await at.store.append(stream, NO_STREAM, events.slice(0, 2));
      const second = await at.store.append(stream, 1, events.slice(2));
      const read = await at.store.read(stream);
      expect(idsOf(read)).toEqual(idsOf(events));
      expect(read.map((event) => event.revision)).toEqual([0, 1, 2]);
      expect(first).toEqual({ revision: 1, position: read[1]!.position, repeated: false });
      expect(second).toEqual({ revision: 2, position: read[2]!.position, repeated: false });
      expect(read.map((event) => event.position)).toEqual([...read.map((event) => event.position)].sort());
      expect(new Set(read.map((event) => event.position)).size).toBe(3);
    });

    it('refuses what was not read: an old, a future and a missing revision', async () => {
      const stream = newStream();
      await at.store.append(stream, NO_STREAM, newEvents(3));
      for (const expected of [NO_STREAM, 0, 1, 3, 7]) {
        const { code, details } = await refusal(at.store.append(stream, expected, [newEvent()]));
        expect({ code, details }).toEqual({ code: 'wrong-revision', details: { stream, expected, actual: 2 } });
      }
      const absent = newStream();
      expect(await refusal(at.store.append(absent, 0, [newEvent()]))).toMatchObject({
        code: 'wrong-revision',
        details: { actual: NO_STREAM },
      });
      expect(await at.store.read(absent)).toEqual([]);
    });

    it('takes the identical repeat for done, also when the stream has moved on', async () => {
      const stream = newStream();
      const events = newEvents(2);
      const first = await at.store.append(stream, NO_STREAM, events);
      expect(await at.store.append(stream, NO_STREAM, events)).toEqual({ ...first, repeated: true });
      await at.store.append(stream, 1, newEvents(2));
      expect(await at.store.append(stream, NO_STREAM, events)).toEqual({ ...first, repeated: true });
      expect(await at.store.read(stream)).toHaveLength(4);
    });

    it('takes the repeat from another process for done', async () => {
      const stream = newStream();
      const events = newEvents(3);
      const first = await at.store.append(stream, NO_STREAM, events);
      const other = (await at.open()).as('orchestrator');
      expect(await other.append(stream, NO_STREAM, events)).toEqual({ ...first, repeated: true });
    });

    it('refuses a partial overlap', async () => {
      const stream = newStream();
      const [a, b, c] = newEvents(3) as [never, never, never];
      await at.store.append(stream, NO_STREAM, [a, b]);
      for (const events of [[a, b, c], [a, c], [b, a], [c]])
        expect(await refusal(at.store.append(stream, NO_STREAM, events))).toMatchObject({
          code: 'wrong-revision',
          details: { actual: 1 },
        });
      expect(await at.store.read(stream)).toHaveLength(2);
    });

    it('lets one of several win who append at the same revision', async () => {
      const stream = newStream();
      const other = (await at.open()).as('orchestrator');
      const tries = Array.from({ length: 20 }, (_, index) =>
        (index % 2 ? at.store : other).append(stream, NO_STREAM, newEvents(2)),
      );
      const results = await Promise.allSettled(tries);
      expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
      for (const result of results)
        if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'wrong-revision' });
      expect(await at.store.read(stream)).toHaveLength(2);
    });

    it('does not let one caller fail another that is written at the same moment', async () => {
      const streams = Array.from({ length: 30 }, () => newStream());
      const results = await Promise.allSettled(
        streams.map((stream, index) => at.store.append(stream, index % 3 === 0 ? 5 : NO_STREAM, newEvents(2))),
      );
      expect(results.map((result) => result.status)).toEqual(
        streams.map((_, index) => (index % 3 === 0 ? 'rejected' : 'fulfilled')),
      );
    });

    it('records all events of an append or none', async () => {
      const stream = newStream();
      const good = newEvent();
      const tooBig = newEvent('Big', { text: 'x'.repeat(64 * 1024) });
      expect(await refusal(at.store.append(stream, NO_STREAM, [good, tooBig]))).toMatchObject({ code: 'too-large' });
      expect(await refusal(at.store.append(stream, NO_STREAM, [good, good]))).toMatchObject({ code: 'bad-input' });
      expect(await at.store.read(stream)).toEqual([]);
    });

    it('takes an event of 64 KiB and an append of 512 KiB, and nothing larger', async () => {
      const stream = newStream();
      const sized = (bytes: number) => newEvent('Big', { text: 'x'.repeat(bytes - '{"text":""}'.length) });
      await at.store.append(stream, NO_STREAM, [sized(64 * 1024)]);
      expect(await refusal(at.store.append(stream, 0, [sized(64 * 1024 + 1)]))).toMatchObject({
        code: 'too-large',
        details: { bytes: 64 * 1024 + 1, limit: 64 * 1024 },
      });
      const eight = Array.from({ length: 8 }, () => sized(65_400));
      await at.store.append(stream, 0, eight);
      expect(await refusal(at.store.append(stream, 8, [...eight.map(() => sized(65_400)), sized(2_000)]))).toMatchObject({
        code: 'too-large',
      });
      expect(await at.store.read(stream)).toHaveLength(9);
    });

    it('appends to its own categories only', async () => {
      const cases: [ServiceName | null, string][] = [
        ['storage', 'request'],
        ['gateway', 'environment'],
        ['orchestrator', 'instance'],
        [null, 'request'],
      ];
      for (const [service, category] of cases) {
        const stream = newStream(category);
        expect(await refusal(at.as(service).append(stream, NO_STREAM, [newEvent()]))).toMatchObject({ code: 'not-owner' });
        expect(await at.store.read(stream)).toEqual([]);
      }
      await at.as('instance').append(newStream('instance'), NO_STREAM, [newEvent()]);
    });

    it('refuses what is no stream, id, type, revision or list of events, and names the field', async () => {
      const stream = newStream();
      const one = newEvent();
      const cases: [string, number, never[], string][] = [
        ['request', NO_STREAM, [one] as never[], 'stream'],
        ['unknown-1', NO_STREAM, [one] as never[], 'stream'],
        ['request-a b', NO_STREAM, [one] as never[], 'stream'],
        [stream, -2, [one] as never[], 'expected'],
        [stream, 0.5, [one] as never[], 'expected'],
        [stream, NO_STREAM, [], 'events'],
        [stream, NO_STREAM, [{ ...one, id: '1' }] as never[], 'events[0].id'],
        [stream, NO_STREAM, [one, { ...newEvent(), type: 'no good' }] as never[], 'events[1].type'],
        [stream, NO_STREAM, [{ ...one, version: 0 }] as never[], 'events[0].version'],
        [stream, NO_STREAM, [{ ...one, data: 'text' }] as never[], 'events[0].data'],
        [stream, NO_STREAM, [{ ...one, metadata: {} }] as never[], 'events[0].metadata.actor'],
      ];
      for (const [name, expected, events, field] of cases)
        expect(await refusal(at.store.append(name, expected, events))).toMatchObject({
          code: 'bad-input',
          details: { fields: [{ field }] },
        });
    });

    it('stamps the clock, and never goes back when the clock does', async () => {
      const stream = newStream();
      const before = await at.store.append(stream, NO_STREAM, [newEvent()]);
      const start = Date.parse((await at.store.read(stream))[0]!.recordedAt) + 1_000;
      let now = start;
      const store = (await at.open({ clock: { now: () => now, after: () => () => {} } })).as('orchestrator');
      for (const step of [0, 5_000, -3_600_000, 2_000]) {
        now = start + step;
        await store.append(stream, before.revision + [0, 5_000, -3_600_000, 2_000].indexOf(step), [newEvent()]);
      }
      const times = (await store.read(stream, { from: 1 })).map((event) => Date.parse(event.recordedAt) - start);
      expect(times).toEqual([0, 5_000, 5_000, 5_000]);
    });

    it('takes a thousand appends to a hundred streams at once', async () => {
      const streams = Array.from({ length: 100 }, () => newStream());
      await Promise.all(
        streams.map(async (stream) => {
          for (let revision = NO_STREAM; revision < 9; revision += 1) await at.store.append(stream, revision, [newEvent()]);
        }),
      );
      for (const stream of streams)
        expect((await at.store.read(stream)).map((event) => event.revision)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    }, 60_000);
  });
}
