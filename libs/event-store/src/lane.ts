import { setImmediate as nextTurn } from 'node:timers/promises';
import { SlipwayError, type JsonObject } from '@slipway/contracts';
import type { Decider } from './decider.js';
import { keepState, keptState, type KeptState } from './kept-state.js';
import { NO_STREAM, type EventMetadata, type EventStore, type NewEvent, type Position, type RecordedEvent } from './port.js';

/** Commands that are decided and appended together. */
const TOGETHER = 32;
/** Events that are read at once. */
const PAGE = 5_000;
/** Bytes of one append, with room to the log's 512 KiB. */
const APPEND_BYTES = 400 * 1024;
/** How often it decides again when other replicas append at the same time. */
const TRIES = 20;
/** A state is kept anew when its stream has grown by this, or by its own size if that is more. */
const KEEP_EVERY = 1_000;

export interface LaneOptions<State, Command, Event extends { type: string; data: object }> {
  store: EventStore;
  stream: string;
  decider: Decider<State, Command, Event>;
  /** Id of an event that is to be recorded (UUID). */
  idOf(event: Event): string;
  /** Left out: every start folds the stream from its beginning. */
  kept?: KeptState<State>;
  /** Told what could not be kept, or read: it is folded from the stream then. */
  warn(about: object, message: string): void;
  /** An event as it is recorded, and as it is folded again; as it is when left out. */
  recordable?(event: Event): Promise<Event>;
  whole?(event: Event): Promise<Event>;
  /** What is recorded beside the events of a command; what came with it when left out. */
  metadataOf?(metadata: EventMetadata, command: Command, before: State, after: State): EventMetadata;
}

/** What became of a command. */
export interface LaneDecided<State, Event> {
  /** What was recorded; empty when nothing needed to be. */
  events: Event[];
  /** After all commands that were decided together. */
  state: State;
  /** Of the stream's newest event; none while there is none. */
  position: Position | undefined;
}

interface Waiting<State, Command, Event> {
  command: Command;
  metadata: EventMetadata;
  resolve(decided: LaneDecided<State, Event>): void;
  reject(error: unknown): void;
}

interface Decision<State, Command, Event> {
  waiting: Waiting<State, Command, Event>;
  events: Event[];
  news: NewEvent[];
  error: unknown;
  after: State;
}

/**
 * All decisions on one aggregate by this replica.
 *
 * L1. Commands that wait are decided one after the other, up to 32, and appended together: conflicts arise only between
 *     replicas, and then all of them are decided again on what was read anew.
 * L2. An answer rests on the newest state: what was appended proves it; a refusal, and a command with nothing to record,
 *     are answered after the stream was looked at again.
 * L3. After a failed append nobody knows what stands there: the stream is read before anything else is decided.
 */
export class Lane<State, Command, Event extends { type: string; data: object }> {
  readonly #waiting: Waiting<State, Command, Event>[] = [];
  #state: State;
  #revision = NO_STREAM;
  #position: Position | undefined;
  #lastId = '';
  #loaded = false;
  #doubtful = false;
  #keptAt = NO_STREAM;
  #keeping: Promise<void> | undefined;
  #running: Promise<void> | undefined;

  constructor(private readonly options: LaneOptions<State, Command, Event>) {
    this.#state = options.decider.initialState();
  }

