import { randomUUID } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { SlipwayError } from '@slipway/contracts';
import { Lane, type LaneOptions } from './lane.js';
import type { EventStore } from './port.js';
import { MemoryDisk, MemoryEventLog, type AppendPoint } from './testing/index.js';
import { hall, type Hall, type HallCommand, type HallEvent } from './testing/hall.js';

const STREAM = 'request-hall';
const metadata = { actor: { id: 'ada', type: 'user' as const } };
const sit = (who: string | number): HallCommand => ({ type: 'Sit', who: `${who}` });
const leave = (who: string): HallCommand => ({ type: 'Leave', who });
const upTo = (count: number) => Array.from({ length: count }, (_, at) => at);

interface Setting extends Partial<LaneOptions<Hall, HallCommand, HallEvent>> {
  seats?: number;
  onAppend?(point: AppendPoint): void | Promise<void>;
}

/** A replica's lane on what a disk has, how many events each of its appends had, and from where it has read. */
function opened(disk = new MemoryDisk(), { seats = 1_000, onAppend, ...more }: Setting = {}) {
  const appends: number[] = [];
  const reads: number[] = [];
  const log = new MemoryEventLog({
    disk,
    onAppend: (point) => {
      if (point.when === 'before') appends.push(point.types.length);
      return onAppend?.(point);
    },
  });
  const own = log.as('orchestrator');
  const store = Object.assign(Object.create(own) as EventStore, {
    append: own.append.bind(own),
    read(stream: string, range?: { from?: number; limit?: number }) {
      reads.push(range?.from ?? 0);
      return own.read(stream, range);
    },
  });
  const warn = (about: object, message: string) => {
    throw new Error(message, { cause: about });
  };
  const lane = new Lane({ store, stream: STREAM, decider: hall(seats), idOf: () => randomUUID(), warn, ...more });
  const ask = (...commands: HallCommand[]) => Promise.allSettled(commands.map((command) => lane.decide(command, metadata)));
  const recorded = () => (disk.streams.get(STREAM) ?? []).map(({ type, data }) => `${type} ${data['who'] as string}`);
  return { lane, log, appends, reads, disk, ask, recorded };
}

/** What came of each: its events, or the code of its refusal. */
const outcomes = (settled: PromiseSettledResult<{ events: HallEvent[] }>[]) =>
  settled.map((one) =>
    one.status === 'fulfilled'
      ? one.value.events.map(({ type, data }) => ('seat' in data ? `${type} ${data.seat}` : type)).join()
      : (one.reason as SlipwayError).code,
  );

describe('a lane decides (L1)', () => {
  it('in the order in which it is asked, each on what those before it leave, and records in that order', async () => {
    const { ask, recorded } = opened(undefined, { seats: 2 });
    expect(outcomes(await ask(sit('a'), sit('b'), sit('c'), leave('a'), sit('d')))).toEqual([
      'Seated 0',
      'Seated 1',
      'not-possible',
      'Left',
      'Seated 0',
    ]);
    expect(recorded()).toEqual(['Seated a', 'Seated b', 'Left a', 'Seated d']);
  });

  it('what waits with one append, of 32 commands at most', async () => {
    const { ask, appends } = opened();
    // The first is decided at once, and the others come meanwhile.
    await ask(...upTo(101).map(sit));
    expect(appends).toEqual([1, 32, 32, 32, 4]);
  });

  it('with one append what those ask who were answered by the one before', async () => {
    const { ask, lane, appends } = opened();
    await ask(...upTo(16).map(sit));
    appends.length = 0;
    const again = async (who: number) => {
      for (let more = 1; more <= 3; more += 1) await lane.decide(sit(`${who} and ${more}`), metadata);
    };
    await Promise.all(upTo(16).map(again));
    expect(appends).toEqual([16, 16, 16]);
  });

  it('so much at once as the log takes, whatever characters it is written in; the rest comes after it, in order', async () => {
    const { ask, recorded, appends } = opened();
    const names = upTo(30).map((at) => `${at} ${'席'.repeat(15_000)}`);
    expect(outcomes(await ask(...names.map(sit)))).toEqual(upTo(30).map((at) => `Seated ${at}`));
    expect(recorded()).toEqual(names.map((name) => `Seated ${name}`));
    expect(appends.length).toBeGreaterThan(1);
  });

  it('what an answer says is the state after all that was decided together, and where that stands in the log', async () => {
    const { lane, log } = opened();
    await lane.ready();
    const refreshed = lane.refresh();
    const [one, other] = await Promise.all([lane.decide(sit('a'), metadata), lane.decide(sit('b'), metadata)]);
    await refreshed;
    expect(one.state).toBe(other.state);
    expect(one.state.map(({ who }) => who)).toEqual(['a', 'b']);
    expect(one.position).toBe(await log.as(null).head());
    expect([lane.revision, lane.position, lane.state]).toEqual([1, one.position, one.state]);
  });

  it('with the state that a decider comes by itself, instead of folding once more', async () => {
    let folded = 0;
    const plain = hall(9);
    const evolve = (state: Hall, event: HallEvent) => {
      folded += 1;
      return plain.evolve(state, event);
    };
    const both = (state: Hall, command: HallCommand) => {
      const events = plain.decide(state, command);
      return { events, state: events.reduce(plain.evolve, state) };
    };
    for (const [decider, times] of [
      [{ ...plain, evolve }, 2],
      [{ ...plain, evolve, decideAndEvolve: both }, 0],
    ] as const) {
      folded = 0;
      const { lane, ask } = opened(undefined, { decider });
      expect(outcomes(await ask(sit('a'), sit('b')))).toEqual(['Seated 0', 'Seated 1']);
      expect(folded).toBe(times);
      expect(lane.state.map(({ who }) => who)).toEqual(['a', 'b']);
    }
  });

  it('and records what is to be recorded of an event, with what comes of the command, but folds it whole', async () => {
    const options: Setting = {
      recordable: async ({ type, data }) => ({ type, data: { ...data, who: data.who.toUpperCase() } }) as HallEvent,
      whole: async ({ type, data }) => ({ type, data: { ...data, who: data.who.toLowerCase() } }) as HallEvent,
      metadataOf: (said, { who }, before, after) => ({ ...said, ownerId: `${who} ${before.length} ${after.length}` }),
    };
    const { ask, recorded, disk, lane } = opened(undefined, options);
    await ask(sit('a'), sit('b'));
    expect(recorded()).toEqual(['Seated A', 'Seated B']);
    expect(disk.events.map((event) => event.metadata.ownerId)).toEqual(['a 0 1', 'b 1 2']);
    const next = opened(disk, options);
    await next.lane.ready();
    expect(next.lane.state).toEqual(lane.state);
  });
});

