import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { systemClock, type Actor, type JsonObject, type Owner } from '@slipway/contracts';
import { SnapshotCache, type EventStore } from '@slipway/event-store';
import { Allocations, keptAllocations, keptEnvironments, type BlueprintDeclaration } from '@slipway/allocator';

const operator: Actor = { id: 'olga', type: 'user' };
const by = { actor: operator };
const OWNERS = 100;
/** Who ask at once. */
export const CLIENTS = 16;

/** Places that are entered by hand, so that a lease is granted in the moment in which it is asked for. */
const rack: BlueprintDeclaration = {
  ...{ name: 'Rack', type: 'place', location: 'local', can: [], interfaces: [], attributes: {}, needs: {} },
  ...{ capacity: 12, placing: 'spread', limits: { resources: 0, warm: 0, idleSeconds: 0, leaseSeconds: 0 } },
};

const ownerAt = (number: number): Owner => ({ id: `owner-${number % OWNERS}`, type: 'user' });

/** Environments with places to lease, through the allocator's own lanes. */
export class LeasedPlaces {
  readonly #allocations: Allocations;
  readonly #snapshots: SnapshotCache;

  constructor(store: EventStore, folder: string) {
    this.#snapshots = new SnapshotCache(join(folder, 'snapshots.sqlite'), 1);
    this.#allocations = new Allocations({
      clock: systemClock,
      store,
      catalogue: new Map([[rack.name, rack]]),
      ids: randomUUID,
      kept: keptAllocations(this.#snapshots),
      known: keptEnvironments(join(folder, 'environments.json')),
      warn: (about, message) => process.stderr.write(`${message} ${JSON.stringify(about)}\n`),
      recorded: () => {},
    });
  }

  start(): Promise<void> {
    return this.#allocations.start();
  }

  async stop(): Promise<void> {
    await this.#allocations.stop();
    this.#snapshots.close();
  }

  /** Enters places of so many kinds, each in a hall of its own, and lets everybody lease them. */
  async enter(environment: string, count: number, kinds = 1): Promise<void> {
    const now = Date.now();
    const approve = { type: 'Approve', blueprint: rack.name, ...by, now } as const;
    for (let at = 0; at < OWNERS; at += 1) await this.#decide(environment, { ...approve, owner: ownerAt(at) });
    await together(count, (at) =>
      this.#decide(environment, {
        type: 'Enter',
        resource: { name: `rack-${at}`, blueprint: rack.name, attributes: { hall: at % kinds } },
        ...by,
        now: Date.now(),
      }),
    );
  }

  /** Leases a place with some attributes; tells the lease's id. */
  async lease(environment: string, number: number, attributes: JsonObject = {}): Promise<string> {
    const { events } = await this.#decide(environment, {
      type: 'Ask',
      ask: {
        ...{ type: 'place', owner: ownerAt(number), actor: operator, attributes, amount: 1, slots: [], priority: 0 },
        replace: false,
      },
      wait: false,
      now: Date.now(),
    });
    for (const event of events) if (event.type === 'LeaseAcquired') return event.data.leaseId;
    throw new Error('A lease was not granted at once');
  }

  async giveBack(environment: string, leaseId: string): Promise<void> {
    await this.#decide(environment, { type: 'Release', leaseId, ...by, now: Date.now() });
    await this.#decide(environment, { type: 'TookBack', leaseId, now: Date.now() });
  }

  /** Leases so many at once, and keeps them. */
  async leaseMany(environment: string, count: number): Promise<void> {
    await together(count, (at) => this.lease(environment, at));
  }

  /**
   * Of so many allocations by all clients, how long each lasted (ms): for any place and for one in a hall by turns. Each lease is given back, so
   * that their number stays.
   */
  async allocationTimes(environment: string, count: number, kinds = 1): Promise<number[]> {
    const times: number[] = [];
    await together(
      count,
      async (at) => {
        const began = performance.now();
        const leaseId = await this.lease(environment, at, at % 2 ? { hall: at % kinds } : {});
        times.push(performance.now() - began);
        await this.giveBack(environment, leaseId);
      },
      CLIENTS,
    );
    return times;
  }

  #decide(environment: string, command: Parameters<Allocations['decide']>[1]) {
    return this.#allocations.decide(environment, command, by);
  }
}

/** So many pieces of work, some of them at a time. */
export async function together(count: number, work: (at: number) => Promise<unknown>, callers = 64): Promise<void> {
  let next = 0;
  await Promise.all(
    Array.from({ length: callers }, async () => {
      while (next < count) {
        next += 1;
        await work(next - 1);
      }
    }),
  );
}