  /** As last known; other replicas may have gone on since. */
  get state(): State {
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
  decide(command: Command, metadata: EventMetadata): Promise<LaneDecided<State, Event>> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ command, metadata, resolve, reject });
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

  /** Keeps its state for the next start. What is decided meanwhile is decided beside it. */
  async keep(): Promise<void> {
    while (this.#keeping) await this.#keeping;
    this.#keeping = this.#keepNow();
    await this.#keeping;
    this.#keeping = undefined;
  }

  async #keepNow(): Promise<void> {
    const { stream, kept, warn } = this.options;
    if (!kept || !this.#position || this.#revision === this.#keptAt) return;
    this.#keptAt = this.#revision;
    const from = { revision: this.#revision, position: this.#position, eventId: this.#lastId };
    try {
      await keepState(kept, stream, from, this.#state);
    } catch (error) {
      warn({ err: error, stream }, 'A state could not be kept for the next start');
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
        // Whoever was answered may ask again at once: all of them are one append then, not one and the others.
        await nextTurn();
      } catch (error) {
        this.#doubtful = true;
        for (const { reject } of together) reject(error);
      }
    }
    const { kept } = this.options;
    if (!kept || this.#keeping) return;
    if (this.#revision - this.#keptAt >= Math.max(KEEP_EVERY, kept.sizeOf(this.#state))) void this.keep();
  }

  async #decideTogether(together: Waiting<State, Command, Event>[]): Promise<void> {
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

  async #append(news: NewEvent[], decisions: Decision<State, Command, Event>[]): Promise<void> {
    const { store, stream } = this.options;
    const { revision, position } = await store.append(stream, this.#revision, news);
    this.#revision = revision;
    this.#position = position;
    this.#lastId = news.at(-1)!.id;
    this.#state = decisions.at(-1)!.after;
  }

  /** Each command on the state that those before it leave. What no longer fits into the append waits for the next. */
  async #decisions(together: Waiting<State, Command, Event>[]): Promise<Decision<State, Command, Event>[]> {
    const { decider, metadataOf } = this.options;
    const decisions: Decision<State, Command, Event>[] = [];
    let state = this.#state;
    let bytes = 0;
    for (const [index, waiting] of together.entries()) {
      let events: Event[] = [];
      let after = state;
      let error: unknown;
      try {
        ({ events, state: after } = decided(decider, state, waiting.command));
      } catch (refusal) {
        error = refusal;
      }
      const metadata = metadataOf?.(waiting.metadata, waiting.command, state, after) ?? waiting.metadata;
      const news = await this.#newEvents(events, metadata);
      bytes += Buffer.byteLength(JSON.stringify(news));
      if (bytes > APPEND_BYTES && decisions.some((decision) => decision.news.length > 0)) {
        this.#waiting.unshift(...together.splice(index));
        break;
      }
      state = after;
      decisions.push({ waiting, events, news, error, after: state });
    }
    return decisions;
  }

  async #newEvents(events: readonly Event[], metadata: EventMetadata): Promise<NewEvent[]> {
    const { recordable, idOf } = this.options;
    const written = recordable ? await Promise.all(events.map((event) => recordable(event))) : events;
    return written.map(({ type, data }, at) => ({ id: idOf(events[at]!), type, data: data as JsonObject, metadata }));
  }

  #answer(decisions: Decision<State, Command, Event>[]): void {
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
    const before = this.#revision;
    await this.#foldNew();
    this.#doubtful = false;
    return this.#revision > before;
  }

  /** From the kept state, if the stream is still the one that it was made from. */
  async #load(): Promise<void> {
    const { store, stream, decider } = this.options;
    const kept = this.#kept();
    const [last] = kept ? await store.read(stream, { from: kept.revision, limit: 1 }) : [];
    if (kept && last?.id === kept.eventId) {
      this.#state = kept.state();
      [this.#revision, this.#position, this.#lastId] = [last.revision, last.position, last.id];
      this.#keptAt = kept.revision;
    } else {
      this.#state = decider.initialState();
      this.#revision = NO_STREAM;
    }
    await this.#foldNew();
    this.#loaded = true;
    this.#doubtful = false;
  }

  #kept(): ReturnType<typeof keptState<State>> {
    const { stream, kept, warn } = this.options;
    try {
      return kept ? keptState(kept, stream) : null;
    } catch (error) {
      warn({ err: error, stream }, 'A kept state could not be read');
      return null;
    }
  }

  /** In pages: the stream may be larger than the memory. */
  async #foldNew(): Promise<void> {
    const { store, stream } = this.options;
    for (;;) {
      const events = await store.read(stream, { from: this.#revision + 1, limit: PAGE });
      await this.#fold(events);
      if (events.length < PAGE) return;
    }
  }

  async #fold(events: RecordedEvent[]): Promise<void> {
    const { decider, whole } = this.options;
    for (const recorded of events) {
      const { type, data, revision, position, id } = recorded;
      const event = { type, data } as unknown as Event;
      this.#state = decider.evolve(this.#state, whole ? await whole(event) : event);
      [this.#revision, this.#position, this.#lastId] = [revision, position, id];
    }
  }
}

function decided<State, Command, Event extends { type: string; data: object }>(
  decider: Decider<State, Command, Event>,
  before: State,
  command: Command,
): { events: Event[]; state: State } {
  if (decider.decideAndEvolve) return decider.decideAndEvolve(before, command);
  const events = decider.decide(before, command);
  return { events, state: events.reduce((state, event) => decider.evolve(state, event), before) };
}
