import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventLog, EventStore, NewEvent } from '@slipway/event-store';
import { openEventLog } from '@slipway/event-store/open';
import { atLeast, atMost, beside, median, percentile, type Figure } from './figure.js';
import { fsyncTimes, RawLog } from './raw-log.js';

const BENCH = 'event-log';
const CALLERS = 64;

export const eventLogNotes = {
  about:
    'The embedded log against raw node:sqlite: a file with the same tables and indexes, the same bytes per row (about 600), WAL, synchronous=FULL, one event a transaction. The raw side binds strings that are ready and hashes nothing; the log spells the JSON, takes the SHA-256, goes through its writer thread and answers. Reads: the raw side runs the same SELECT in pages of 500 and JSON.parse on data and metadata; the log checks SHA-256, order and gaps as well. Rounds of both alternate; each figure is the median of the rounds’ ratios.',
  notMeasured:
    'A single caller pays for two hops between threads with each append (about 0.1 ms), which a raw append in the caller’s own thread does not: ' +
    'the faster the disk, the lower that ratio. Not measured: several processes at one file, disks whose fsync takes milliseconds (group commit gains more there), logs that do not fit into memory, KurrentDB.',
};

/** Ratios of the embedded log to raw `node:sqlite`, and how long a refusal takes while another holds the lock. */
export async function eventLogBench({ short }: { short: boolean }): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-bench-log-'));
  const log = await openEventLog({ eventLog: 'sqlite', folder: join(folder, 'log') });
  // A log's own file, so that tables and indexes are the same by construction.
  await (await openEventLog({ eventLog: 'sqlite', folder: join(folder, 'raw') })).close();
  const raw = new RawLog(join(folder, 'raw', 'events.sqlite'));
  try {
    const writing = await writeFigures(log, raw, short ? { rounds: 3, appends: 300 } : { rounds: 9, appends: 2_000 });
    const reading = await readFigures(log, folder, short ? 3 : 9);
    const refused = await refusalTimes(log, join(folder, 'log', 'events.sqlite'), short ? 2 : 5);
    const fsync = median(fsyncTimes(folder, short ? 50 : 300));
    return [
      ...writing,
      ...reading,
      atMost(BENCH, 'append refused while another process holds the lock, longest', Math.max(...refused), 1_000, 'ms'),
      beside(BENCH, 'fsync of 4 KiB on this disk, median', fsync, 'ms'),
    ];
  } finally {
    raw.close();
    await log.close();
    rmSync(folder, { recursive: true });
  }
}

async function writeFigures(
  log: EventLog,
  raw: RawLog,
  { rounds, appends }: { rounds: number; appends: number },
): Promise<Figure[]> {
  const store = log.as('orchestrator');
  const rates = { raw: [] as number[], single: [] as number[], many: [] as number[] };
  const latencies: number[] = [];
  await one(store, 100, []);
  for (let round = 0; round < rounds; round += 1) {
    const rows = Array.from({ length: appends }, (_, revision) => raw.row(`request-${round}`, revision, newEvent(`${round}`)));
    rates.raw.push(rate(appends, () => rows.forEach((row) => raw.append(row))));
    rates.single.push(await rateOf(appends, () => one(store, appends, latencies)));
    rates.many.push(await rateOf(appends * 8, () => many(store, (appends * 8) / CALLERS)));
  }
  const ratio = (ours: number[]) => median(ours.map((each, round) => each / rates.raw[round]!));
  return [
    atLeast(BENCH, 'append, one caller, of raw single appends', ratio(rates.single), 0.6),
    atLeast(BENCH, `append, ${CALLERS} callers, of raw single appends`, ratio(rates.many), 5),
    beside(BENCH, 'append, raw, one by one', median(rates.raw), 'events/s'),
    beside(BENCH, 'append, one caller', median(rates.single), 'events/s'),
    beside(BENCH, 'append, one caller, p99', percentile(latencies, 0.99), 'ms'),
    beside(BENCH, `append, ${CALLERS} callers`, median(rates.many), 'events/s'),
  ];
}

