import { RESOURCE_KINDS, causeOf, categoryOf, idOf, type ResourceKind } from '@slipway/contracts';
import type { EventMetadata, Position, RecordedEvent, Subscription } from '@slipway/event-store';
import type { Decided } from '../environment/environment.lane.js';
import type { EnvironmentCommand } from '../environment/state.js';
import { PartitionClaims } from '../partition/partition.claims.js';
import { partitionOf } from '../partition/partition.js';
import { Wakes } from '@slipway/mesh';
import type { Ports } from '../ports.js';
import { isEnded } from '../request/state.js';
import { Snapshots } from '../snapshot/snapshots.js';
import { Sources } from '../snapshot/sources.js';
import { Environments } from './environments.js';
import { OUTCOME_TYPES, outcomeOf } from './outcomes.js';
import { Planner } from './planner.js';
import { RequestProcess } from './request-process.js';
import { RequestStream } from './request-stream.js';

/** What others record and we have to know of. */
const TYPES = [
  ...OUTCOME_TYPES,
  'RequestAccepted',
  'CancelRequested',
  'RequestPaused',
  'RequestResumed',
  'RequestRetried',
  'RequestAbandoned',
  'NameClaimed',
  'NameReleased',
  'PlanSettled',
  'UntilSet',
  'UntilExtended',
  'InstanceExpiring',
  'InstanceExpired',
  'DispatchPaused',
  'DispatchResumed',
  'PartitionClaimed',
  'PartitionReleased',
];

/** Between two looks for requests that nobody attends to, in ms. */
const SWEEP_EVERY = 5_000;
/** Before a subscription that failed is begun again, in ms. */
const FOLLOW_AGAIN = 1_000;
/** How long what is under way may take when the service stops, in ms. */
const END_WITHIN = 8_000;

/**
 * The processes of all requests of the partitions that this replica works on.
 *
 * R1. Unfinished is who holds a name in an environment: that list is the environments' state, and it is the whole truth.
 * R2. What one event does to one request never keeps the next event from another one.
 */
export class Processes {
  readonly environments: Environments;
  readonly partitions: PartitionClaims;
  readonly snapshots: Snapshots;
  readonly sources: Sources;
  readonly #processes = new Map<string, RequestProcess>();
  readonly #planner: Planner;
  readonly #wakes: Wakes;
  #subscription: Subscription | undefined;
  #problem: string | undefined;
  #cancelSweep = () => {};
  #cancelFollow = () => {};
  #stopped = false;

