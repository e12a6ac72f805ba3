import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import type { ResourceView } from '@slipway/contracts/http';
import { NO_STREAM, type EventLog, type NewEvent } from '@slipway/event-store';
import type { Views } from '@slipway/gateway/views';
import { fastify } from 'fastify';
import { atLeast, atMost, beside, median, type Figure } from './figure.js';
import type { Load, Loaded } from './gateway-load.js';
import { withGateway } from './gateway-place.js';

const BENCH = 'gateway';
const PATH = '/api/v1/instances?limit=100';
const CONNECTIONS = 16;
const AT_ONCE = 1_000;

export const gatewayNotes = {
  about:
    'GET /instances of 100 rows through the whole gateway (Host, key, ids, metrics, a line of log for each call, the view in SQLite), ' +
    'against Fastify alone with one route that does the same SELECT over a plain table with a column for each field and an index ' +
    'on what it sorts by, and JSON.stringify. Both in one process, taking turns; the client is a thread of its own on 16 ' +
    'connections. A page’s time is the median of single calls, one after another.',
  notMeasured: 'TLS, other machines, WebSocket clients, lists while much is written.',
};

/** What the door costs, and whether the time of a page depends on how many rows there are. */
export async function gatewayBench({ short }: { short: boolean }): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-bench-gateway-'));
  try {
    const rounds = { ms: short ? 700 : 3_000, times: short ? 3 : 5 };
    const few = await withInstances(join(folder, 'few'), 1_000, async (gateway, views) => ({
      page: await pageTime(gateway),
      rates: await sideBySide(gateway, views, rounds),
    }));
    const rows = short ? 10_000 : 100_000;
    const many = await withInstances(join(folder, 'many'), rows, (gateway) => pageTime(gateway));
    const { gateway, raw } = few.rates;
    return [
      atLeast(BENCH, 'GET /instances of 100 rows against raw Fastify', gateway / raw, 0.5),
      beside(BENCH, 'GET /instances of 100 rows', gateway, 'calls/s'),
      beside(BENCH, 'raw Fastify, the same rows', raw, 'calls/s'),
      beside(BENCH, 'page of 100 of 1,000 instances', few.page, 'ms'),
      atMost(BENCH, `page of 100 of ${rows.toLocaleString('en')} instances against 1,000`, many / few.page, 1.5, 'ratio'),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Server {
  port: number;
  head: string;
}

/** A gateway on a log with so many instances. */
const withInstances = <T>(folder: string, rows: number, work: (gateway: Server, views: Views) => Promise<T>): Promise<T> =>
  withGateway(
    folder,
    (log) => fill(log, rows),
    ({ url, key, views }) => work({ port: Number(new URL(url).port), head: headOf(key) }, views),
  );

/** Calls a second of both, the median of several rounds in turn. */
async function sideBySide(gateway: Server, views: Views, { ms, times }: { ms: number; times: number }) {
  const { items } = await views.list('instances', { limit: 500 });
  const { server, port } = await rawServer(items);
  const rates = { gateway: [] as number[], raw: [] as number[] };
  await Promise.all([rate(gateway, ms), rate({ ...gateway, port }, ms)]);
  for (let round = 0; round < times; round++) {
    rates.gateway.push(await rate(gateway, ms));
    rates.raw.push(await rate({ ...gateway, port }, ms));
  }
  await server.close();
  return { gateway: median(rates.gateway), raw: median(rates.raw) };
}

/** What somebody would write who wants nothing but these rows. */
async function rawServer(rows: ResourceView[]) {
  const db = new DatabaseSync(':memory:');
  const columns = Object.keys(rows[0]!);
  db.exec(`CREATE TABLE instances (${columns.map((name) => `"${name}"`).join(', ')}, PRIMARY KEY (id)) WITHOUT ROWID`);
  db.exec('CREATE INDEX by_creation ON instances (createdAt DESC, id)');
  const insert = db.prepare(`INSERT INTO instances VALUES (${columns.map(() => '?').join(', ')})`);
  for (const row of rows) {
    const values = columns.map((name) => (row as unknown as Record<string, unknown>)[name]);
    insert.run(...values.map((value) => (typeof value === 'object' ? JSON.stringify(value) : (value as string | number))));
  }
  const select = db.prepare('SELECT * FROM instances ORDER BY createdAt DESC, id LIMIT 100');
  const server = fastify();
  server.get('/api/v1/instances', (_request, reply) => {
    reply.type('application/json; charset=utf-8').send(JSON.stringify({ items: select.all() }));
  });
  const url = await server.listen({ host: '127.0.0.1', port: 0 });
  return { server, port: Number(new URL(url).port) };
}

async function rate({ port, head }: Server, ms: number): Promise<number> {
  const load: Load = { port, head, connections: CONNECTIONS, ms };
  const { answers, failed } = await run(load);
  if (failed !== undefined) throw new Error(`A call was answered ${failed}`);
  return (answers / ms) * 1000;
}

/** Milliseconds of one call, when nobody else calls. */
async function pageTime({ port, head }: Server): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < 9; round++) {
    const { answers, failed } = await run({ port, head, connections: 1, ms: 200 });
    if (failed !== undefined) throw new Error(`A call was answered ${failed}`);
    times.push(200 / answers);
  }
  return median(times);
}

function run(load: Load): Promise<Loaded> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./gateway-load.js', import.meta.url), { workerData: load });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

const headOf = (key: string): string =>
  [`GET ${PATH} HTTP/1.1`, 'Host: 127.0.0.1', `Authorization: Bearer ${key}`, 'Accept: application/json', '', ''].join('\r\n');

async function fill(log: EventLog, rows: number): Promise<void> {
  const store = log.as('instance');
  for (let done = 0; done < rows; done += AT_ONCE) {
    const names = Array.from({ length: Math.min(AT_ONCE, rows - done) }, (_, index) => `app-${done + index}`);
    await Promise.all(names.map((name) => store.append(`instance-default.${name}`, NO_STREAM, instanceEvents(name))));
  }
}

function instanceEvents(name: string): NewEvent[] {
  const outcome = { requestId: randomUUID(), stepId: `instance/${name}`, try: 1, generation: 1, epoch: 1 };
  const metadata = { actor: { id: 'ada', type: 'user' as const }, environment: 'default', ownerId: 'ada' };
  const definition = { name: 'guestbook', version: '1.0.0', hash: '0'.repeat(64) };
  const place = { replica: 'one', location: 'local', driver: 'process', definition, spec: {}, inputs: {}, deadline: 0 };
  const outputs = { url: `http://127.0.0.1:20000/${name}`, port: 20000 };
  const event = (type: string, data: NewEvent['data']): NewEvent => ({ id: randomUUID(), type, data, metadata });
  return [
    event('InstanceStarted', { ...outcome, action: 'ensure', ...place }),
    event('InstanceProvisioned', { ...outcome, effect: 'made', outputs, observed: { state: 'running' } }),
  ];
}
