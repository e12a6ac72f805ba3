import { randomUUID } from 'node:crypto';
import type { Blobs } from '@slipway/blobs';
import type { Clock } from '@slipway/contracts';
import type { EventStore, KeptState } from '@slipway/event-store';
import type { Command, Filesystem } from '@slipway/interfaces';
import type { Bus, Presence } from '@slipway/mesh';
import type { Secrets } from '@slipway/secrets';
import { Allocations } from './allocation/allocations.js';
import type { KeptEnvironments } from './allocation/known-environments.js';
import type { AllocationState } from './allocation/state.js';
import type { Blueprint, InterfaceDefinition } from './blueprint/blueprint.js';
import { Workshop } from './blueprint/workshop.js';
import { Calls } from './call/calls.js';
import { Gives } from './call/gives.js';
import { Uses } from './call/uses.js';
import type { KeptTick } from './lease/kept-tick.js';
import { Expiry } from './reconcile/expiry.js';
import type { LeaseTime } from './reconcile/lease-time.js';
import { Reconciler } from './reconcile/reconciler.js';
import { RequestEnds } from './reconcile/request-ends.js';
import { Ticks } from './reconcile/ticks.js';
import { Turns } from './reconcile/turns.js';
import { Blueprints } from './service/blueprints.js';
import { Deciders } from './service/deciders.js';
import { LeasedResources } from './service/leased-resources.js';
import { Leases } from './service/leases.js';

/** All that the allocator uses of the world: a simulation can turn every one of them. */
export interface AllocatorPorts {
  mesh: string;
  replica: string;
  /** Locations that this replica serves. */
  locations: readonly string[];
  store: EventStore;
  bus: Bus;
  presence: Presence;
  blobs: Blobs;
  secrets: Secrets;
  /** Of each file that a call hands over; as many as there is room for when left out. */
  mostFileBytes?: number;
  clock: Clock;
  /** By the last time that is known at the start, of the newest event or of a later tick; 0 where nothing was ever recorded. */
  timeFrom(lastAt: number): LeaseTime;
  command: Command;
  filesystem: Filesystem;
  /** Folders of blueprints stand below it. */
  folder: string;
  blueprints: ReadonlyMap<string, Blueprint>;
  interfaces: ReadonlyMap<string, InterfaceDefinition<never>>;
  kept?: KeptState<AllocationState>;
  /** Where it is kept which environments have leases; left out: each start reads it off the whole log. */
  known?: KeptEnvironments;
  /** Where it is kept what time it is; left out: a start knows only when the newest event happened. */
  tick?: KeptTick;
  /** Unique ids of events (UUID); random ones when left out. */
  ids?(): string;
  reports: { info(about: object, message: string): void; warn(about: object, message: string): void };
}

/** Leases on resources that are there, or that blueprints make: decided in the log, carried out beside it (decision 43). */
export class Allocator {
  readonly leases: Leases;
  readonly resources: LeasedResources;
  readonly blueprints: Blueprints;
  readonly calls: Calls;
  readonly gives: Gives;
  readonly #uses: Uses;
  readonly #reconciler: Reconciler;
  readonly #expiry: Expiry;
  readonly #requestEnds: RequestEnds;
  readonly #ticks: Ticks | undefined;

  private constructor(
    private readonly ports: AllocatorPorts,
    private readonly allocations: Allocations,
    private readonly time: LeaseTime,
    parts: { reconciler: Reconciler; expiry: Expiry; requestEnds: RequestEnds; uses: Uses; deciders: Deciders },
  ) {
    const { deciders, uses } = parts;
    this.#reconciler = parts.reconciler;
    this.#expiry = parts.expiry;
    this.#requestEnds = parts.requestEnds;
    this.#uses = uses;
    const { mesh, interfaces, bus, blobs, clock, mostFileBytes = Infinity } = ports;
    this.calls = new Calls({ mesh, interfaces, bus, blobs, mostFileBytes, clock, deciders, uses });
    this.gives = new Gives(uses, bus);
    this.leases = new Leases(deciders);
    this.resources = new LeasedResources(deciders, ports.blueprints);
    this.blueprints = new Blueprints(deciders);
    const warn = (about: object, message: string) => ports.reports.warn(about, message);
    this.#ticks = ports.tick && new Ticks({ tick: ports.tick, time, clock, warn });
  }