  constructor(private readonly ports: Ports) {
    this.environments = new Environments(ports);
    this.snapshots = new Snapshots(ports, this.environments);
    this.sources = new Sources(ports, this.snapshots);
    this.#planner = new Planner(ports);
    this.#wakes = new Wakes(ports.clock, (id) => this.#processes.get(id)?.look());
    this.partitions = new PartitionClaims(ports, (mine, number) => this.#partitionChanged(mine, number));
  }

  async start(): Promise<void> {
    const position = await this.environments.load();
    this.#follow(position);
    await this.partitions.start();
    this.#sweepLater();
  }

  /** Begins nothing more, waits for what is being recorded (at most 8 s), and gives the partitions to others. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelSweep();
    this.#cancelFollow();
    this.#wakes.stop();
    await this.#subscription?.stop();
    const closed = Promise.all([...this.#processes.values()].map((process) => process.close()));
    const ended = closed.then(() => this.environments.close());
    let cancel = () => {};
    const late = new Promise<void>((resolve) => {
      cancel = this.ports.clock.after(END_WITHIN, resolve);
    });
    await Promise.race([ended, late]);
    cancel();
    await this.partitions.stop();
    this.#remember();
  }

  get size(): number {
    return this.#processes.size;
  }

  /** What a person should know; ready when there is nothing. */
  problems(): string[] {
    const parked = [...this.#processes.values()].flatMap(({ id, trouble }) =>
      trouble === undefined ? [] : [`Request ${id} is parked: ${trouble}`],
    );
    return [...(this.#problem === undefined ? [] : [`The event log cannot be followed: ${this.#problem}`]), ...parked];
  }

  /** Whether events come in. */
  get following(): boolean {
    return this.#subscription !== undefined && this.#problem === undefined;
  }

  get(id: string): RequestProcess | undefined {
    return this.#processes.get(id);
  }

  /** Goes on with a request, if it is of our partitions. */
  attend(id: string, environment: string, stream?: RequestStream): void {
    if (this.#stopped || this.#processes.has(id) || !this.partitions.owns(id)) return;
    const process = this.visit(id, environment, stream);
    this.#processes.set(id, process);
    process.start();
  }

  /** A process that does one thing and is not carried on. */
  visit(id: string, environment: string, stream = new RequestStream(id, this.ports)): RequestProcess {
    const { lane, admissions } = this.environments.of(environment);
    return new RequestProcess(stream, {
      ports: this.ports,
      lane,
      admissions,
      planner: this.#planner,
      snapshots: this.snapshots,
      sources: this.sources,
      wakeAt: (request, at) => this.#wakes.set(request, at),
      ended: (process) => {
        if (this.#processes.get(id) === process) this.#processes.delete(id);
      },
    });
  }

  /**
   * Claims a name. A request's end is recorded before its environment hears of it: a holder that has ended is not in the way
   * of who saw it end and asks at once. Throws what the lane throws.
   */
  async claim(
    environment: string,
    claim: Extract<EnvironmentCommand, { type: 'Claim' }>,
    metadata: EventMetadata,
  ): Promise<Decided> {
    const { lane } = this.environments.of(environment);
    try {
      return await lane.decide(claim, metadata);
    } catch (error) {
      const { code, details } = causeOf(error);
      const holder = details?.['holder'];
      if (code !== 'name-taken' || typeof holder !== 'string' || !(await this.#settleEnded(holder, environment))) throw error;
      return lane.decide(claim, metadata);
    }
  }

  async #settleEnded(id: string, environment: string): Promise<boolean> {
    const stream = new RequestStream(id, this.ports);
    await stream.refresh();
    if (!isEnded(stream.state)) return false;
    await this.visit(id, environment, stream).settleEnvironment();
    return true;
  }

  #follow(after: Position): void {
    if (this.#stopped) return;
    this.#problem = undefined;
    this.#subscription = this.ports.store.subscribe({
      name: 'orchestrator',
      after,
      limit: 1_000,
      filter: { types: TYPES },
      events: (batch) => {
        for (const event of batch) this.#handle(event);
      },
      failed: (error) => {
        this.#problem = error instanceof Error ? error.message : String(error);
        this.ports.reports.error({ err: error }, 'The event log cannot be followed; it is tried again');
        const position = this.#subscription?.position ?? after;
        this.#cancelFollow = this.ports.clock.after(FOLLOW_AGAIN, () => this.#follow(position));
      },
    });
  }

  #handle(event: RecordedEvent): void {
    try {
      this.#route(event);
    } catch (error) {
      const { position, stream, type } = event;
      this.ports.reports.error({ err: error, position, stream, type }, 'An event could not be handled');
    }
  }

  #route(event: RecordedEvent): void {
    const category = categoryOf(event.stream);
    const id = idOf(event.stream);
    switch (category) {
      case 'request':
        return this.#requestChanged(id, event);
      case 'environment':
        return this.environments.noticed(id, event.revision, (error) => {
          this.ports.reports.warn({ err: error, environment: id }, 'An environment could not be read; it is tried again');
        });
      case 'partition':
        return this.partitions.noticed(event);
      default: {
        const outcome = isKind(category) ? outcomeOf(category, event) : undefined;
        if (outcome) this.#processes.get(outcome.requestId)?.settled(outcome);
      }
    }
  }

  #requestChanged(id: string, { revision, metadata }: RecordedEvent): void {
    const process = this.#processes.get(id);
    if (process) process.noticed(revision);
    else if (metadata.environment !== undefined) this.attend(id, metadata.environment);
  }

  #partitionChanged(mine: boolean, number: number): void {
    if (mine) return this.#attendAll((id) => partitionOf(id) === number);
    for (const [id, process] of this.#processes) {
      if (partitionOf(id) !== number) continue;
      this.#processes.delete(id);
      void process.close();
    }
  }

  /** R1. */
  #attendAll(which: (id: string) => boolean = () => true): void {
    for (const { lane } of this.environments.all())
      for (const [id] of lane.state.held.entries()) if (which(id)) this.attend(id, lane.name);
  }

  #sweepLater(): void {
    this.#cancelSweep = this.ports.clock.after(SWEEP_EVERY, () => {
      this.#attendAll();
      this.#remember();
      if (this.snapshots.unswept) void this.snapshots.sweep();
      this.#sweepLater();
    });
  }

  #remember(): void {
    try {
      if (this.#subscription) this.environments.write(this.#subscription.position);
    } catch (error) {
      this.ports.reports.warn({ err: error }, 'What is known of the log could not be kept for the next start');
    }
  }
}

const isKind = (category: string): category is ResourceKind => (RESOURCE_KINDS as readonly string[]).includes(category);
