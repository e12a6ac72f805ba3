import { SlipwayError, causeOf, type Cause, type Clock, type ServerFrame } from '@slipway/contracts';
import { passes, type EventStore, type Position, type ReadFilter } from '@slipway/event-store';
import type { LivePage, LivePages } from './pages.js';
import type { LiveTail } from './tail.js';

/** Where a subscription's frames go. */
export interface Outlet {
  /** Resolves when there is room for the next one: awaited, it is the back-pressure. */
  deliver(frame: string): Promise<void> | undefined;
}

/** Characters of JSON in a frame of several events, about. */
const FRAME = 64 * 1024;
/** Least time between two `caught-up` frames that follow no event, in ms. */
const CAUGHT_UP_EVERY = 500;
/** Before the log is asked again that was away, in ms. */
const AWAY_PAUSE = 500;

/**
 * Follows the log for one subscription: from the log while it is far behind, from the shared tail when it is near.
 *
 * S1. `cursor` is the position up to which all that passes the filter was delivered; it only grows. So whatever way the
 *     next events come, each is delivered once, in order.
 * S2. It listens to the tail before it reads the log: what is recorded in between stands in the tail's ring.
 * S3. It pulls: nothing is read on while the outlet has no room.
 */
export class LiveSubscription {
  #cursor: Position | undefined;
  #reported: Position | undefined;
  #reportedAt = -Infinity;
  #deliveredSince = false;
  #stopped = false;
  #wake: () => void = () => {};
  #cancelReport: (() => void) | undefined;

  constructor(
    readonly id: string,
    private readonly filter: ReadFilter,
    /** Events that one frame may hold while it catches up. */
    private readonly batch: number,
    private readonly parts: { store: Pick<EventStore, 'head'>; pages: LivePages; tail: LiveTail; clock: Clock; outlet: Outlet },
  ) {}

  /** Runs until it is stopped; resolves with why it can't go on, or with nothing. `from`: exclusive; left out: from now. */
  async run(from: Position | 'start' | undefined): Promise<Cause | undefined> {
    const { tail } = this.parts;
    const stopListening = tail.onAdvance(() => this.#wake());
    try {
      await this.#begin(from);
      while (!this.#stopped) {
        if (tail.failure) return tail.failure;
        const moved = await this.#step();
        if (!moved) await this.#tailMoves();
      }
      return undefined;
    } catch (error) {
      return causeOf(error);
    } finally {
      stopListening();
      this.#cancelReport?.();
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#wake();
  }

  async #begin(from: Position | 'start' | undefined): Promise<void> {
    this.#cursor = from === 'start' ? undefined : (from ?? (await this.#patiently(() => this.parts.store.head())));
    // A position of the client's is proved by reading from it: the log knows its own (`gone`).
    const first = from === undefined ? undefined : await this.#readPage();
    if (this.#stopped) return;
    await this.#send({ type: 'subscribed', id: this.id, position: this.#cursor ?? first!.position });
    if (first) await this.#deliverPage(first);
  }

  /** Delivers what comes next, if there is something, and says so. */
  async #step(): Promise<boolean> {
    const { tail } = this.parts;
    const upTo = tail.position;
    const entries = this.#cursor === undefined ? null : tail.after(this.#cursor);
    if (entries === null) {
      const page = await this.#readPage();
      await this.#deliverPage(page);
      return true;
    }
    for (const { event, json } of entries) {
      if (this.#stopped) return false;
      const full = passes(event, this.filter) ? this.#event(json) : undefined;
      if (full) await full;
      this.#cursor = event.position;
    }
    if (upTo > this.#cursor!) this.#cursor = upTo;
    if (tail.position > this.#cursor!) return true;
    await this.#caughtUp();
    return false;
  }

  #readPage(): Promise<LivePage> {
    return this.#patiently(() => this.parts.pages.after(this.#cursor, this.filter));
  }

  /** Asks the log again and again while it is away: a subscriber only waits then. */
  async #patiently<T>(ask: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await ask();
      } catch (error) {
        if (!(error instanceof SlipwayError) || error.code !== 'log-unavailable' || this.#stopped) throw error;
        await new Promise<void>((resolve) => this.parts.clock.after(AWAY_PAUSE, resolve));
      }
    }
  }

  async #deliverPage({ entries, position }: LivePage): Promise<void> {
    for (let next = 0; next < entries.length;) {
      if (this.#stopped) return;
      const first = next;
      for (let size = 0; next < entries.length && next - first < this.batch && size < FRAME; next++)
        size += entries[next]!.json.length;
      const full = this.batch === 1 ? this.#event(entries[first]!.json) : this.#events(entries.slice(first, next));
      if (full) await full;
      this.#cursor = entries[next - 1]!.position;
    }
    this.#cursor = position;
  }

  #events(entries: LivePage['entries']): Promise<void> | undefined {
    this.#deliveredSince = true;
    const events = entries.map(({ json }) => json).join(',');
    return this.parts.outlet.deliver(`{"type":"events","id":${JSON.stringify(this.id)},"events":[${events}]}`);
  }

  #event(json: string): Promise<void> | undefined {
    this.#deliveredSince = true;
    return this.parts.outlet.deliver(`{"type":"event","id":${JSON.stringify(this.id)},"event":${json}}`);
  }

  async #caughtUp(): Promise<void> {
    const now = this.parts.clock.now();
    const position = this.#cursor!;
    if (this.#stopped) return;
    if (position === this.#reported) return;
    const early = this.#reportedAt + CAUGHT_UP_EVERY - now;
    if (!this.#deliveredSince && early > 0) {
      this.#cancelReport ??= this.parts.clock.after(early, () => {
        this.#cancelReport = undefined;
        this.#wake();
      });
      return;
    }
    this.#reported = position;
    this.#reportedAt = now;
    this.#deliveredSince = false;
    await this.#send({ type: 'caught-up', id: this.id, position });
  }

  async #send(frame: ServerFrame): Promise<void> {
    await this.parts.outlet.deliver(JSON.stringify(frame));
  }

  #tailMoves(): Promise<void> {
    const { tail } = this.parts;
    if (this.#stopped || tail.failure || tail.position > this.#cursor!) return Promise.resolve();
    return new Promise((resolve) => (this.#wake = resolve));
  }
}
