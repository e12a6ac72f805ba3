import { SlipwayError, categoryOf, causeOf, idOf as idOfStream, type AllocationEvent, type Clock } from '@slipway/contracts';
import {
  Lane,
  NO_STREAM,
  type EventMetadata,
  type EventStore,
  type KeptState,
  type LaneDecided,
  type Position,
  type RecordedEvent,
  type Subscription,
} from '@slipway/event-store';
import type { BlueprintCatalogue } from '../blueprint/declaration.js';
import { allocation } from './allocation.js';
import type { AllocationCommand } from './commands.js';
import type { KeptEnvironments, KnownEnvironments } from './known-environments.js';
import { allocationStream, type AllocationState } from './state.js';

const CATEGORY = 'allocation';
/** Each stream begins with one of these: nobody leases what nobody approved. */
const FIRST_EVENTS = ['BlueprintApproved', 'ResourceEntered', 'BlueprintChanged', 'QuotaSet', 'ResourceRequested'];
const PAGE = 5_000;
/** When what could not be heard is listened for again, in ms. */
const AGAIN_MS = 2_000;
/** Events that are heard before it is kept anew which environments there are. */
const KEEP_EVERY = 10_000;

export type AllocationLane = Lane<AllocationState, AllocationCommand, AllocationEvent>;
export type AllocationDecided = LaneDecided<AllocationState, AllocationEvent>;

export interface AllocationsOptions {
  store: EventStore;
  catalogue: BlueprintCatalogue;
  ids(): string;
  kept?: KeptState<AllocationState>;
  known?: KeptEnvironments;
  clock: Clock;
  warn(about: object, message: string): void;
  /** What was recorded, by whichever replica: each event at least once, and the state that it led to, or a later one. */
  recorded(environment: string, events: readonly AllocationEvent[]): void;
}

/** The leases of all environments: a lane each, which knows what other replicas record too. */
export class Allocations {
  readonly #lanes = new Map<string, AllocationLane>();
  #subscription: Subscription | undefined;
  #cancel = () => {};
  #heard = 0;
  /** Why nothing is heard of what others record. */
  problem: string | undefined;

  constructor(private readonly options: AllocationsOptions) {}

  /** Reads what there is, and follows the log from there on. */
  async start(): Promise<void> {
    const { known } = this.options;
    const kept = known?.read();
    const after = await this.#find(kept).catch((error: unknown) => {
      // Of another log, or of one that was restored.
      if (!kept || !(error instanceof SlipwayError) || (error.code !== 'gone' && error.code !== 'bad-input')) throw error;
      this.#lanes.clear();
      return this.#find(undefined);
    });
    await Promise.all([...this.#lanes.values()].map((lane) => lane.ready()));
    this.#follow(after);
  }

  #follow(after: Position): void {
    const { store, clock, warn } = this.options;
    const subscription = store.subscribe({
      name: 'allocator',
      filter: { categories: [CATEGORY] },
      after,
      events: async (batch) => {
        await this.#hear(batch.filter(({ stream }) => categoryOf(stream) === CATEGORY));
        this.problem = undefined;
      },
      failed: (error) => {
        this.problem = `What others record of leases is not heard just now: ${causeOf(error).message}`;
        warn({ err: error }, this.problem);
        this.#cancel = clock.after(AGAIN_MS, () => this.#follow(subscription.position));
      },
    });
    this.#subscription = subscription;
  }

  /** Finds all environments; tells the position up to which that is so. */
  async #find(known: KnownEnvironments | undefined): Promise<Position> {
    for (const name of known?.names ?? []) this.of(name);
    const filter = { categories: [CATEGORY], types: FIRST_EVENTS };
    for (let after = known?.position; ;) {
      const page = await this.options.store.readAll({ filter, limit: PAGE, ...(after !== undefined && { after }) });
      for (const { stream } of page.events) this.of(idOfStream(stream));
      after = page.position;
      if (page.end) return after;
    }
  }

  /** Opened when it is asked for the first time; read with the first decision or `refresh`. */
  of(environment: string): AllocationLane {
    const known = this.#lanes.get(environment);
    if (known) return known;
    const { store, catalogue, ids, kept, warn } = this.options;
    const lane: AllocationLane = new Lane({
      store,
      stream: allocationStream(environment),
      decider: allocation(environment, catalogue),
      idOf: () => ids(),
      ...(kept && { kept }),
      warn: (about, message) => warn({ ...about, environment }, message),
      metadataOf: (metadata, command, before) => ({ ...metadata, environment, ...ownedBy(command, before) }),
    });
    this.#lanes.set(environment, lane);
    return lane;
  }

  /** Those of which something is recorded: one that was only asked about, or where all was refused, is none. */
  environments(): string[] {
    return [...this.#lanes].filter(([, { revision }]) => revision !== NO_STREAM).map(([environment]) => environment);
  }

  /** When the last event happened that is known; 0 where there is none. */
  lastAt(): number {
    return [...this.#lanes.values()].reduce((last, { state }) => Math.max(last, state.lastAt), 0);
  }

  async decide(environment: string, command: AllocationCommand, metadata: EventMetadata): Promise<AllocationDecided> {
    const decided = await this.of(environment).decide(command, metadata);
    if (decided.events.length > 0) this.options.recorded(environment, decided.events);
    return decided;
  }

  async stop(): Promise<void> {
    this.#remember();
    this.#cancel();
    await this.#subscription?.stop();
    for (const lane of this.#lanes.values()) {
      await lane.idle();
      await lane.keep();
    }
  }

  #remember(): void {
    const { known, warn } = this.options;
    if (!known || !this.#subscription) return;
    try {
      known.write({ position: this.#subscription.position, names: this.environments() });
    } catch (error) {
      warn({ err: error }, 'Which environments have leases could not be kept for the next start');
    }
  }

  async #hear(batch: readonly RecordedEvent[]): Promise<void> {
    this.#heard += batch.length;
    if (this.#heard >= KEEP_EVERY) {
      this.#heard = 0;
      this.#remember();
    }
    for (const environment of new Set(batch.map(({ stream }) => idOfStream(stream)))) {
      const events = batch.filter(({ stream }) => idOfStream(stream) === environment);
      const lane = this.of(environment);
      if (events.at(-1)!.revision > lane.revision) await lane.refresh();
      this.options.recorded(
        environment,
        events.map(({ type, data }) => ({ type, data }) as unknown as AllocationEvent),
      );
    }
  }
}

/** Whose a command is, and the request that it belongs to. */
function ownedBy(command: AllocationCommand, before: AllocationState): Partial<EventMetadata> {
  const lease = command.type === 'Ask' ? command.ask : 'leaseId' in command ? before.leases.get(command.leaseId) : undefined;
  if (!lease) return {};
  return { ownerId: lease.owner.id, ...(lease.requestId !== undefined && { requestId: lease.requestId }) };
}
