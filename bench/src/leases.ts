import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AllocationEvent } from '@slipway/contracts';
import type { EventStore } from '@slipway/event-store';
import { openEventLog } from '@slipway/event-store/open';
import { atLeast, atMost, beside, median, percentile, type Figure } from './figure.js';
import { LeasedPlaces, together } from './leased-places.js';
import { PostgresPlaces } from './postgres-places.js';

const BENCH = 'leases';
const CLIENTS = 16;

export const leasesNotes = {
  about:
    'Leases through the allocator’s own decider and lanes on the embedded log (WAL, synchronous=FULL), 16 clients. An allocation lasts from asking ' +
    'until the acquired lease is on disk. How long it lasts is measured in three environments of 10,000 resources each that take turns, with 1,000, 10,000 and ' +
    '100,000 leases in them; each lease that is measured is given back, so that their number stays. Leases a second: beside a PostgreSQL of its own with ' +
    'synchronous_commit=on in which a lease is one `UPDATE … WHERE id = (SELECT … FOR UPDATE SKIP LOCKED) RETURNING`, asked by `pgbench` with 16 prepared clients, ' +
    'taking turns; the median of the rounds’ ratios. Leases that expired stand in the log as the four events that each leaves; a start is from opening the ' +
    'allocations until they can be asked, with the state that was kept at the end before.',
  notMeasured:
    'The way there through REST and NATS, blueprints that make something, KurrentDB, several replicas that append to one environment. PostgreSQL keeps the last state of a ' +
    'row, and decides nothing about owners, quotas, order or what is kept for whom.',
};

