import { causeOf, type Cause } from '@slipway/contracts';
import type { EventStore, Position, RecordedEvent, Subscription } from '@slipway/event-store';
import { eventView } from '@slipway/mesh';

/** An event with its JSON as an {@link EventView}, written once for all who get it. */
export interface TailEntry {
  event: RecordedEvent;
  json: string;
}

/** How much of the newest events is kept in memory, in characters of JSON. */
const KEPT = 8 * 1024 * 1024;

/**
 * The newest part of the log in memory, shared by all who follow it: one subscription of the log for any number of
 * followers, who pull at their own pace and go to the log itself when they are further behind.
 *
 * T1. Every event after `floor` up to `position` stands in the ring, in order.
 * T2. While nobody listens nothing is kept: `floor` is `position`.
 * T3. A listener is called after each step forward, never inside `after`.
 */
export class LiveTail {
  readonly #listeners = new Set<() => void>();
  #ring: TailEntry[] = [];
  #size = 0;
  #subscription!: Subscription;
  #failure: Cause | undefined;

  private constructor(
    private floor: Position,
    private head: Position,
    private readonly kept: number,
  ) {}

  /** Starts at the log's head. */
  static async open(store: EventStore, kept: number = KEPT): Promise<LiveTail> {
    const head = await store.head();
    const tail = new LiveTail(head, head, kept);
    tail.#subscription = store.subscribe({
      name: 'gateway-live',
      after: head,
      asRecorded: true,
      events: (batch) => tail.#push(batch),
      caughtUp: (position) => tail.#moveTo(position),
      failed: (error) => {
        tail.#failure = causeOf(error, 'log-unavailable');
        tail.#tell();
      },
    });
    return tail;
  }

  /** Up to where it follows the log. */
  get position(): Position {
    return this.head;
  }

  /** Why it has stopped for good, if it has. */
  get failure(): Cause | undefined {
    return this.#failure;
  }

  /** The events after a position up to {@link position}; `null` when some of them are in the log only. */
  after(position: Position): TailEntry[] | null {
    if (position < this.floor) return null;
    let low = 0;
    for (let high = this.#ring.length; low < high;) {
      const middle = (low + high) >>> 1;
      if (this.#ring[middle]!.event.position > position) high = middle;
      else low = middle + 1;
    }
    return low === this.#ring.length ? [] : this.#ring.slice(low);
  }

  /** Calls `listener` whenever it has moved on or failed; the returned function ends that. */
  onAdvance(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size === 0) this.#forget();
    };
  }

  stop(): Promise<void> {
    return this.#subscription.stop();
  }

  #push(batch: RecordedEvent[]): void {
    if (batch.length === 0) return;
    this.head = batch.at(-1)!.position;
    if (this.#listeners.size === 0) this.#forget();
    else this.#keep(batch);
    this.#tell();
  }

  #moveTo(position: Position): void {
    if (position <= this.head) return;
    this.head = position;
    if (this.#listeners.size === 0) this.#forget();
    this.#tell();
  }

  #keep(batch: RecordedEvent[]): void {
    for (const event of batch) {
      const json = JSON.stringify(eventView(event));
      this.#ring.push({ event, json });
      this.#size += json.length;
    }
    let drop = 0;
    while (this.#size > this.kept) this.#size -= this.#ring[drop++]!.json.length;
    if (drop > 0) {
      this.floor = this.#ring[drop - 1]!.event.position;
      this.#ring = this.#ring.slice(drop);
    }
  }

  #forget(): void {
    this.#ring = [];
    this.#size = 0;
    this.floor = this.head;
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
