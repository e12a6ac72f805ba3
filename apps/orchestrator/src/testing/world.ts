import {
  RESOURCE_KINDS,
  streamName,
  type Actor,
  type Clock,
  type EnvironmentEvent,
  type JobKind,
  type JsonObject,
  type RequestContext,
  type ResourceKind,
} from '@slipway/contracts';
import type { Blobs } from '@slipway/blobs';
import { MemoryBlobs } from '@slipway/blobs/testing';
import type { EventStore, RecordedEvent } from '@slipway/event-store';
import { MemoryDisk, MemoryEventLog } from '@slipway/event-store/testing';
import { MeshConfig, type Bus, type RequestOptions } from '@slipway/mesh';
import { LocalBus, VirtualClock, seeded, type Faults } from '@slipway/mesh/testing';
import { createOrchestrator } from '../create-orchestrator.js';
import { environment } from '../environment/environment.js';
import type { EnvironmentState } from '../environment/state.js';
import type { Archives, Cache, Ports } from '../ports.js';
import type { Orchestrator } from '../process/orchestrator.js';
import { MemoryArchives } from './memory-archives.js';
import { FakeProvisioner } from './fake-provisioner.js';
import { serveResolver } from './fake-resolver.js';

/** A moment at which a process may die: around each append, and around each message that it sends. */
export type CrashPoint = string;

/** One life of an orchestrator. */
export interface Life {
  orchestrator: Orchestrator;
  /** Ends it as kill -9 does: nothing it has begun goes on. */
  crash(): void;
}

export const ADA: RequestContext = { correlationId: 'call-0001', actor: { id: 'ada', type: 'user' } };

/** Everything but the orchestrator: the log's disk, time, the bus, the resolver and the sub-provisioners. They do not die. */
export class World {
  readonly clock = new VirtualClock();
  readonly disk = new MemoryDisk();
  readonly blobs = new MemoryBlobs(() => this.clock.now());
  readonly archives = new MemoryArchives(this.blobs);
  readonly bus: LocalBus;
  readonly config: MeshConfig;
  readonly provisioners: Record<ResourceKind, FakeProvisioner>;
  /** Steps that read out data while an instance ran. */
  readonly readWhileUp: string[] = [];
  readonly #random: () => number;
  readonly #environments = new Map<string, { state: EnvironmentState; events: number }>();

  constructor(options: { seed?: number; faults?: Faults; config?: (config: MeshConfig) => void } = {}) {
    const { seed = 1, faults } = options;
    this.#random = seeded(seed);
    this.bus = new LocalBus({ mesh: 'sim', clock: this.clock, seed, ...(faults && { faults }) });
    this.config = Object.assign(new MeshConfig(), { mesh: 'sim' });
    this.config.snapshots.stores = { backups: { folder: '/backups' } };
    options.config?.(this.config);
    const log = new MemoryEventLog({ disk: this.disk, clock: this.clock });
    serveResolver(this.bus, log.as(null), this.blobs);
    const make = (kind: ResourceKind) =>
      new FakeProvisioner(kind, {
        store: log.as(kind),
        bus: this.bus,
        clock: this.clock,
        blobs: this.blobs,
        ids: this.ids,
        location: 'local',
        exporting: ({ stepId }) => {
          if (this.provisioners.instance.up.size > 0) this.readWhileUp.push(stepId);
        },
      });
    this.provisioners = { storage: make('storage'), database: make('database'), instance: make('instance') };
  }

