import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AllocationEvent } from '@slipway/contracts';
import type { EventStore } from '@slipway/event-store';
import { openEventLog } from '@slipway/event-store/open';
import { atLeast, atMost, beside, median, percentile, type Figure } from './figure.js';
import { HeldLeases } from './held-leases.js';
import { CLIENTS, LeasedPlaces, together } from './leased-places.js';
import { PostgresPlaces } from './postgres-places.js';

const BENCH = 'leases';

export const leasesNotes = {
  about:
    'Leases through the allocator’s own decider and lanes on the embedded log (WAL, synchronous=FULL), 16 clients. An allocation lasts from asking ' +
    'until the acquired lease is on disk. How long it lasts is measured in processes with a log and a memory of their own that take turns of 160 allocations: ' +
    '10,000 resources of 100 kinds each, with 1,000, 10,000 and 100,000 leases, once more with 1,000 (what their ratio differs from 1 by is the machine’s), and ' +
    '10,000 resources of which no two are alike; every second one asks for a kind. Each lease ' +
    'that is measured is given back, so that their number stays. Leases a second: beside a PostgreSQL of its own with ' +
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
    const figures = await lasting(folder, short);
    figures.push(...(await rates(places, short)));
    await places.stop();
    return [...figures, ...(await expired(folder, short))];
  } finally {
    await log.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Allocations of one turn. */
const TURN = 160;

/** Each in a process of its own, so that what its memory costs counts for it and for no other. */
async function lasting(folder: string, short: boolean): Promise<Figure[]> {
  const sizes = short ? [100, 1_000] : [1_000, 10_000, 100_000];
  const [resources, kinds, warming, turns] = short ? [1_000, 10, 5, 5] : [10_000, 100, 60, 400];
  const [least, most] = [sizes[0]!, sizes.at(-1)!];
  const wanted = [
    ...sizes.map((leases) => ({ resources, kinds, leases })),
    { resources, kinds, leases: least },
    { resources, kinds: resources, leases: least },
  ];
  const all: HeldLeases[] = [];
  try {
    for (const one of wanted) {
      all.push(new HeldLeases(folder, one));
      await all.at(-1)!.filled();
    }
    for (let turn = 0; turn < warming; turn += 1) for (const one of all) await one.allocate(TURN);
    for (const one of all) one.forget();
    // Whoever comes first in one turn comes last in the next.
    for (let turn = 0; turn < turns; turn += 1) for (const one of turn % 2 ? all.toReversed() : all) await one.allocate(TURN);
  } finally {
    await Promise.all(all.map((one) => one.stop()));
  }
  const held = all.slice(0, sizes.length);
  const [same, unlike] = all.slice(sizes.length) as [HeldLeases, HeldLeases];
  const [few, many] = [held[0]!, held.at(-1)!];
  const [leastLeases, mostLeases] = [`${shown(least)} leases`, `${shown(most)} leases`];
  return [
    atMost(BENCH, `allocation with ${shown(resources)} resources and ${mostLeases}, p99`, many.at(0.99), 10, 'ms'),
    atMost(BENCH, `allocation p99, ${mostLeases} against ${shown(least)}`, many.at(0.99) / few.at(0.99), 1.1, 'ratio'),
    beside(BENCH, `allocation p99, ${leastLeases} against as many`, same.at(0.99) / few.at(0.99), 'ratio'),
    beside(BENCH, `allocation median, ${mostLeases} against ${shown(least)}`, many.at(0.5) / few.at(0.5), 'ratio'),
    beside(BENCH, `allocation, CPU of all threads, ${mostLeases} against ${shown(least)}`, many.cpu / few.cpu, 'ratio'),
    beside(BENCH, `allocation p99, no two resources alike against ${kinds} kinds`, unlike.at(0.99) / few.at(0.99), 'ratio'),
    ...sizes.map((size, at) => beside(BENCH, `allocation with ${shown(size)} leases, p99`, held[at]!.at(0.99), 'ms')),
  ];
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
        const took = await places.allocationTimes('default', each);
        if (round > 0) times.push(...took);
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
export async function recordExpired(store: EventStore, count: number): Promise<void> {
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
