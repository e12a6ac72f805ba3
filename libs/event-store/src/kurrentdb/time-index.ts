import { OURS, place, type Client } from './client.js';
import { timeOf, type StoredEvent } from './record.js';

const EVERY = 2_000;

/**
 * The server finds no event by time, so it is looked for backwards from the end; what was passed is remembered here and
 * there, and the next look begins at the nearest place after the moment that is asked for.
 */
export class TimeIndex {
  /** Ascending. */
  private samples: { time: number; number: bigint }[] = [];

  /** Number of the newest event recorded at or before a time; `null` when there is none. */
  async find(client: Client, ms: number): Promise<bigint | null> {
    const later = this.samples.find((sample) => sample.time > ms);
    const fromPosition = later ? place(later.number) : 'end';
    let passed = 0;
    for await (const resolved of client.readAll({ direction: 'backwards', fromPosition, filter: OURS })) {
      const event = resolved.event as StoredEvent;
      if (timeOf(event) <= ms) return event.position!.commit;
      if ((passed += 1) % EVERY === 0) this.remember(timeOf(event), event.position!.commit);
    }
    return null;
  }

  private remember(time: number, number: bigint): void {
    this.samples = [...this.samples.filter((sample) => sample.number !== number), { time, number }].sort((a, b) =>
      a.number < b.number ? -1 : 1,
    );
  }
}
