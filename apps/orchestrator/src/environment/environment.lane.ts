import { SlipwayError, streamName, type EnvironmentEvent, type JsonObject } from '@slipway/contracts';
import {
  NO_STREAM,
  type EventMetadata,
  type NewEvent,
  type Position,
  type RecordedEvent,
  type Snapshot,
} from '@slipway/event-store';
import { recordable, whole } from '../large-events.js';
import type { Ports } from '../ports.js';
import { environment } from './environment.js';
import { FOLD_VERSION, fromJson, toJson } from './snapshot.js';
import { expiryId } from './until.js';
import { ownerOf, type EnvironmentCommand, type EnvironmentState } from './state.js';

/** Commands that are decided and appended together. */
const TOGETHER = 32;
/** Bytes of one append, with room to the log's 512 KiB. */
const APPEND_BYTES = 400 * 1024;
/** How often it decides again when other replicas append at the same time. */
const TRIES = 20;
/** A state is kept anew when its stream has grown by this, or by its own size if that is more. */
const KEEP_EVERY = 1_000;

export interface Decided {
  /** What was recorded; empty when nothing needed to be. */
  events: EnvironmentEvent[];
  /** After all commands that were decided together. */
  state: EnvironmentState;
  /** Of the stream's newest event; none while there is none. */
  position: Position | undefined;
}

interface Waiting {
  command: EnvironmentCommand;
  metadata: EventMetadata;
  resolve(decided: Decided): void;
  reject(error: unknown): void;
}

/**
 * All decisions on one environment by this replica (decision 2 of the design).
 *
 * L1. Commands that wait are decided one after the other, up to 32, and appended together: conflicts arise only between
 *     replicas, and then all of them are decided again on what was read anew.
 * L2. An answer rests on the newest state: what was appended proves it; a refusal, and a command with nothing to record,
 *     are answered after the stream was looked at again.
 * L3. After a failed append nobody knows what stands there: the stream is read before anything else is decided.
 */
export class EnvironmentLane {
  readonly #stream: string;
  readonly #waiting: Waiting[] = [];
  #state = environment.initialState();
  #revision = NO_STREAM;
  #position: Position | undefined;
  #lastId = '';
  #loaded = false;
  #doubtful = false;
  #keptAt = NO_STREAM;
  #running: Promise<void> | undefined;

  constructor(
    readonly name: string,
    private readonly ports: Pick<Ports, 'store' | 'blobs' | 'ids' | 'cache' | 'reports'>,
  ) {
    this.#stream = streamName('environment', name);
  }

  /** As last known; other replicas may have gone on since. */
  get state(): EnvironmentState {
    return this.#state;
  }

  get revision(): number {
    return this.#revision;
  }

  /** Of its newest known event. */
  get position(): Position | undefined {
    return this.#position;
  }