describe('where another replica came first', () => {
  it('all that was decided together is decided anew on what it recorded: no seat is given twice', async () => {
    const disk = new MemoryDisk();
    const [one, other] = [opened(disk, { seats: 50 }), opened(disk, { seats: 50 })];
    const told = await Promise.all(upTo(80).map((at) => (at % 2 ? one : other).lane.decide(sit(at), metadata).catch(() => null)));
    const seats = told.flatMap((decided, at) =>
      (decided?.events ?? []).map((event) => [`${at}`, 'seat' in event.data ? event.data.seat : undefined]),
    );
    expect(new Set(seats.map(([, seat]) => seat)).size).toBe(50);
    await Promise.all([one.lane.refresh(), other.lane.refresh()]);
    expect(one.lane.state).toEqual(other.lane.state);
    // Who was told of a seat sits there.
    expect(new Map(one.lane.state.map(({ who, seat }) => [who, seat]))).toEqual(new Map(seats as [string, number][]));
  });

  it('a refusal, and a command that needs nothing recorded, are answered after the stream was looked at (L2)', async () => {
    const disk = new MemoryDisk();
    const [one, other] = [opened(disk, { seats: 1 }), opened(disk, { seats: 1 })];
    await one.ask(sit('a'));
    await other.lane.ready();
    await one.ask(leave('a'));
    expect(outcomes(await other.ask(sit('b')))).toEqual(['Seated 0']);
    await one.ask(leave('b'));
    // It knows of b, who has left since.
    expect(outcomes(await other.ask(sit('b')))).toEqual(['Seated 0']);
  });

  it('each time, it is given up after so many', async () => {
    const disk = new MemoryDisk();
    const rival = opened(disk);
    let times = 0;
    const { ask } = opened(disk, {
      async onAppend({ when }) {
        if (when === 'after') return;
        times += 1;
        await rival.ask(sit(`rival-${times}`));
      },
    });
    expect(outcomes(await ask(sit('a')))).toEqual(['wrong-revision']);
    expect(times).toBe(20);
  });
});

describe('when the log fails', () => {
  const away = () => new SlipwayError('log-unavailable');

  it.each([
    ['before', ['Seated late']],
    ['after', ['Seated a', 'Seated b', 'Seated late']],
  ] as const)(
    '%s it has recorded: all who were decided together are told, and the stream is read first (L3)',
    async (when, then) => {
      let fails = true;
      const { ask, lane, recorded, reads, appends } = opened(undefined, {
        onAppend: (point) => {
          if (fails && point.when === when) throw away();
        },
      });
      const read = lane.refresh();
      expect(outcomes(await ask(sit('a'), sit('b')))).toEqual(['log-unavailable', 'log-unavailable']);
      await read;
      fails = false;
      reads.length = 0;
      expect(outcomes(await ask(sit('late')))).toEqual([`Seated ${then.length - 1}`]);
      expect(reads).toEqual([0]);
      expect(appends).toEqual([2, 1]);
      expect(recorded()).toEqual(then);
    },
  );

  it('nobody asks in vain: those that wait meanwhile are decided after it', async () => {
    let fails = true;
    const { lane, recorded } = opened(undefined, {
      onAppend: async ({ when }) => {
        if (when === 'after' || !fails) return;
        fails = false;
        behind.push(lane.decide(sit('b'), metadata));
        throw away();
      },
    });
    const behind: Promise<unknown>[] = [];
    await expect(lane.decide(sit('a'), metadata)).rejects.toMatchObject({ code: 'log-unavailable' });
    await Promise.all(behind);
    await lane.idle();
    expect(recorded()).toEqual(['Seated b']);
  });

  it('and was closed: all that wait are told, and it is idle', async () => {
    const { lane, log, ask } = opened();
    await lane.ready();
    await log.close();
    expect(new Set(outcomes(await ask(...upTo(40).map(sit))))).toEqual(new Set(['log-unavailable']));
    await lane.idle();
  });

  it('it stands as it was where it cannot be read; what was not decided is decided once it can', async () => {
    const { lane, ask } = opened();
    await ask(sit('a'));
    const store = lane['options'].store as { read: EventStore['read'] };
    const { read } = store;
    store.read = () => Promise.reject(away());
    await expect(lane.refresh()).rejects.toMatchObject({ code: 'log-unavailable' });
    expect(outcomes(await ask(sit('a')))).toEqual(['log-unavailable']);
    store.read = read;
    expect(outcomes(await ask(sit('a'), sit('b')))).toEqual(['', 'Seated 1']);
  });
});