  /** Reads what there is, then works. */
  static async start(ports: AllocatorPorts): Promise<Allocator> {
    const { store, bus, clock, reports, blueprints: catalogue, locations, presence, replica } = ports;
    const { ids = randomUUID, kept, known } = ports;
    const info = (about: object, message: string) => reports.info(about, message);
    const warn = (about: object, message: string) => reports.warn(about, message);
    const heard: { by?: { reconciler: Reconciler; expiry: Expiry; requestEnds: RequestEnds; uses: Uses; time: LeaseTime } } = {};
    const allocations: Allocations = new Allocations({
      ...{ store, catalogue, ids, clock, warn },
      ...(kept && { kept }),
      ...(known && { known }),
      recorded(environment, events) {
        heard.by?.time.heard(allocations.of(environment).state.lastAt);
        heard.by?.reconciler.noticed(environment, events);
        heard.by?.expiry.noticed(environment, events);
        heard.by?.requestEnds.noticed(environment, events);
        heard.by?.uses.noticed(allocations.of(environment).state);
      },
    });
    await allocations.start();
    const newest = allocations.lastAt();
    // Where nothing was recorded nothing can end.
    const time = ports.timeFrom(newest === 0 ? 0 : Math.max(newest, ports.tick?.read() ?? 0));
    const { blobs, secrets, command, filesystem, folder } = ports;
    const workshop = new Workshop({
      ...{ folder, blueprints: catalogue, command, filesystem, secrets, blobs, clock },
      log: (about, line) => info(about, line),
    });
    const turns = new Turns({ replica, locations, presence, bus, clock });
    const reconciler = new Reconciler({ allocations, catalogue, workshop, turns, time, clock, info, warn });
    const expiry = new Expiry({ allocations, time, turns, clock, warn });
    const requestEnds = new RequestEnds({ store, allocations, time, clock, warn });
    const work = {
      failing: (id: string) => reconciler.failing(id),
      isServed: (location: string) => turns.isServed(location),
    };
    const deciders = new Deciders({ allocations, catalogue, time, wall: () => clock.now(), store, work });
    const serves = (location: string) => turns.serves(location);
    const uses = new Uses({ deciders, workshop, clock, serves, info });
    heard.by = { reconciler, expiry, requestEnds, uses, time };
    const allocator = new Allocator(ports, allocations, time, { reconciler, expiry, requestEnds, uses, deciders });
    reconciler.start();
    expiry.start();
    allocator.#ticks?.start();
    await requestEnds.start();
    return allocator;
  }

  /** What a person should know. */
  reasons(): string[] {
    const deaf = this.allocations.problem ?? this.#requestEnds.problem;
    return [
      ...(deaf === undefined ? [] : [deaf]),
      ...this.time.reasons(),
      ...this.#withoutBlueprint(),
      ...this.#reconciler.problems(),
    ];
  }

  /** What nobody can look after, until its blueprint is configured again. */
  #withoutBlueprint(): string[] {
    const { allocations } = this;
    return allocations
      .environments()
      .flatMap((environment) =>
        [...allocations.of(environment).state.blueprints]
          .filter(([name, { made }]) => made > 0 && !this.ports.blueprints.has(name))
          .map(([name, { made }]) => `${made} resources in ${environment} are of ${name}, which is not configured any more`),
      );
  }

  /** Nothing that is leased is used through this replica any more. */
  endUses(): void {
    this.calls.stop();
    this.#uses.stop();
  }

  async stop(): Promise<void> {
    this.endUses();
    this.#ticks?.stop();
    this.#expiry.stop();
    await this.#reconciler.stop();
    await this.#requestEnds.stop();
    await this.allocations.stop();
    this.ports.presence.stop();
  }
}