async function readFigures(log: EventLog, folder: string, rounds: number): Promise<Figure[]> {
  const store = log.as(null);
  const raw = new RawLog(join(folder, 'log', 'events.sqlite'));
  const { events: total } = raw.count();
  const streams = raw.streams(200);
  const inStreams = streams.reduce((sum, { events }) => sum + events, 0);
  const rates = {
    all: [] as number[],
    read: [] as number[],
    caughtUp: [] as number[],
    rawStreams: [] as number[],
    streams: [] as number[],
  };
  for (let round = 0; round < rounds; round += 1) {
    rates.all.push(rate(total, () => raw.readAll(500)));
    rates.read.push(await rateOf(total, () => readWhole(store)));
    rates.caughtUp.push(await rateOf(total, () => catchUp(store)));
    rates.rawStreams.push(rate(inStreams, () => streams.forEach(({ stream }) => raw.readStream(stream))));
    rates.streams.push(
      await rateOf(inStreams, async () => {
        for (const { stream } of streams) await store.read(stream);
      }),
    );
  }
  raw.close();
  const ratio = (ours: number[], theirs: number[]) => median(ours.map((each, round) => each / theirs[round]!));
  return [
    atLeast(BENCH, 'read of all streams, of raw rows with JSON.parse', ratio(rates.read, rates.all), 0.5),
    atLeast(BENCH, 'catching up of a subscription, of raw rows with JSON.parse', ratio(rates.caughtUp, rates.all), 0.5),
    atLeast(BENCH, 'read of single streams, of raw rows with JSON.parse', ratio(rates.streams, rates.rawStreams), 0.5),
    beside(BENCH, 'read of all streams', median(rates.read), 'events/s'),
  ];
}

/** Milliseconds until an append is refused while somebody else has the write lock. */
async function refusalTimes(log: EventLog, file: string, tries: number): Promise<number[]> {
  const holder = new RawLog(file);
  const times: number[] = [];
  for (let left = tries; left > 0; left -= 1) {
    holder.hold();
    const began = performance.now();
    await log
      .as('orchestrator')
      .append(`request-${tries}-${left}`, -1, [newEvent(`${left}`)])
      .then(
        () => Promise.reject(new Error('An append succeeded although the lock was held')),
        () => times.push(performance.now() - began),
      );
    holder.release();
  }
  holder.close();
  return times;
}

async function one(store: EventStore, appends: number, latencies: number[]): Promise<void> {
  const requestId = randomUUID();
  for (let revision = -1; revision < appends - 1; revision += 1) {
    const began = performance.now();
    await store.append(`request-${requestId}`, revision, [newEvent(requestId)]);
    latencies.push(performance.now() - began);
  }
}

async function many(store: EventStore, each: number): Promise<void> {
  await Promise.all(Array.from({ length: CALLERS }, () => one(store, Math.round(each), [])));
}

async function readWhole(store: EventStore): Promise<void> {
  for (let page = await store.readAll(); !page.end; page = await store.readAll({ after: page.position }));
}

const catchUp = (store: EventStore): Promise<void> =>
  new Promise((resolve, reject) => {
    const subscription = store.subscribe({
      name: 'bench',
      events: () => {},
      caughtUp: () => {
        resolve();
        void subscription.stop();
      },
      failed: reject,
    });
  });

function rate(count: number, task: () => void): number {
  const began = performance.now();
  task();
  return (count / (performance.now() - began)) * 1_000;
}

async function rateOf(count: number, task: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await task();
  return (count / (performance.now() - began)) * 1_000;
}

/** Like an orchestrator's `StepSucceeded` in its request's stream: about 200 bytes of data and as much metadata. */
function newEvent(requestId: string): NewEvent {
  return {
    id: randomUUID(),
    type: 'StepSucceeded',
    data: {
      stepId: `${requestId}/storage/shop-data`,
      try: 1,
      outputs: { path: '/var/lib/slipway/places/local/default.shop-data/g1', bytes: 1_048_576, enforced: false },
    },
    metadata: {
      requestId,
      correlationId: randomUUID(),
      actor: { id: 'ada', type: 'user' },
      environment: 'default',
      ownerId: 'ada',
    },
  };
}
