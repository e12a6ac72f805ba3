import { Controller, Module } from '@nestjs/common';
import { MessagePattern } from '@nestjs/microservices';
import type { NatsConnection } from '@nats-io/transport-node';
import { runInContext, startMicroservice, systemContext } from '@slipway/mesh';
import { startNatsServer, testRuntime } from '@slipway/mesh/testing';
import { atLeast, beside, median, type Figure } from './figure.js';

const BENCH = 'mesh';
const GOAL = 0.8;
const WARM_UP = 10_000;

/** A body such as a step's command: about 300 bytes. */
const BODY = {
  requestId: '6f1c2d3e-0000-5000-8000-000000000000',
  stepId: 'storage/shop-data',
  try: 1,
  resource: { environment: 'default', kind: 'storage', name: 'shop-data' },
  generation: 1,
  driver: 'directory',
  location: 'local',
  definition: { name: 'guestbook', version: '1.0.0', hash: '0'.repeat(64) },
};
const ANSWER = { status: 'accepted', epoch: 1 };

@Controller()
class Echo {
  @MessagePattern('ensure') ensure() {
    return ANSWER;
  }
}

@Module({ controllers: [Echo] })
class EchoModule {}

type Ask = () => Promise<unknown>;

/** Requests per second with `underWay` at once. */
async function rate(ask: Ask, count: number, underWay: number): Promise<number> {
  let left = count;
  const caller = async () => {
    while (left-- > 0) await ask();
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: underWay }, caller));
  return count / ((performance.now() - began) / 1000);
}

/** The raw client doing what any caller and answerer must: JSON out and in on both sides, one connection, one process. */
function rawClient(nats: NatsConnection): Ask {
  nats.subscribe('raw.ensure', {
    queue: 'raw',
    callback: (_, message) => {
      message.json();
      message.respond(JSON.stringify(ANSWER));
    },
  });
  return async () => (await nats.request('raw.ensure', JSON.stringify(BODY), { timeout: 5_000 })).json();
}

/**
 * A request and its answer through the mesh (context, headers, validation, filter, metrics, Nest) against the raw client,
 * in pairs within one run: the ratio is the median of the pairs.
 */
export async function meshBench({ short }: { short: boolean }): Promise<Figure[]> {
  const nats = await startNatsServer();
  const runtime = await testRuntime({ nats, service: 'storage' });
  const microservice = await startMicroservice(runtime, EchoModule, { locations: ['local'] });
  const raw = rawClient(runtime.connection.nats);
  const context = systemContext('bench');
  const mesh: Ask = () =>
    runInContext(context, () => runtime.bus.request('storage', 'ensure', BODY, { location: 'local', timeoutMs: 5_000 }));
  const figures: Figure[] = [];
  try {
    for (const underWay of [1, 32]) {
      const count = (short ? 1_500 : 4_000) * (underWay === 1 ? 1 : 4);
      const pairs: { raw: number; mesh: number }[] = [];
      // What is compiled late would count against whoever runs first.
      for (const ask of [raw, mesh]) await rate(ask, WARM_UP, 32);
      for (let pair = 0; pair < (short ? 7 : 15); pair++) {
        // Who goes first changes, so that what drifts meets both alike.
        const first = pair % 2 === 0 ? await rate(raw, count, underWay) : 0;
        const through = await rate(mesh, count, underWay);
        pairs.push({ raw: first || (await rate(raw, count, underWay)), mesh: through });
      }
      const name = underWay === 1 ? 'singly' : `${underWay} under way`;
      const ratio = median(pairs.map((pair) => pair.mesh / pair.raw));
      figures.push(
        beside(BENCH, `raw client, ${name}`, median(pairs.map((pair) => pair.raw)), 'requests/s'),
        beside(BENCH, `through the mesh, ${name}`, median(pairs.map((pair) => pair.mesh)), 'requests/s'),
        atLeast(BENCH, `through the mesh against the raw client, ${name}`, ratio, GOAL),
      );
    }
  } finally {
    await microservice.stop();
    await runtime.connection.close();
    await nats.remove();
  }
  return figures;
}

/** What the results page says of it. */
export const meshBenchNotes = {
  about:
    'A request of about 300 bytes and its answer through the mesh (context in headers, validation, filter, metrics, Nest) against ' +
    'the raw NATS client sending and parsing the same JSON; both in one process over one connection, in pairs; the median of the pairs.',
  notMeasured: 'Several machines, TLS, a NATS cluster, large bodies.',
};