/** How long an allocation lasts, how many there are in a second, and what a million that are over cost. */
export async function leasesBench({ short }: { short: boolean }): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-bench-leases-'));
  const log = await openEventLog({ eventLog: 'sqlite', folder: join(folder, 'log') });
  const store = log.as('allocator');
  try {
    const places = new LeasedPlaces(store, folder);
    await places.start();
    const figures = await lasting(places, short);
    figures.push(...(await rates(places, short)));
    await places.stop();
    return [...figures, ...(await expired(folder, short))];
  } finally {
    await log.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function lasting(places: LeasedPlaces, short: boolean): Promise<Figure[]> {
  const sizes = short ? [100, 1_000] : [1_000, 10_000, 100_000];
  const [resources, rounds, each] = short ? [1_000, 3, 200] : [10_000, 12, 1_000];
  const times = new Map(sizes.map((size) => [size, [] as number[]]));
  for (const size of sizes) {
    await places.enter(`of-${size}`, resources);
    await places.leaseMany(`of-${size}`, size);
  }
  for (const size of sizes) await measured(places, `of-${size}`, each, []);
  for (let round = 0; round < rounds; round += 1)
    // Whoever comes first in a round comes last in the next.
    for (const size of round % 2 ? sizes.toReversed() : sizes) await measured(places, `of-${size}`, each, times.get(size)!);
  const at = (size: number, share: number) => percentile(times.get(size)!, share);
  const [least, most] = [sizes[0]!, sizes.at(-1)!];
  return [
    atMost(BENCH, `allocation with ${shown(resources)} resources and ${shown(most)} leases, p99`, at(most, 0.99), 10, 'ms'),
    atMost(
      BENCH,
      `allocation p99, ${shown(most)} leases against ${shown(least)}`,
      at(most, 0.99) / at(least, 0.99),
      1.1,
      'ratio',
    ),
    beside(BENCH, `allocation median, ${shown(most)} leases against ${shown(least)}`, at(most, 0.5) / at(least, 0.5), 'ratio'),
    ...sizes.map((size) => beside(BENCH, `allocation with ${shown(size)} leases, p99`, at(size, 0.99), 'ms')),
  ];
}

/** Adds how long each took, in ms. */
async function measured(places: LeasedPlaces, environment: string, count: number, times: number[]): Promise<void> {
  await together(
    count,
    async (at) => {
      const began = performance.now();
      const leaseId = await places.lease(environment, at);
      times.push(performance.now() - began);
      await places.giveBack(environment, leaseId);
    },
    CLIENTS,
  );
}

async function rates(places: LeasedPlaces, short: boolean): Promise<Figure[]> {
  const postgres = new PostgresPlaces();
  const [rounds, leases] = short ? [2, 800] : [7, 16_000];
  const [ours, theirs]: [number[], number[]] = [[], []];
  try {
    await places.enter('rate', Math.ceil((leases * (rounds + 1)) / 12) + 1);
    await together(leases / 4, (at) => places.lease('rate', at), CLIENTS);
    for (let round = 0; round < rounds; round += 1) {
      theirs.push(postgres.rate(CLIENTS, leases));
      const began = performance.now();
      await together(leases, (at) => places.lease('rate', at), CLIENTS);
      ours.push((leases / (performance.now() - began)) * 1_000);
    }
  } finally {
    postgres.stop();
  }
  const ratio = median(ours.map((rate, round) => rate / theirs[round]!));
  return [
    atLeast(BENCH, `leases a second, of PostgreSQL’s, ${CLIENTS} clients`, ratio, 1),
    beside(BENCH, 'leases, ours', median(ours), '/s'),
    beside(BENCH, 'leases, PostgreSQL’s', median(theirs), '/s'),
  ];
}

/** Two logs, with few leases that are over and with many: starts and allocations of both take turns. */
async function expired(folder: string, short: boolean): Promise<Figure[]> {
  const counts = short ? [100, 2_000] : [1_000, 1_000_000];
  const [starts, each] = short ? [2, 100] : [7, 1_000];
  const logs = await Promise.all(
    counts.map(async (count) => {
      const own = join(folder, `expired-${count}`);
      mkdirSync(own);
      const log = await openEventLog({ eventLog: 'sqlite', folder: join(own, 'log') });
      return { count, own, log, store: log.as('allocator'), started: [] as number[], times: [] as number[] };
    }),
  );
  try {
    for (const { count, own, store } of logs) {
      await recordExpired(store, count);
      const first = new LeasedPlaces(store, own);
      await first.start();
      await first.enter('default', 100);
      await first.stop();
    }
    for (let round = 0; round < starts; round += 1)
      for (const { own, store, started, times } of logs) {
        const places = new LeasedPlaces(store, own);
        const began = performance.now();
        await places.start();
        started.push(performance.now() - began);
        await measured(places, 'default', each, round === 0 ? [] : times);
        await places.stop();
      }
  } finally {
    for (const { log } of logs) await log.close();
  }
  const [few, many] = logs as [(typeof logs)[0], (typeof logs)[0]];
  const p99 = ({ times }: { times: number[] }) => percentile(times, 0.99);
  return [
    atMost(BENCH, `start with ${shown(many.count)} expired leases in the log, longest`, Math.max(...many.started), 1_000, 'ms'),
    atMost(
      BENCH,
      `allocation p99 with ${shown(many.count)} expired leases, against ${shown(few.count)}`,
      p99(many) / p99(few),
      1.25,
      'ratio',
    ),
    beside(BENCH, `start with ${shown(few.count)} expired leases in the log, median`, median(few.started), 'ms'),
    beside(BENCH, `start with ${shown(many.count)} expired leases in the log, median`, median(many.started), 'ms'),
  ];
}

const LEASES_AT_ONCE = 200;

/** What so many leases leave in the log, none of which stands any more. */
async function recordExpired(store: EventStore, count: number): Promise<void> {
  const actor = { id: 'olga', type: 'user' } as const;
  const owner = { id: 'ada', type: 'user' } as const;
  const resourceId = 'default.place-1';
  const place = {
    type: 'place',
    name: 'first',
    blueprint: 'Rack',
    manual: true,
    location: 'local',
    attributes: {},
    capacity: 12,
  };
  const at = Date.now() - 1_000_000;
  let revision = -1;
  const append = async (events: readonly AllocationEvent[]) => {
    const news = events.map(({ type, data }) => ({
      id: randomUUID(),
      type,
      data: { ...data },
      metadata: { actor, environment: 'default' },
    }));
    ({ revision } = await store.append('allocation-default', revision, news as Parameters<EventStore['append']>[2]));
  };
  await append([
    { type: 'BlueprintApproved', data: { blueprint: 'Rack', owner, actor, at } },
    { type: 'ResourceEntered', data: { resourceId, ...place, actor, at } },
  ]);
  for (let first = 1; first <= count; first += LEASES_AT_ONCE)
    await append(
      Array.from({ length: Math.min(LEASES_AT_ONCE, count - first + 1) }, (_, index): AllocationEvent[] => {
        const token = first + index;
        const leaseId = `default.lease-${token + 1}`;
        const asked = { type: 'place', owner, actor, attributes: {}, amount: 1, slots: [], priority: 0, replace: false };
        return [
          { type: 'LeaseRequested', data: { ...asked, leaseId, until: at + 1, at } },
          { type: 'LeaseAcquired', data: { leaseId, resourceId, token, at } },
          { type: 'LeaseReleased', data: { leaseId, because: 'expired', at } },
          { type: 'LeaseDestroyed', data: { leaseId, at } },
        ];
      }).flat(),
    );
}

const shown = (count: number): string => count.toLocaleString('en');
