import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NO_STREAM, type EventStore, type NewEvent } from '@slipway/event-store';
import { openEventLog } from '@slipway/event-store/open';
import { openViews, type Views } from '@slipway/gateway/views';
import { atLeast, atMost, beside, median, type Figure } from './figure.js';
import { appendAll, fill } from './history.js';

const BENCH = 'read-models';
const HOUR = 3_600_000;

export const readModelsNotes = {
  about:
    'All of the gateway’s views from an embedded log of plausible requests (about 20 events each, three steps, some trouble), in ' +
    'their worker thread: every version of every row is kept. A rebuild is timed from opening without a file to having reached the ' +
    'head, indexes included; a start from opening the file that is there, or a copy of it, to having reached the head. Pages of 100 ' +
    'instances are read as JSON text, through the port.',
  notMeasured:
    'HTTP (see the gateway’s bench), KurrentDB as the log, files that do not fit into memory, plans of hundreds of steps. A rebuild is ' +
    'one thread’s work (reading and checking the log a quarter of it, projecting and spelling rows a quarter, SQLite the rest), so its ' +
    'figure goes up and down with what a core of the machine gives in that minute.',
};

/** How fast views are rebuilt and opened, and whether a page's time depends on how many rows there are. */
export async function readModelsBench({ short }: { short: boolean }): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-bench-views-'));
  try {
    return [
      ...(await buildFigures(folder, short ? 100_000 : 1_000_000)),
      ...(await pageFigures(folder, short ? 10_000 : 100_000)),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function buildFigures(folder: string, least: number): Promise<Figure[]> {
  const logFolder = join(folder, 'log');
  const log = await openEventLog({ eventLog: 'sqlite', folder: logFolder });
  const store = log.as(null);
  const events = await fill(log, least);
  const reading = await time(() => readAll(store));
  const open = (name: string, snapshot?: string) => openUpToHead(store, logFolder, join(folder, name), snapshot);

  const rebuilding = await opening(() => open('views'));
  const first = await open('views');
  await first.snapshotTo(join(folder, 'copy'));
  await first.close();
  const starting = median([
    await opening(() => open('views')),
    await opening(() => open('views')),
    await opening(() => open('views')),
  ]);
  const copying = await opening(() => open('copied', join(folder, 'copy')));
  await log.close();
  const many = events.toLocaleString('en');
  return [
    atLeast(BENCH, `rebuild of ${many} events, with history`, (events / rebuilding) * 1000, 35_000, 'events/s'),
    beside(BENCH, 'reading the same events and doing nothing', (events / reading) * 1000, 'events/s'),
    atMost(BENCH, `start from the checkpoint of ${many} events`, starting, 1_000, 'ms'),
    beside(BENCH, `start from another replica's copy of ${many} events`, copying, 'ms'),
  ];
}

/** Time of a page now and one hour of writes later, for few and for many rows. */
async function pageFigures(folder: string, many: number): Promise<Figure[]> {
  const few = await pageTime(join(folder, 'few'), 1_000);
  const lots = await pageTime(join(folder, 'many'), many);
  return [
    beside(BENCH, 'page of 100 of 1,000 instances', few, 'ms'),
    atMost(BENCH, `page of 100 of ${many.toLocaleString('en')} instances against 1,000`, lots / few, 1.5, 'ratio'),
  ];
}

async function pageTime(folder: string, rows: number): Promise<number> {
  const logFolder = join(folder, 'log');
  const log = await openEventLog({ eventLog: 'sqlite', folder: logFolder });
  const store = log.as('instance');
  const names = Array.from({ length: rows }, (_, index) => `app-${index}`);
  await appendAll(names, (name) => store.append(`instance-default.${name}`, NO_STREAM, instanceEvents(name)));
  const views = await openUpToHead(store, logFolder, join(folder, 'views'));
  const page = () => views.listText('instances', { limit: 100 });
  const times: number[] = [];
  for (let round = 0; round < 200; round += 1) times.push(await time(page));
  await views.close();
  await log.close();
  return median(times);
}

async function openUpToHead(store: EventStore, logFolder: string, folder: string, snapshot?: string): Promise<Views> {
  const eventLog = { eventLog: 'sqlite', folder: logFolder };
  const views = await openViews({ folder, log: store, eventLog, ...(snapshot !== undefined && { snapshot }) });
  if (!(await views.reached(await store.head(), HOUR))) throw new Error('The views have not reached the head');
  return views;
}

/** Milliseconds until what is opened is there; closing it is not counted. */
async function opening(open: () => Promise<Views>): Promise<number> {
  let views: Views | undefined;
  const took = await time(async () => void (views = await open()));
  await views!.close();
  return took;
}

async function time(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

async function readAll(store: EventStore): Promise<void> {
  let after: string | undefined;
  for (;;) {
    const { position, end } = await store.readAll({ limit: 2_000, ...(after !== undefined && { after }) });
    if (end) return;
    after = position;
  }
}

function instanceEvents(name: string): NewEvent[] {
  const outcome = { requestId: randomUUID(), stepId: `instance/${name}`, try: 1, generation: 1, epoch: 1 };
  const metadata = { actor: { id: 'ada', type: 'user' as const }, environment: 'default', ownerId: 'ada' };
  const definition = { name: 'guestbook', version: '1.0.0', hash: '0'.repeat(64) };
  const started = { ...outcome, action: 'ensure', replica: 'one', location: 'local', driver: 'process', definition };
  const url = `http://127.0.0.1:20000/${name}`;
  const event = (type: string, data: NewEvent['data']): NewEvent => ({ id: randomUUID(), type, data, metadata });
  return [
    event('InstanceStarted', { ...started, spec: {}, inputs: {}, deadline: 0 }),
    event('InstanceProvisioned', { ...outcome, effect: 'made', outputs: { url, port: 20000 }, observed: { state: 'running' } }),
  ];
}
