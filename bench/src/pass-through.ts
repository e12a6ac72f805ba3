import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import proxy from '@fastify/http-proxy';
import type { JsonObject } from '@slipway/contracts';
import { NO_STREAM, type EventLog } from '@slipway/event-store';
import { fastify } from 'fastify';
import { atLeast, beside, median, type Figure } from './figure.js';
import type { Load, Loaded } from './gateway-load.js';
import { withGateway } from './gateway-place.js';

const BENCH = 'pass-through';
const CONNECTIONS = 16;
const SMALL = 1024;
const LARGE = 1024 * 1024;

export const passThroughNotes = {
  about:
    'GET /instances/{id}/resource/* through the whole gateway (Host, key, ids, metrics, a line of log, the instance looked up in its ' +
    'view), against @fastify/http-proxy alone in front of the same instance, which is a thread of its own that answers 1 KiB or ' +
    '1 MiB. Both proxies in one process, taking turns; the client is a thread of its own on 16 connections.',
  notMeasured:
    'Where the goal of 1 KiB is missed it is for CPU: by a profile what the gateway does of its own is spread about evenly over the ' +
    'door, the passing itself, metrics, the view and the line of log. Not measured: TLS, HTTP/2, bodies that go to the instance, ' +
    'instances on other machines.',
};

/** What the door costs those who call an instance through it. */
export async function passThroughBench({ short }: { short: boolean }): Promise<Figure[]> {
  const rounds = { ms: short ? 700 : 3_000, times: short ? 3 : 7 };
  const small = await sideBySide(SMALL, rounds);
  const large = await sideBySide(LARGE, rounds);
  return [
    atLeast(BENCH, '1 KiB passed through against @fastify/http-proxy', small.gateway / small.alone, 0.7),
    beside(BENCH, '1 KiB passed through', small.gateway, 'calls/s'),
    beside(BENCH, '@fastify/http-proxy, 1 KiB', small.alone, 'calls/s'),
    atLeast(BENCH, '1 MiB passed through against @fastify/http-proxy', large.gateway / large.alone, 0.7),
    beside(BENCH, '1 MiB passed through', large.gateway, 'calls/s'),
    beside(BENCH, '@fastify/http-proxy, 1 MiB', large.alone, 'calls/s'),
  ];
}

/** Calls a second through both, the median of several rounds in turn. */
async function sideBySide(bytes: number, { ms, times }: { ms: number; times: number }) {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-bench-pass-through-'));
  const instance = new Worker(new URL('./pass-through-instance.js', import.meta.url), { workerData: { bytes } });
  const [port] = (await once(instance, 'message')) as [number];
  const upstream = `http://127.0.0.1:${port}`;
  const alone = fastify();
  await alone.register(proxy, { upstream, prefix: '/resource' });
  const other = new URL(await alone.listen({ host: '127.0.0.1', port: 0 }));
  try {
    return await withGateway(
      folder,
      (log) => provisioned(log, upstream),
      async ({ url, key }) => {
        const gateway = new URL(url);
        const through = { port: Number(gateway.port), head: headOf('/api/v1/instances/default.shop/resource/x', key) };
        const direct = { port: Number(other.port), head: headOf('/resource/x', key) };
        const rates = { gateway: [] as number[], alone: [] as number[] };
        await Promise.all([rate(through, ms), rate(direct, ms)]);
        for (let round = 0; round < times; round++) {
          rates.gateway.push(await rate(through, ms));
          rates.alone.push(await rate(direct, ms));
        }
        return { gateway: median(rates.gateway), alone: median(rates.alone) };
      },
    );
  } finally {
    await alone.close();
    await instance.terminate();
    rmSync(folder, { recursive: true, force: true });
  }
}

const headOf = (path: string, key: string): string =>
  `GET ${path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${key}\r\n\r\n`;

/** One instance at an address, as its stream would tell it. */
async function provisioned(log: EventLog, url: string): Promise<void> {
  const outcome = { requestId: 'r', stepId: 'instance/shop', try: 1, generation: 1, epoch: 1 };
  const definition = { name: 'hello', version: '1.0.0', hash: 'h' };
  const place = { replica: 'r', location: 'local', driver: 'process', definition, spec: {}, inputs: {}, deadline: 0 };
  const event = (type: string, data: JsonObject) => ({
    ...{ id: randomUUID(), type, data },
    metadata: { actor: { id: 'ada', type: 'user' as const }, environment: 'default' },
  });
  await log
    .as('instance')
    .append('instance-default.shop', NO_STREAM, [
      event('InstanceStarted', { ...outcome, action: 'ensure', ...place }),
      event('InstanceProvisioned', { ...outcome, effect: 'made', outputs: { url }, observed: {} }),
    ]);
}

async function rate({ port, head }: { port: number; head: string }, ms: number): Promise<number> {
  const load: Load = { port, head, connections: CONNECTIONS, ms };
  const { answers, failed } = await run(load);
  if (failed !== undefined) throw new Error(`A call was answered ${failed}`);
  return (answers / ms) * 1000;
}

function run(load: Load): Promise<Loaded> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./gateway-load.js', import.meta.url), { workerData: load });
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}
