import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { causeOf, systemClock, type RequestContext } from '@slipway/contracts';
import { openEventLog } from '@slipway/event-store/open';
import { Allocator, SteadyClock, type AllocatorPorts, type Blueprint } from '@slipway/allocator';
import { localCommand, localFilesystem } from '@slipway/interfaces';
import { Presence } from '@slipway/mesh';
import { LocalBus } from '@slipway/mesh/testing';
import { atLeast, atMost, beside, type Figure } from './figure.js';
import { LeasedPlaces, together } from './leased-places.js';
import { recordExpired } from './leases.js';

const BENCH = 'leases-over';
const ROUNDS = 3;

export const leasesOverNotes = {
  about:
    'What leases cost and can do that are over. Holders whose leases have ended by the wall clock, each of which goes on to call by its id and token, in three rounds, all at once: ' +
    'at an allocator on the embedded log, in the moments in which it records these ends and after. Each has called once before, while its lease was active. ' +
    'A start without kept state: of allocations after a crash that has taken what their reader keeps (the folder `cache`), which reads the whole log; four events for each lease.',
  notMeasured:
    'Holders in processes of their own that are stopped by a signal: what they call by when they wake up is the same id and token. What a blueprint takes away from what it has handed out.',
};

const operator: RequestContext = { correlationId: 'bench', actor: { id: 'operator', type: 'user' } };
const owner = { id: 'ada', type: 'user' } as const;

/** Stale calls that are carried out, and what a log of leases that are over costs a start that knows nothing. */
export async function leasesOverBench({ short }: { short: boolean }): Promise<Figure[]> {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-bench-leases-over-'));
  try {
    return [...(await staleCalls(folder, short ? 100 : 1_000)), ...(await startsAnew(folder, short ? 1_000 : 50_000))];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function staleCalls(folder: string, count: number): Promise<Figure[]> {
  const log = await openEventLog({ eventLog: 'sqlite', folder: join(folder, 'stale') });
  let carriedOut = 0;
  const allocator = await Allocator.start(portsOf(log.as('allocator'), folder, () => (carriedOut += 1)));
  try {
    await allocator.blueprints.allow('Approve', { environment: 'default', name: 'Box', owner }, operator);
    // Longer than it takes until all of them have called once.
    const until = new Date(Date.now() + (count < 1_000 ? 5_000 : 20_000)).toISOString();
    const holders: { leaseId: string; token: number }[] = [];
    await together(count, async () => {
      const wanted = { environment: 'default', type: 'box', owner, wait: true, until, key: randomUUID() };
      const { leaseId } = await allocator.leases.ask(wanted, operator);
      holders.push({ leaseId, token: await tokenOf(allocator, leaseId) });
    });
    const call = ({ leaseId, token }: (typeof holders)[number]) =>
      allocator.calls.call({ leaseId, token, interface: 'tool', method: 'use', arguments: {}, callId: randomUUID() }, operator);
    await Promise.all(holders.map(call));
    const before = carriedOut;
    await sleep(Date.parse(until) - Date.now() + 1);
    let refused = 0;
    for (let round = 0; round < ROUNDS; round += 1)
      await Promise.all(
        holders.map((holder) =>
          call(holder).catch((error: unknown) => {
            refused += Number(causeOf(error).code === 'lease-not-active');
          }),
        ),
      );
    const who = `${shown(count)} holders past their end`;
    return [
      atMost(BENCH, `stale calls carried out, of ${who}`, carriedOut - before, 0, 'calls'),
      atLeast(BENCH, `stale calls refused as not active, of ${who}`, refused, count * ROUNDS, 'calls'),
      beside(BENCH, `calls carried out before, of ${shown(count)} holders`, before, 'calls'),
    ];
  } finally {
    allocator.endUses();
    await allocator.stop();
    await log.close();
  }
}

/** Of a lease once it is active. */
async function tokenOf(allocator: Allocator, leaseId: string): Promise<number> {
  for (;;) {
    const { status, token } = await allocator.leases.standing({ leaseId });
    if (status === 'active') return token!;
    await sleep(20);
  }
}

/** An allocator with one box for everybody, whose tool does nothing but count. */
function portsOf(store: AllocatorPorts['store'], folder: string, used: () => void): AllocatorPorts {
  const box: Blueprint = {
    ...{ name: 'Box', type: 'box', location: 'local', interfaces: ['tool'], attributes: {}, capacity: 10_000, placing: 'spread' },
    ...{ needs: {}, can: ['allocate', 'manage', 'destroy'] },
    limits: { resources: 1, warm: 0, idleSeconds: 3_600, leaseSeconds: 86_400 },
    allocate: async () => ({ outputs: {} }),
    manage: async () => ({ state: 'well' }),
    destroy: async () => {},
    interface: async () => ({}),
  };
  const use = {
    arguments: { type: 'object', additionalProperties: false, properties: {} },
    description: 'Counts',
    call: async () => (used(), null),
  };
  const bus = new LocalBus({ mesh: 'bench', clock: systemClock });
  return {
    ...{ mesh: 'bench', replica: 'one', locations: ['local'], store, bus, clock: systemClock, folder },
    presence: new Presence({ mesh: 'bench', bus, clock: systemClock }),
    // No call here stores a file or reads a secret.
    blobs: { of: () => ({}) } as unknown as AllocatorPorts['blobs'],
    secrets: {} as AllocatorPorts['secrets'],
    timeFrom: (lastAt) => new SteadyClock({ wall: () => Date.now(), monotonic: () => performance.now() }, lastAt),
    command: localCommand(),
    filesystem: localFilesystem(),
    blueprints: new Map([[box.name, box]]),
    interfaces: new Map([['tool', { name: 'tool', methods: { use } }]]),
    reports: { info: () => {}, warn: () => {} },
  };
}

async function startsAnew(folder: string, count: number): Promise<Figure[]> {
  const log = await openEventLog({ eventLog: 'sqlite', folder: join(folder, 'anew') });
  try {
    const store = log.as('allocator');
    await recordExpired(store, count);
    const kept = join(folder, 'kept');
    mkdirSync(kept);
    const places = new LeasedPlaces(store, kept);
    const began = performance.now();
    await places.start();
    const took = performance.now() - began;
    await places.stop();
    return [beside(BENCH, `start without kept state, ${shown(count)} expired leases in the log`, took, 'ms')];
  } finally {
    await log.close();
  }
}

const shown = (count: number): string => count.toLocaleString('en');