  /** Decides a command. Throws what the decider throws, and the log's errors. */
  decide(command: EnvironmentCommand, metadata: EventMetadata): Promise<Decided> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ command, metadata: { ...metadata, environment: this.name }, resolve, reject });
      this.#go();
    });
  }

  /** Reads it, unless that was done already. */
  async ready(): Promise<void> {
    if (!this.#loaded) await this.refresh();
  }

  /** Reads what is new. */
  async refresh(): Promise<void> {
    await this.#alone(async () => void (await this.#read()));
  }

  /** Keeps its state for the next start. */
  keep(): void {
    if (!this.#position || this.#revision === this.#keptAt) return;
    this.#keptAt = this.#revision;
    const state = toJson(this.#state);
    const snapshot = { revision: this.#revision, position: this.#position, eventId: this.#lastId, state };
    try {
      this.ports.cache?.snapshots.put(this.#stream, FOLD_VERSION, snapshot);
    } catch (error) {
      this.ports.reports.warn({ err: error, environment: this.name }, 'A snapshot of an environment could not be kept');
    }
  }

  /** Resolves when nothing is being decided. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running;
  }

  #go(): void {
    if (this.#running) return;
    void this.#alone(() => this.#decideAll());
  }

  /** One thing at a time touches the state. */
  async #alone(work: () => Promise<void>): Promise<void> {
    while (this.#running) await this.#running;
    let done = () => {};
    this.#running = new Promise((resolve) => {
      done = resolve;
    });
    try {
      await work();
    } finally {
      this.#running = undefined;
      done();
      if (this.#waiting.length > 0) this.#go();
    }
  }

  async #decideAll(): Promise<void> {
    while (this.#waiting.length > 0) {
      const together = this.#waiting.splice(0, TOGETHER);
      try {
        if (!this.#loaded || this.#doubtful) await this.#read();
        await this.#decideTogether(together);
      } catch (error) {
        this.#doubtful = true;
        for (const { reject } of together) reject(error);
      }
    }
    if (this.#revision - this.#keptAt >= Math.max(KEEP_EVERY, this.#state.installed.size)) this.keep();
  }

  async #decideTogether(together: Waiting[]): Promise<void> {
    let fresh = false;
    for (let left = TRIES; ; left -= 1) {
      const decisions = await this.#decisions(together);
      const news = decisions.flatMap((decision) => decision.news);
      const open = decisions.some((decision) => decision.error !== undefined || decision.events.length === 0);
      if (open && !fresh && news.length === 0) {
        fresh = true;
        if (await this.#read()) continue;
      }
      try {
        if (news.length > 0) await this.#append(news, decisions);
        this.#answer(decisions);
        return;
      } catch (error) {
        if (!(error instanceof SlipwayError) || error.code !== 'wrong-revision' || left <= 1) throw error;
        await this.#read();
      }
    }
  }

  async #append(news: NewEvent[], decisions: Decision[]): Promise<void> {
    const { revision, position } = await this.ports.store.append(this.#stream, this.#revision, news);
    this.#revision = revision;
    this.#position = position;
    this.#lastId = news.at(-1)!.id;
    this.#state = decisions.at(-1)!.after;
  }

  /** Each command on the state that those before it leave. What no longer fits into the append waits for the next. */
  async #decisions(together: Waiting[]): Promise<Decision[]> {
    const decisions: Decision[] = [];
    let state = this.#state;
    let bytes = 0;
    for (const [index, waiting] of together.entries()) {
      let events: EnvironmentEvent[] = [];
      let error: unknown;
      try {
        events = environment.decide(state, waiting.command);
      } catch (refusal) {
        error = refusal;
      }
      const after = events.reduce(environment.evolve, state);
      const metadata = owned(waiting, state, after);
      const news = await Promise.all(events.map((event) => this.#newEvent(event, metadata)));
      bytes += news.reduce((sum, event) => sum + JSON.stringify(event).length, 0);
      if (bytes > APPEND_BYTES && decisions.some((decision) => decision.news.length > 0)) {
        this.#waiting.unshift(...together.splice(index));
        break;
      }
      state = after;
      decisions.push({ waiting, events, news, error, after: state });
    }
    return decisions;
  }

  async #newEvent(event: EnvironmentEvent, metadata: EventMetadata): Promise<NewEvent> {
    const { type, data } = await recordable(event, this.ports.blobs);
    return { id: this.#idOf(event), type, data: data as unknown as JsonObject, metadata };
  }

  #idOf(event: EnvironmentEvent): string {
    if (event.type !== 'InstanceExpired') return this.ports.ids();
    const { name, until, requestId } = event.data;
    return expiryId(this.name, name, { at: until, setBy: requestId });
  }

  #answer(decisions: Decision[]): void {
    for (const { waiting, events, error } of decisions) {
      if (error !== undefined) waiting.reject(error);
      else waiting.resolve({ events, state: this.#state, position: this.#position });
    }
  }

  /** Folds what is new; says whether there was anything. */
  async #read(): Promise<boolean> {
    if (!this.#loaded) {
      await this.#load();
      return true;
    }
    const events = await this.ports.store.read(this.#stream, { from: this.#revision + 1 });
    await this.#fold(events);
    this.#doubtful = false;
    return events.length > 0;
  }

  /** From the kept state, if the stream is still the one that it was made from. */
  async #load(): Promise<void> {
    const kept = this.#kept();
    let events = await this.ports.store.read(this.#stream, { from: kept?.revision ?? 0 });
    if (kept && events[0]?.id === kept.eventId) {
      this.#state = fromJson(kept.state);
      this.#keptAt = kept.revision;
    } else {
      this.#state = environment.initialState();
      this.#revision = NO_STREAM;
      if (kept) events = await this.ports.store.read(this.#stream);
    }
    const [first] = events;
    if (kept && first?.id === kept.eventId) {
      [this.#revision, this.#position, this.#lastId] = [first.revision, first.position, first.id];
      events = events.slice(1);
    }
    await this.#fold(events);
    this.#loaded = true;
    this.#doubtful = false;
  }

  #kept(): Snapshot | null {
    try {
      return this.ports.cache?.snapshots.get(this.#stream, FOLD_VERSION) ?? null;
    } catch (error) {
      this.ports.reports.warn({ err: error, environment: this.name }, 'A snapshot of an environment could not be read');
      return null;
    }
  }

  async #fold(events: RecordedEvent[]): Promise<void> {
    for (const recorded of events) {
      const { type, data, revision, position, id } = recorded;
      this.#state = environment.evolve(this.#state, await whole({ type, data } as unknown as EnvironmentEvent, this.ports.blobs));
      [this.#revision, this.#position, this.#lastId] = [revision, position, id];
    }
  }
}

/** Whose name is claimed or released is known here, also where who asks does not know it: the name itself says so. */
function owned({ command, metadata }: Waiting, before: EnvironmentState, after: EnvironmentState): EventMetadata {
  if (!('requestId' in command) || metadata.ownerId !== undefined) return metadata;
  const owner = ownerOf(after, command.requestId) ?? ownerOf(before, command.requestId);
  return owner ? { ...metadata, ownerId: owner.id } : metadata;
}

interface Decision {
  waiting: Waiting;
  events: EnvironmentEvent[];
  news: NewEvent[];
  error: unknown;
  after: EnvironmentState;
}
