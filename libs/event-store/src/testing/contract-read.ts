import type { JsonObject } from '@slipway/contracts';
import * as fc from 'fast-check';
import { NO_STREAM, type ReadFilter, type RecordedEvent } from '../port.js';
import { Upcasters } from '../upcasters.js';
import { idsOf, jest, newEvent, newEvents, newStream, refusal, setting, type LogPlace } from './contract-setting.js';
import { seedOf } from './seeded-random.js';

/** Reading: streams, all, filters, positions, times, versions. */
export function readContract(open: () => Promise<LogPlace>): void {
  const { describe, expect, it } = jest();
  describe('read', () => {
    const at = setting(open);

    it('gives back what was recorded, whole', async () => {
      const stream = newStream();
      const start = await at.store.head();
      const event = {
        ...newEvent('Happened', {
          text: 'ä\u0000\u2028"\\\ud800',
          deep: [{ a: null }, [1.5e-7, -0, 2 ** 53]],
          '': {},
          '10': 1,
          '9': 2,
        }),
        version: 1,
      };
      event.metadata = {
        ...event.metadata,
        requestId: 'r',
        correlationId: 'c',
        causationId: 'k',
        trace: 't',
        logToken: 'l',
        environment: 'e',
        ownerId: 'o',
      };
      const { position } = await at.store.append(stream, NO_STREAM, [event]);
      const [read] = await at.store.read(stream);
      expect(read).toEqual({ ...JSON.parse(JSON.stringify(event)), stream, revision: 0, position, recordedAt: read!.recordedAt });
      expect(read!.recordedAt).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      expect((await at.store.readAll({ after: start })).events).toEqual([read]);
    });

    it('gives back any JSON', async () => {
      const stream = newStream();
      let revision = NO_STREAM;
      const seed = seedOf(Date.now() % 2 ** 31);
      const anyObject = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 5 });
      await fc.assert(
        fc.asyncProperty(anyObject, async (data) => {
          await at.store.append(stream, revision, [newEvent('Any', data as JsonObject)]);
          const [read] = await at.store.read(stream, { from: (revision += 1) });
          expect(read!.data).toEqual(JSON.parse(JSON.stringify(data)));
        }),
        { seed, numRuns: 50, endOnFailure: true },
      );
    }, 60_000);

    it('reads a stream from a revision, so many', async () => {
      const stream = newStream();
      const events = newEvents(30);
      await at.store.append(stream, NO_STREAM, events);
      expect(idsOf(await at.store.read(stream, { from: 10 }))).toEqual(idsOf(events.slice(10)));
      expect(idsOf(await at.store.read(stream, { from: 10, limit: 5 }))).toEqual(idsOf(events.slice(10, 15)));
      expect(await at.store.read(stream, { from: 30 })).toEqual([]);
      expect(await at.store.read(newStream())).toEqual([]);
      expect(await refusal(at.store.read(stream, { from: -1 }))).toMatchObject({ code: 'bad-input' });
      expect(await refusal(at.store.read(stream, { limit: 0 }))).toMatchObject({ code: 'bad-input' });
      expect(await refusal(at.store.read('nonsense'))).toMatchObject({ code: 'bad-input' });
    });

    it('reads a long stream whole', async () => {
      const stream = newStream();
      const events = newEvents(2_300);
      for (let done = 0; done < events.length; done += 100)
        await at.store.append(stream, done - 1, events.slice(done, done + 100));
      expect(idsOf(await at.store.read(stream))).toEqual(idsOf(events));
    }, 60_000);

    it('reads all streams in order, page by page, each event once', async () => {
      const start = await at.store.head();
      const streams = Array.from({ length: 10 }, () => newStream());
      await Promise.all(streams.map((stream) => at.store.append(stream, NO_STREAM, newEvents(7))));
      const read: RecordedEvent[] = [];
      let page = await at.store.readAll({ after: start, limit: 9 });
      for (; ; page = await at.store.readAll({ after: page.position, limit: 9 })) {
        expect(page.events.length).toBeLessThanOrEqual(9);
        read.push(...page.events);
        if (page.end) break;
      }
      expect(page.position).toBe(await at.store.head());
      expect(read.map((event) => event.position)).toEqual([...new Set(read.map((event) => event.position))].sort());
      for (const stream of streams) expect(read.filter((event) => event.stream === stream)).toEqual(await at.store.read(stream));
      expect(read).toHaveLength(70);
    });

    it('filters by category, type, environment, request and owner, and moves past what does not pass', async () => {
      const start = await at.store.head();
      const requestId = newStream().slice(8);
      const other = newEvent('B', {}, { environment: 'blue', requestId, ownerId: 'grace' });
      const mine = [newEvent('A', {}, { environment: 'green', requestId, ownerId: 'ada' }), other, newEvent('C')];
      const [request, instance] = [`request-${requestId}`, newStream('instance')];
      await at.store.append(request, NO_STREAM, mine);
      const ofInstance = newEvent('A', {}, { requestId, environment: 'blue' });
      const last = await at.as('instance').append(instance, NO_STREAM, [ofInstance]);
      const cases: [ReadFilter, { id: string }[]][] = [
        [{}, [...mine, ofInstance]],
        [{ categories: ['instance'] }, [ofInstance]],
        [{ categories: ['instance', 'request'] }, [...mine, ofInstance]],
        [{ categories: ['partition'] }, []],
        [{ categories: [] }, []],
        [{ types: ['A'] }, [mine[0]!, ofInstance]],
        [{ types: ['B', 'C'] }, [other, mine[2]!]],
        [{ types: [] }, []],
        [{ environment: 'blue' }, [other, ofInstance]],
        [{ requestId }, [mine[0]!, other, ofInstance]],
        [{ ownerId: 'grace' }, [other]],
        [{ types: ['A'], categories: ['request'] }, [mine[0]!]],
        [{ requestId, environment: 'blue', types: ['A', 'B'], categories: ['request'], ownerId: 'grace' }, [other]],
        [{ requestId: 'nobody' }, []],
      ];
      for (const [filter, expected] of cases) {
        const { events, end, position } = await at.store.readAll({ after: start, filter });
        expect({ filter, ids: idsOf(events), end, position }).toEqual({
          filter,
          ids: idsOf(expected),
          end: true,
          position: last.position,
        });
        const one = await at.store.readAll({ after: start, filter, limit: 1 });
        expect(idsOf(one.events)).toEqual(idsOf(expected.slice(0, 1)));
      }
    });

    it('refuses positions of another log, beyond the head, and what is none', async () => {
      await at.store.append(newStream(), NO_STREAM, [newEvent()]);
      const head = await at.store.head();
      const [logId, epoch, digits] = head.split('.') as [string, string, string];
      const beyond = [logId, epoch, String(BigInt(digits) + 1_000_000n).padStart(20, '0')].join('.');
      for (const after of [beyond, `other.${epoch}.${digits}`, `${logId}.0000000099.${digits}`])
        expect(await refusal(at.store.readAll({ after }))).toMatchObject({ code: 'gone', details: { position: after } });
      for (const after of ['', 'x', `${logId}.${epoch}.1`, `${head}0`])
        expect(await refusal(at.store.readAll({ after }))).toMatchObject({ code: 'bad-input' });
      for (const limit of [0, 5_001, 1.5])
        expect(await refusal(at.store.readAll({ limit }))).toMatchObject({ code: 'bad-input' });
    });

    it('finds the position of a moment', async () => {
      const stream = newStream();
      await at.store.append(stream, NO_STREAM, [newEvent()]);
      const start = Date.parse((await at.store.read(stream))[0]!.recordedAt) + 60_000;
      let now = start;
      const store = (await at.open({ clock: { now: () => now, after: () => () => {} } })).as('orchestrator');
      const positions: string[] = [];
      for (const time of [0, 1_000, 1_000, 5_000]) {
        now = start + time;
        positions.push((await store.append(stream, positions.length, [newEvent()])).position);
      }
      const when = (ms: number) => store.positionAt(new Date(start + ms).toISOString());
      expect(await when(0)).toBe(positions[0]);
      expect(await when(999)).toBe(positions[0]);
      expect(await when(1_000)).toBe(positions[2]);
      expect(await when(4_999)).toBe(positions[2]);
      expect(await when(86_400_000)).toBe(positions[3]);
      expect(await store.positionAt('1990-01-01T00:00:00.000Z')).toBeNull();
      expect(await refusal(store.positionAt('yesterday'))).toMatchObject({ code: 'bad-input' });
    });

    it('keeps its identity and its events when it is opened again', async () => {
      const stream = newStream();
      const { position } = await at.store.append(stream, NO_STREAM, newEvents(3));
      const read = await at.store.read(stream);
      const info = at.log.info();
      await at.log.close();
      const again = await at.open();
      expect(again.info()).toEqual(info);
      expect(await again.as(null).read(stream)).toEqual(read);
      expect(await again.as(null).head()).toBe(position);
    });

    it('shows at once what another process has appended', async () => {
      const other = (await at.open()).as('orchestrator');
      const stream = newStream();
      const { position } = await at.store.append(stream, NO_STREAM, newEvents(1));
      expect(await other.read(stream)).toHaveLength(1);
      expect(await other.head()).toBe(position);
      await other.append(stream, 0, newEvents(1));
      await at.store.append(stream, 1, newEvents(1));
      expect(await other.read(stream)).toHaveLength(3);
    });

    it('lifts old versions, writes the newest, and refuses newer ones unless they are only passed on', async () => {
      const stream = newStream();
      const start = await at.store.head();
      await at.store.append(stream, NO_STREAM, [newEvent('Named', { name: 'ada' })]);
      const upcasters = new Upcasters([{ type: 'Named', from: 1, up: ({ name }) => ({ names: [name!] }) }]);
      const newer = (await at.open({ upcasters })).as('orchestrator');
      await newer.append(stream, 0, [newEvent('Named', { names: ['grace'] })]);
      expect((await newer.read(stream)).map(({ version, data }) => ({ version, data }))).toEqual([
        { version: 2, data: { names: ['ada'] } },
        { version: 2, data: { names: ['grace'] } },
      ]);
      const details = { stream, revision: 1, version: 2, known: 1 };
      expect(await refusal(at.store.read(stream))).toMatchObject({ code: 'event-too-new', details });
      expect(await refusal(at.store.readAll({ after: start }))).toMatchObject({ code: 'event-too-new', details });
      expect((await at.store.readAll({ after: start, asRecorded: true })).events.map((event) => event.version)).toEqual([1, 2]);
    });

    it('refuses everything after a store was closed, and lets the others go on', async () => {
      const [closed, other] = [at.as('orchestrator'), at.as('orchestrator')];
      await closed.close();
      expect(await refusal(closed.head())).toMatchObject({ code: 'log-unavailable', details: { reason: 'closed' } });
      expect(await refusal(closed.append(newStream(), NO_STREAM, [newEvent()]))).toMatchObject({ code: 'log-unavailable' });
      await other.append(newStream(), NO_STREAM, [newEvent()]);
    });
  });
}
