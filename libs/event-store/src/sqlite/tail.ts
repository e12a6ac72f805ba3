import { passes } from '../filter.js';
import type { ReadFilter, RecordedEvent } from '../port.js';
import type { Reader } from './reader.js';

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

  constructor(private readonly reader: Reader) {}

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
    if (this.events.length > 2 * LENGTH) {
      const surplus = Math.min(this.events.length - LENGTH, after - this.begin);
      this.events.splice(0, surplus);
      this.begin += surplus;
    }
    return true;
  }
}
