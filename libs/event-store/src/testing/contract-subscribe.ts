import { NO_STREAM, type RecordedEvent, type SubscribeOptions } from '../port.js';
import { idsOf, jest, newEvent, newEvents, newStream, setting, until, type LogPlace } from './contract-setting.js';

/** Subscribing: catching up, following, back-pressure, ends. */
export function subscribeContract(open: () => Promise<LogPlace>): void {
  const { describe, expect, it } = jest();
  describe('subscribe', () => {
    const at = setting(open);

    /** What a subscription that keeps all it gets has seen. */
    function collector(options: Partial<SubscribeOptions> = {}) {
      const got: RecordedEvent[] = [];
      const caughtUp: string[] = [];
      const failures: unknown[] = [];
      const wanted: SubscribeOptions = {
        name: 'test',
        events: (batch) => void got.push(...batch),
        caughtUp: (position) => void caughtUp.push(position),
        failed: (error) => void failures.push(error),
        ...options,
      };
      return { got, caughtUp, failures, wanted };
    }

    it('catches up, says so, then follows: each event once, in order', async () => {
      const stream = newStream();
      const after = await at.store.head();
      const events = newEvents(40);
      const { position } = await at.store.append(stream, NO_STREAM, events.slice(0, 20));
      const { got, caughtUp, wanted } = collector({ after, limit: 7 });
      const subscription = at.as(null).subscribe(wanted);
      await until(() => caughtUp.includes(position));
      expect(idsOf(got)).toEqual(idsOf(events.slice(0, 20)));
      for (let index = 20; index < 40; index += 1) await at.store.append(stream, index - 1, [events[index]!]);
      const head = await at.store.head();
      await until(() => caughtUp.at(-1) === head);
      expect(idsOf(got)).toEqual(idsOf(events));
      expect(subscription.position).toBe(head);
    });

    it('delivers while others append, in this process and in another, without a gap', async () => {
      const other = (await at.open()).as('orchestrator');
      const after = await at.store.head();
      const { got, wanted } = collector({ after, limit: 10 });
      at.as(null).subscribe(wanted);
      const streams = Array.from({ length: 20 }, () => newStream());
      await Promise.all(
        streams.map(async (stream, index) => {
          const store = index % 2 ? at.store : other;
          for (let revision = NO_STREAM; revision < 9; revision += 1) await store.append(stream, revision, [newEvent()]);
        }),
      );
      await until(() => got.length >= 200);
      expect(got.map((event) => event.position)).toEqual([...new Set(got.map((event) => event.position))].sort());
      for (const stream of streams) expect(got.filter((event) => event.stream === stream)).toEqual(await at.store.read(stream));
    }, 60_000);

    it('goes on from a position: nothing is missed, nothing comes twice', async () => {
      const stream = newStream();
      const after = await at.store.head();
      const events = newEvents(10);
      await at.store.append(stream, NO_STREAM, events.slice(0, 5));
      const first = collector({ after, limit: 2 });
      const subscription = at.as(null).subscribe(first.wanted);
      await until(() => first.got.length >= 4);
      await subscription.stop();
      const seen = first.got.length;
      await at.store.append(stream, 4, events.slice(5));
      const second = collector({ after: subscription.position });
      at.as(null).subscribe(second.wanted);
      await until(() => second.got.length >= 10 - seen);
      expect(idsOf([...first.got, ...second.got])).toEqual(idsOf(events));
    });

    it('filters, and its position moves past what does not pass', async () => {
      const after = await at.store.head();
      const { got, caughtUp, wanted } = collector({ after, filter: { types: ['Wanted'] } });
      at.as(null).subscribe(wanted);
      await at.store.append(newStream(), NO_STREAM, [newEvent('Other'), newEvent('Wanted')]);
      const { position } = await at.store.append(newStream(), NO_STREAM, [newEvent('Other')]);
      await until(() => caughtUp.includes(position));
      expect(got.map((event) => event.type)).toEqual(['Wanted']);
    });

    it('waits for the handler before it reads on', async () => {
      const after = await at.store.head();
      await at.store.append(newStream(), NO_STREAM, newEvents(6));
      let running = 0;
      const sizes: number[] = [];
      const { wanted } = collector({
        after,
        limit: 2,
        async events(batch) {
          expect((running += 1)).toBe(1);
          await new Promise((resolve) => setTimeout(resolve, 5));
          running -= 1;
          sizes.push(batch.length);
        },
      });
      at.as(null).subscribe(wanted);
      await until(() => sizes.length >= 3);
      expect(sizes).toEqual([2, 2, 2]);
    });

    it('begins no delivery after it was stopped', async () => {
      const stream = newStream();
      const { got, caughtUp, wanted } = collector({ after: await at.store.head() });
      const subscription = at.as(null).subscribe(wanted);
      await at.store.append(stream, NO_STREAM, newEvents(1));
      await until(() => caughtUp.length > 0 && got.length === 1);
      await subscription.stop();
      const witness = collector({ after: subscription.position });
      at.as(null).subscribe(witness.wanted);
      await at.store.append(stream, 0, newEvents(1));
      await until(() => witness.got.length === 1);
      expect(got).toHaveLength(1);
    });

    it('ends when its handler throws, tells so once, and delivers nothing more', async () => {
      const stream = newStream();
      let calls = 0;
      const { failures, wanted } = collector({
        after: await at.store.head(),
        limit: 1,
        events() {
          calls += 1;
          throw new Error('poisoned');
        },
      });
      at.as(null).subscribe(wanted);
      const witness = collector({ after: wanted.after });
      at.as(null).subscribe(witness.wanted);
      await at.store.append(stream, NO_STREAM, newEvents(3));
      await until(() => witness.got.length === 3 && failures.length > 0);
      expect(calls).toBe(1);
      expect(failures).toEqual([new Error('poisoned')]);
    });

    it('ends with "gone" at a position of another log', async () => {
      const { failures, wanted } = collector({ after: 'other.0000000001.00000000000000000001' });
      at.as(null).subscribe(wanted);
      await until(() => failures.length > 0);
      expect(failures).toMatchObject([{ code: 'gone' }]);
    });

    it('ends with its store', async () => {
      const store = at.as('gateway');
      const { got, wanted } = collector({ after: await at.store.head() });
      store.subscribe(wanted);
      const witness = collector({ after: wanted.after });
      at.as(null).subscribe(witness.wanted);
      await store.close();
      await at.store.append(newStream(), NO_STREAM, newEvents(2));
      await until(() => witness.got.length === 2);
      expect(got).toEqual([]);
    });
  });
}
