import { SlipwayError, resourceStream, type ResourceKind, type ResourceRef } from '@slipway/contracts';
import type { EventStore, Position, RecordedEvent, Subscription } from '@slipway/event-store';
import { bareEvent } from '../lifecycle/stream.js';
import { sleep, type Ports } from '../ports.js';

/** What the kit knows of one resource without reading its stream. */
export interface Entry {
  ref: ResourceRef;
  /** Of its newest event. */
  revision: number;
  location: string;
  driver: string;
  /** Newest one that was started. */
  generation: number;
  /** Who works on a step of it. */
  replica?: string;
  /** It is there, and is to stay. */
  wanted: boolean;
  /** Something of it may be there: also of a step that failed. */
  there: boolean;
  /** Left out: it is to run. */
  stopped?: boolean;
}

export interface Remembered {
  position: Position;
  entries: Entry[];
}

/** Where the list is kept between starts. What it gives back is a cache: wrong or missing is fine. */
export interface RegistryCache {
  load(): Promise<Remembered | undefined>;
  save(remembered: Remembered): Promise<void>;
}

/** After so many events the list is saved anew. */
const SAVE_EVERY = 10_000;

/** How long until it tries again after its subscription has failed, in ms. */
const TRY_AGAIN = 5_000;

/**
 * The resources of the own kind that somebody must see to, from the own category of the log: those that are worked on, and,
 * where a driver watches, those of which something may be there. Follows the log, and is kept in a cache file, so that a start reads only what
 * came since.
 */
export class Registry {
  #entries = new Map<string, Entry>();
  #unfinished = new Set<string>();
  #subscription: Subscription | undefined;
  #position: Position | undefined;
  #sinceSaved = 0;
  #stopped = false;
  readonly #watched: boolean;
  /** Why it does not follow the log at this moment. */
  problem: string | undefined;

  constructor(
    private readonly ports: Pick<Ports, 'kind' | 'clock' | 'reports' | 'drivers'> & { store: EventStore },
    private readonly cache: RegistryCache,
    /** Called each time all that is committed is known. */
    private readonly caughtUp: () => void,
  ) {
    this.#watched = [...ports.drivers.values()].some(({ observe }) => observe !== undefined);
  }

  async start(): Promise<void> {
    const remembered = await this.cache.load();
    if (remembered) {
      this.#position = remembered.position;
      for (const entry of remembered.entries) this.#put(resourceStream(entry.ref), entry);
    }
    this.#follow();
  }

  get(ref: ResourceRef): Entry | undefined {
    return this.#entries.get(resourceStream(ref));
  }

  all(): IterableIterator<Entry> {
    return this.#entries.values();
  }

  /** Those with a step that has no outcome yet. */
  unfinished(): Entry[] {
    return [...this.#unfinished].map((stream) => this.#entries.get(stream)!);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#subscription?.stop();
    if (this.#sinceSaved > 0) await this.#save();
  }

  #follow(): void {
    if (this.#stopped) return;
    this.#subscription = this.ports.store.subscribe({
      name: `${this.ports.kind}-registry`,
      filter: { categories: [this.ports.kind] },
      limit: 2_000,
      ...(this.#position !== undefined && { after: this.#position }),
      events: (batch) => {
        for (const event of batch) this.#apply(event);
        this.#position = batch.at(-1)?.position ?? this.#position;
        this.#sinceSaved += batch.length;
      },
      caughtUp: async (position) => {
        this.problem = undefined;
        this.#position = position;
        if (this.#sinceSaved >= SAVE_EVERY) await this.#save();
        this.caughtUp();
      },
      failed: (error) => void this.#failed(error),
    });
  }

  async #failed(error: unknown): Promise<void> {
    if (error instanceof SlipwayError && error.code === 'gone') {
      // The log was restored or replaced: what we know is of another one.
      this.#entries = new Map();
      this.#unfinished = new Set();
      this.#position = undefined;
    } else {
      this.problem = error instanceof Error ? error.message : String(error);
      this.ports.reports.error({ err: error }, 'The list of own resources does not follow the log');
      await sleep(this.ports.clock, TRY_AGAIN);
    }
    this.#follow();
  }

  async #save(): Promise<void> {
    if (this.#position === undefined) return;
    this.#sinceSaved = 0;
    try {
      await this.cache.save({ position: this.#position, entries: [...this.#entries.values()] });
    } catch (error) {
      this.ports.reports.warn(
        { err: error },
        'The list of own resources could not be saved; the next start reads more of the log',
      );
    }
  }

  #apply(recorded: RecordedEvent): void {
    const { stream, revision } = recorded;
    const known = this.#entries.get(stream);
    const next = evolve(known, refOf(this.ports.kind, stream), recorded);
    if (next) this.#put(stream, { ...next, revision });
  }

  #put(stream: string, entry: Entry): void {
    if (entry.replica !== undefined || (this.#watched && entry.there)) this.#entries.set(stream, entry);
    else this.#entries.delete(stream);
    if (entry.replica === undefined) this.#unfinished.delete(stream);
    else this.#unfinished.add(stream);
  }
}

function evolve(known: Entry | undefined, ref: ResourceRef, recorded: RecordedEvent): Entry | undefined {
  const event = bareEvent(ref.kind, recorded);
  if (event.type === 'Started') {
    const { location, driver, generation, replica, action } = event.data;
    const leaves = action === 'destroy' && known?.generation !== undefined && known.generation <= generation;
    return {
      ref,
      revision: recorded.revision,
      location,
      driver,
      generation: Math.max(generation, known?.generation ?? 0),
      replica,
      wanted: (known?.wanted ?? false) && !leaves,
      there: (known?.there ?? false) || action === 'ensure',
      stopped: known?.stopped ?? false,
    };
  }
  if (!known) return undefined;
  const { replica: _done, ...settled } = known;
  switch (event.type) {
    case 'TakenOver':
      return { ...known, replica: event.data.replica };
    case 'Provisioned':
      return { ...settled, wanted: true, stopped: event.data.stopped ?? false };
    case 'DesiredStateChanged':
      return { ...known, stopped: event.data.desired === 'stopped' };
    case 'Stopped':
      return { ...settled, stopped: true };
    case 'Failed':
    case 'Exported':
    case 'Updated':
      return settled;
    case 'Destroyed':
      return { ...settled, there: known.generation > event.data.generation };
    default:
      return known;
  }
}

/** The inverse of `resourceStream`. */
export function refOf(kind: ResourceKind, stream: string): ResourceRef {
  const [environment, name] = stream.slice(kind.length + 1).split('.') as [string, string];
  return { environment, kind, name };
}
