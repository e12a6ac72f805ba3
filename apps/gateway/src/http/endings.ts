import { Inject, Injectable } from '@nestjs/common';
import { streamName, type Clock } from '@slipway/contracts';
import { ENDED, type RequestView } from '@slipway/contracts/http';
import { CLOCK } from '@slipway/mesh';
import type { LiveTail } from '../live/tail.js';
import { LogReader } from './log-reader.js';
import { STOPPING, TAIL } from './tokens.js';

/** Holds an answer until a request has ended (`Prefer: wait`). */
@Injectable()
export class Endings {
  constructor(
    @Inject(LogReader) private readonly log: LogReader,
    @Inject(TAIL) private readonly tail: LiveTail,
    @Inject(CLOCK) private readonly clock: Clock,
    @Inject(STOPPING) private readonly stopping: AbortSignal,
  ) {}

  /** The request when it has ended; `null` when the time is over, the gateway stops, or the log can't be read. */
  async endOf(requestId: string, seconds: number): Promise<RequestView | null> {
    const stream = streamName('request', requestId);
    let over = this.stopping.aborted;
    let wake = () => {};
    const giveUp = () => {
      over = true;
      wake();
    };
    const cancelTimer = this.clock.after(seconds * 1000, giveUp);
    this.stopping.addEventListener('abort', giveUp);
    const stopListening = this.tail.onAdvance(() => wake());
    try {
      for (let seen = this.tail.position; ; seen = this.tail.position) {
        const view = await this.log.request(requestId);
        if (ENDED.includes(view.status)) return view;
        // Only an event of its own makes another look worth while.
        while (!over && !this.#hasMoved(stream, seen)) {
          seen = this.tail.position;
          await new Promise<void>((resolve) => (wake = resolve));
        }
        if (over) return null;
      }
    } catch {
      // It was accepted, and that is what its caller is told: waiting was a preference only.
      return null;
    } finally {
      cancelTimer();
      this.stopping.removeEventListener('abort', giveUp);
      stopListening();
    }
  }

  #hasMoved(stream: string, after: string): boolean {
    const entries = this.tail.after(after);
    return entries === null || entries.some(({ event }) => event.stream === stream);
  }
}
