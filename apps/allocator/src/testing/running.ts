import { MemoryBlobs } from '@slipway/blobs/testing';
import type { AllocationEvent, RequestContext } from '@slipway/contracts';
import { MemoryDisk, MemoryEventLog } from '@slipway/event-store/testing';
import { localCommand, localFilesystem } from '@slipway/interfaces';
import { Presence, startBeats } from '@slipway/mesh';
import { LocalBus, VirtualClock } from '@slipway/mesh/testing';
import { MemorySecrets } from '@slipway/secrets/testing';
import { Allocator, type AllocatorPorts } from '../allocator.js';
import type { Blueprint } from '../blueprint/blueprint.js';
import type { KeptTick } from '../lease/kept-tick.js';
import { SteadyClock } from '../lease/steady-clock.js';

export const OPERATOR: RequestContext = { correlationId: 'call-1', actor: { id: 'operator', type: 'user' } };
const ada = { id: 'ada', type: 'user' } as const;

type DataOf<Type extends AllocationEvent['type']> = Extract<AllocationEvent, { type: Type }>['data'];

/** A blueprint that can all, at once and without an effect, but for what is said of it. */
export const blueprint = (said: Partial<Blueprint> = {}): Blueprint => ({
  ...{ name: 'Box', type: 'box', location: 'local', interfaces: [], attributes: {}, capacity: 1, placing: 'spread', needs: {} },
  can: ['allocate', 'update', 'manage', 'destroy'],
  limits: { resources: 50, warm: 0, idleSeconds: 3_600, leaseSeconds: 86_400 },
  allocate: async () => ({ outputs: {} }),
  update: async () => {},
  manage: async () => ({ state: 'well' }),
  destroy: async () => {},
  interface: async () => ({}),
  ...said,
});

/** Allocators on a log in memory and a clock that is turned. */
export class Running {
  readonly clock = new VirtualClock();
  readonly disk = new MemoryDisk();
  readonly secrets = new MemorySecrets();
  /** What the wall clock is off, in ms. */
  wallOff = 0;
  #tick: number | undefined;
  /** What one replica keeps for its next life. */
  readonly tick: KeptTick = { read: () => this.#tick, write: (at) => void (this.#tick = at) };
  readonly bus = new LocalBus({ mesh: 'test', clock: this.clock });
  readonly #beats = new Map<Allocator, () => void>();
  #keys = 0;

  /** One replica, once it has listened for others. */
  async start(blueprints: Blueprint[], more: Partial<AllocatorPorts> = {}): Promise<Allocator> {
    const { clock, disk, secrets, bus } = this;
    const replica = more.replica ?? 'one';
    const allocator = await Allocator.start({
      ...{ mesh: 'test', replica, locations: ['local'], bus, clock, secrets, folder: '/nowhere' },
      store: new MemoryEventLog({ disk, clock }).as('allocator'),
      presence: new Presence({ mesh: 'test', bus, clock }),
      blobs: new MemoryBlobs(),
      timeFrom: (lastAt) => new SteadyClock({ wall: () => clock.now() + this.wallOff, monotonic: () => clock.now() }, lastAt),
      tick: this.tick,
      command: localCommand(),
      filesystem: { ...localFilesystem(), mkdir: async () => {} },
      blueprints: new Map(blueprints.map((one) => [one.name, one])),
      interfaces: new Map(),
      reports: { info: () => {}, warn: () => {} },
      ...more,
    });
    const worksAt = [...(more.locations ?? ['local'])];
    const endBeats = startBeats({
      ...{ mesh: 'test', service: 'allocator', replica, bus, clock },
      health: async () => ({ service: 'allocator', replica, ready: true, worksAt, reasons: [] }),
    });
    this.#beats.set(allocator, endBeats);
    await clock.pass(3_000);
    for (const { name } of blueprints)
      await allocator.blueprints.allow('Approve', { environment: 'default', name, owner: ada }, OPERATOR);
    return allocator;
  }

  /** The id of a lease that ada has asked for. */
  async ask(allocator: Allocator, more: object = {}): Promise<string> {
    const key = `key-${(this.#keys += 1)}`;
    const wanted = { environment: 'default', type: 'box', owner: ada, wait: true, key, ...more };
    return (await allocator.leases.ask(wanted, OPERATOR)).leaseId;
  }

  /** Data of all events of a type. */
  events<Type extends AllocationEvent['type']>(type: Type): DataOf<Type>[] {
    return this.disk.events.filter((event) => event.type === type).map(({ data }) => data) as unknown as DataOf<Type>[];
  }

  /** Turns the clock until a lease is so, at most by an hour. */
  async until(allocator: Allocator, leaseId: string, status: string): Promise<void> {
    for (let left = 36_000; left > 0; left -= 1) {
      const now = await allocator.leases.standing({ leaseId });
      if (now.status === status) return;
      if (left === 1) throw new Error(`${leaseId} is ${now.status}: ${now.reasons.join(', ')}`);
      await this.clock.pass(100);
    }
  }

  /** Ends one: it works no more, and nothing is heard of it. */
  async end(allocator: Allocator): Promise<void> {
    this.#beats.get(allocator)!();
    this.#beats.delete(allocator);
    const stopping = allocator.stop();
    await this.clock.pass(20_000);
    await stopping;
  }

  async stop(): Promise<void> {
    for (const allocator of this.#beats.keys()) await this.end(allocator);
  }
}
