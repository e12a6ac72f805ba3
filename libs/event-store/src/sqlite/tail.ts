import { passes } from '../filter.js';
import type { Lineage } from '../position.js';
import type { ReadFilter, RecordedEvent } from '../port.js';
import { recordedEvent } from '../written-event.js';
import type { Reader } from './reader.js';
import type { Commit } from './writer.js';

/** Events that are kept, and how many may have to be read to catch up with the head. */
const LENGTH = 2_048;
const STEP = 512;

/**
 * The newest events of a log, read and checked once for all who follow it in this process: several subscriptions want the
 * same event at the same moment. What it holds is shared, so nobody may change it.
 */
export class Tail {
  private events: RecordedEvent[] = [];
  /** Position before the first event that is held. */
  private begin = -1;

  constructor(
    private readonly reader: Reader,
    private readonly lineage: Lineage,
  ) {}

  /** Takes what this process has just recorded, so that nobody reads it from the file, if it is what comes next here. */
  offer({ job: { stream, expected, events }, position, recordedAt }: Commit): void {
    const before = position - events.length;
    if (this.begin < 0 || before !== this.begin + this.events.length) return;
    for (const [index, event] of events.entries()) {
      const place = { stream, revision: expected + 1 + index, position: this.lineage.position(before + 1 + index), recordedAt };
      this.events.push(recordedEvent(event, place));
    }
    this.shorten(before);
  }

  /** Events between two positions, or `null` when they are not (and are not worth being) held here. */
  between(after: number, head: number, limit: number, filter: ReadFilter): { events: RecordedEvent[]; position: number } | null {
    if (!this.reach(after, head)) return null;
    const events: RecordedEvent[] = [];
    for (let index = after - this.begin; index < head - this.begin; index += 1) {
      const event = this.events[index]!;
      if (!passes(event, filter)) continue;
      events.push(event);
      if (events.length === limit) return { events, position: this.begin + index + 1 };
    }
    return { events, position: head };
  }

  /** Brings it up to the head; false when that would cost more than it spares. */
  private reach(after: number, head: number): boolean {
    const end = this.begin + this.events.length;
    if (this.begin < 0 || head - end > STEP) {
      if (head - after > STEP) return false;
      this.events = [];
      this.begin = after;
    } else if (after < this.begin) return false;
    for (let from = this.begin + this.events.length; from < head;) {
      const { events, position } = this.reader.all(from, head, STEP, {});
      this.events.push(...events);
      from = position;
    }
    this.shorten(after);
    return true;
  }

  /** Forgets the oldest, but nothing after a position. */
  private shorten(after: number): void {
    if (this.events.length <= 2 * LENGTH) return;
    const surplus = Math.min(this.events.length - LENGTH, after - this.begin);
    this.events.splice(0, surplus);
    this.begin += surplus;
  }
}
