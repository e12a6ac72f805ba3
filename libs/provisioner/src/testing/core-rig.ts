import { MemoryBlobs } from '@slipway/blobs/testing';
import {
  DEFAULT_ENVIRONMENT,
  resourceStream,
  type DestroyCommand,
  type EnsureCommand,
  type ExportCommand,
  type RequestContext,
  type ResourceKind,
  type StopCommand,
} from '@slipway/contracts';
import { MemoryDisk, MemoryEventLog, type AppendPoint } from '@slipway/event-store/testing';
import type { EventStore } from '@slipway/event-store';
import { localCommand, localFilesystem } from '@slipway/interfaces';
import { LocalBus, VirtualClock } from '@slipway/mesh/testing';
import { MemorySecrets } from '@slipway/secrets/testing';
import type { Driver } from '../driver.js';
import type { Ports } from '../ports.js';
import { Provisioner } from '../provisioner.js';
import type { SimulatedPlace } from './simulated-place.js';

export interface Mortal {
  provisioner: Provisioner;
  kill(): void;
  dead(): boolean;
}

/** A mesh in memory around the kit's core: what outlives a process stands here, processes are made by {@link CoreRig.process}. */
export class CoreRig {
  readonly clock = new VirtualClock();
  readonly blobs = new MemoryBlobs();
  readonly secrets = new MemorySecrets();
  readonly bus = new LocalBus({ mesh: 'dev', clock: this.clock });
  readonly disk = new MemoryDisk();
  /** Called around each append of every process. */
  onAppend: (point: AppendPoint) => void | Promise<void> = () => {};
  /** Silence of replicas, in ms; those that are not named are heard of. */
  readonly silence = new Map<string, number>();
  readonly warnings: string[] = [];
  #ids = 0;

  constructor(readonly kind: ResourceKind) {}

  /** The log as one process has it open. */
  store(onAppend: (point: AppendPoint) => void | Promise<void> = (point) => this.onAppend(point)): EventStore {
    return new MemoryEventLog({ clock: this.clock, disk: this.disk, onAppend }).as(this.kind);
  }

  readonly context: RequestContext = { correlationId: 'call-1', actor: { id: 'ada', type: 'user' }, logToken: 'token' };

  ports(drivers: readonly Driver[], replica = 'here', over: Partial<Ports> = {}): Ports {
    return {
      kind: this.kind,
      mesh: 'dev',
      replica,
      locations: new Set(['local']),
      drivers: new Map(drivers.map((driver) => [driver.name, driver])),
      store: this.store(),
      bus: this.bus,
      clock: this.clock,
      blobs: this.blobs,
      secrets: this.secrets,
      reports: {
        warn: (_about, message) => void this.warnings.push(message),
        error: (_about, message) => void this.warnings.push(message),
        settled: () => {},
      },
      newId: () => `00000000-0000-4000-8000-${String((this.#ids += 1)).padStart(12, '0')}`,
      silentFor: (other) => this.silence.get(other) ?? 0,
      place: async () => ({ command: localCommand(), filesystem: localFilesystem(), root: '/nowhere' }),
      ...over,
    };
  }

  process(drivers: readonly Driver[], replica?: string, over?: Partial<Ports>): Provisioner {
    return new Provisioner(this.ports(drivers, replica, over));
  }

  /** A process that can be killed: from then on nothing of it happens any more. `atPoint` is called at each append and effect. */
  mortal(place: SimulatedPlace, replica: string, atPoint: () => 'die' | 'live' = () => 'live'): Mortal {
    let dead = false;
    const never = new Promise<never>(() => {});
    const live = (): void | Promise<never> => {
      if (!dead && atPoint() === 'die') dead = true;
      if (dead) return never;
    };
    const { clock } = this;
    const after = (ms: number, task: () => void) => clock.after(ms, () => dead || task());
    const provisioner = this.process([place.driver(this.kind, 'simulated', undefined, live)], replica, {
      store: this.store(live),
      clock: { now: () => clock.now(), after },
    });
    return { provisioner, kill: () => void (dead = true), dead: () => dead };
  }

  ensure(over: Partial<EnsureCommand> = {}): EnsureCommand {
    return {
      requestId: 'r1',
      stepId: `${this.kind}/shop-data`,
      try: 1,
      resource: { environment: DEFAULT_ENVIRONMENT, kind: this.kind, name: 'shop-data' },
      generation: 1,
      driver: 'simulated',
      location: 'local',
      definition: { name: 'sample', version: '1.0.0', hash: 'h' },
      deadline: this.clock.now() + 60_000,
      spec: {},
      inputs: {},
      ...over,
    };
  }

  destroy(over: Partial<DestroyCommand> = {}): DestroyCommand {
    const { spec: _spec, inputs: _inputs, ...command } = this.ensure();
    return { ...command, ...over };
  }

  stop(over: Partial<StopCommand> = {}): StopCommand {
    return this.destroy({ stepId: `${this.kind}/shop-data#stop`, ...over });
  }

  export(over: Partial<ExportCommand> = {}): ExportCommand {
    return this.destroy({ stepId: `${this.kind}/shop-data#export`, ...over });
  }

  /** Types of what stands in the resource's stream, without the kind. */
  types(resource = this.ensure().resource): string[] {
    return this.disk.events
      .filter(({ stream }) => stream === resourceStream(resource))
      .map(({ type }) => type.slice(this.kind.length));
  }

  /** Data of the newest event of a type. */
  last(type: string): Record<string, unknown> | undefined {
    return this.disk.events.findLast((event) => event.type.slice(this.kind.length) === type)?.data;
  }
}