  readonly ids = (): string => {
    const digits = Array.from({ length: 32 }, () => Math.floor(this.#random() * 16).toString(16)).join('');
    return [8, 4, 4, 4, 12].map((length, at) => digits.slice([0, 8, 12, 16, 20][at], [0, 8, 12, 16, 20][at]! + length)).join('-');
  };

  /** Begins a life. `passes` is told of each crash point; when it throws, the process dies there. */
  live(
    options: {
      replica?: string;
      passes?: (point: CrashPoint) => void;
      cache?: Cache;
      silentFor?: (replica: string) => number;
      announced?: Ports['announced'];
      /** What an append fails with. */
      fails?: (stream: string, types: string[]) => Error | undefined;
    } = {},
  ): Life {
    const {
      replica = 'sim-orchestrator',
      passes = () => {},
      cache,
      announced,
      silentFor = () => 0,
      fails = () => undefined,
    } = options;
    let alive = true;
    const never = new Promise<never>(() => {});
    const crash = () => {
      alive = false;
    };
    /** Resolves when the process lives on. */
    const pass = async (point: CrashPoint): Promise<void> => {
      if (!alive) return never;
      try {
        passes(point);
      } catch {
        crash();
        return never;
      }
    };
    const clock: Clock = {
      now: () => this.clock.now(),
      after: (ms, task) => this.clock.after(ms, () => void (alive && task())),
    };
    const log = new MemoryEventLog({
      disk: this.disk,
      clock,
      onAppend: ({ when, stream, types }) => {
        const failure = when === 'before' ? fails(stream, types) : undefined;
        if (failure) throw failure;
        return pass(`${when} ${stream.slice(0, stream.indexOf('-'))} ${types.join('+')}`);
      },
    });
    const bus: Bus = {
      request: async <Answer>(service: Parameters<Bus['request']>[0], verb: string, body: unknown, of?: RequestOptions) => {
        await pass(`before ${service}.${verb}`);
        try {
          return await this.bus.request<Answer>(service, verb, body, of);
        } finally {
          await pass(`after ${service}.${verb}`);
        }
      },
      publish: (subject, body) => void (alive && this.bus.publish(subject, body)),
      subscribe: (subject, handler) => this.bus.subscribe(subject, (body, from) => void (alive && handler(body, from))),
      connected: () => this.bus.connected(),
    };
    const { config, ids } = this;
    const blobs: Blobs = new Proxy(around<Blobs>(this.blobs, { put: pass }, 'blobs'), {
      get: (target, property) =>
        property === 'of'
          ? (holder: string) => around(this.blobs.of(holder), { put: pass, remove: pass }, 'blobs')
          : (Reflect.get(target, property) as unknown),
    });
    const archives: Archives = around(this.archives, { write: pass, read: pass }, 'archives');
    const store = guarded(log.as('orchestrator'), () => alive);
    const orchestrator = createOrchestrator({
      store,
      bus,
      clock,
      blobs,
      archives,
      config,
      ids,
      replica,
      silentFor,
      ...(cache && { cache }),
      ...(announced && { announced }),
    });
    return { orchestrator, crash };
  }

  events(stream?: string): RecordedEvent[] {
    return this.disk.events.filter((event) => stream === undefined || event.stream === stream);
  }

  /** Types of a request's events. */
  types(requestId: string): string[] {
    return this.events(streamName('request', requestId)).map(({ type }) => type);
  }

  last(requestId: string): RecordedEvent | undefined {
    return this.events(streamName('request', requestId)).at(-1);
  }

  /** The environment as its stream tells it. */
  environment(name = 'default'): EnvironmentState {
    const stream = this.disk.streams.get(streamName('environment', name)) ?? [];
    const known = this.#environments.get(name) ?? { state: environment.initialState(), events: 0 };
    for (; known.events < stream.length; known.events += 1) {
      const { type, data } = stream[known.events]!;
      known.state = environment.evolve(known.state, { type, data } as unknown as EnvironmentEvent);
    }
    this.#environments.set(name, known);
    return known.state;
  }

  /** Everything that exists at the place. */
  get standing(): string[] {
    return RESOURCE_KINDS.flatMap((kind) => this.provisioners[kind].standing).toSorted();
  }

  /** Whether nobody works on anything any more: no name is held. */
  get quiet(): boolean {
    const names = [...this.disk.streams.keys()]
      .filter((stream) => stream.startsWith('environment-'))
      .map((stream) => stream.slice(12));
    return names.every((name) => this.environment(name).held.size === 0);
  }
}

/** A port whose effects are crash points: before, and after. */
function around<T extends object>(
  port: T,
  effects: Partial<Record<keyof T, (point: CrashPoint) => Promise<void>>>,
  name: string,
): T {
  return new Proxy(port, {
    get(target, property) {
      const value = Reflect.get(target, property) as unknown;
      if (typeof value !== 'function') return value;
      const pass = effects[property as keyof T];
      if (!pass) return value.bind(target) as unknown;
      return async (...given: unknown[]) => {
        await pass(`before ${name}.${String(property)}`);
        const result: unknown = await Reflect.apply(value, target, given);
        await pass(`after ${name}.${String(property)}`);
        return result;
      };
    },
  });
}

/** What a dead process has read it can't use any more. */
function guarded(store: EventStore, isAlive: () => boolean): EventStore {
  const never = new Promise<never>(() => {});
  return new Proxy(store, {
    get(target, property) {
      const value = Reflect.get(target, property) as unknown;
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => {
        if (property === 'subscribe') {
          const [options] = given as Parameters<EventStore['subscribe']>;
          return store.subscribe({ ...options, events: (batch) => (isAlive() ? options.events(batch) : never) });
        }
        const result: unknown = Reflect.apply(value, target, given);
        return result instanceof Promise ? result.then((it: unknown) => (isAlive() ? it : never)) : result;
      };
    },
  });
}

export const job = (instanceId: string, more: JsonObject = {}): { job: JobKind; body: JsonObject; key: string } => ({
  job: 'provision',
  body: { ownerId: 'ada', instanceId, definition: 'guestbook', ...more },
  key: `key-of-${instanceId}`,
});

export const removal = (instanceId: string): { job: JobKind; body: JsonObject; key: string } => ({
  job: 'deprovision',
  body: { instanceId },
  key: `removal-of-${instanceId}`,
});

export const exportOf = (instanceId: string, more: JsonObject = {}): { job: JobKind; body: JsonObject; key: string } => ({
  job: 'export',
  body: { instanceId, ...more },
  key: `export-of-${instanceId}`,
});

export const updateOf = (instanceId: string, more: JsonObject = {}): { job: JobKind; body: JsonObject; key: string } => ({
  job: 'update',
  body: { instanceId, ...more },
  key: `update-of-${instanceId}`,
});

export const repairOf = (instanceId: string, more: JsonObject = {}): { job: JobKind; body: JsonObject; key: string } => ({
  job: 'repair',
  body: { instanceId, ...more },
  key: `repair-of-${instanceId}`,
});

export const importAs = (instanceId: string, more: JsonObject): { job: JobKind; body: JsonObject; key: string } => ({
  job: 'import',
  body: { ownerId: 'ada', instanceId, ...more },
  key: `import-as-${instanceId}`,
});

export const as = (id: string): RequestContext => ({ ...ADA, actor: { id, type: 'user' } satisfies Actor });
