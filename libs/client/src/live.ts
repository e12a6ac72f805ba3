import { ERRORS, type EventFilter, type EventView, type ServerFrame, type StepProgress } from '@slipway/contracts/public';
import { Connection } from './connection.js';
import { SubscriptionRefused } from './errors.js';
import type { Http } from './http.js';
import { pause } from './pause.js';

export interface FollowOptions {
  filter?: EventFilter;
  /** A position (exclusive), `"start"`, or left out for what comes from now on. */
  from?: string;
  /** Ends it, without an error. */
  signal?: AbortSignal;
  /**
   * After so many milliseconds without a word the gateway is asked whether it lives, after as many again the connection
   * counts as dead; 15,000 when left out.
   */
  quietMs?: number;
}

/** What following yields: each event once, in order; `caught-up` whenever all that is recorded has been delivered. */
export type Followed =
  | { type: 'event'; event: EventView }
  | { type: 'caught-up'; position: string }
  | { type: 'progress'; progress: StepProgress };

/** The first pause before connecting again; it doubles up to {@link LONGEST_PAUSE_MS}. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
const QUIET_MS = 15_000;
/** Events of one frame, while it catches up. */
const BATCH = 100;

/**
 * Events over the WebSocket. A connection that breaks is made again and goes on after the last position: nothing is
 * missed, nothing comes twice. Works in Node and in a browser: the key goes in the first frame, not in a header.
 */
export class Live {
  constructor(private readonly http: Http) {}

  /** Throws {@link NotReachable} when the first connection can't be made, {@link SubscriptionRefused} when it is refused. */
  async *follow({ filter, from, signal, quietMs = QUIET_MS }: FollowOptions = {}): AsyncGenerator<Followed> {
    let position = from;
    let pauseMs = FIRST_PAUSE_MS;
    let everOpened = false;
    while (!signal?.aborted) {
      const connection = new Connection({
        url: this.http.liveUrl,
        key: this.http.key,
        subscription: { ...(filter && { filter }), ...(position !== undefined && { from: position }), batch: BATCH },
        quietMs,
        ...(signal && { signal }),
      });
      for await (const frame of connection.frames()) {
        if (frame.type === 'subscribed') {
          pauseMs = FIRST_PAUSE_MS;
          position ??= frame.position;
        }
        if (frame.type === 'error') {
          if (ERRORS[frame.error.code]?.advice !== 'retry') throw new SubscriptionRefused(frame.error);
          break;
        }
        if (frame.type === 'progress') yield { type: 'progress', progress: frame.progress };
        for (const event of eventsOf(frame)) {
          position = event.position;
          yield { type: 'event', event };
        }
        if (frame.type === 'caught-up') {
          position = frame.position;
          yield { type: 'caught-up', position };
        }
      }
      everOpened ||= connection.opened;
      if (!everOpened && !signal?.aborted) throw this.http.unreachable();
      await pause(pauseMs, signal);
      pauseMs = Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
    }
  }
}

function eventsOf(frame: ServerFrame): EventView[] {
  if (frame.type === 'event') return [frame.event];
  return frame.type === 'events' ? frame.events : [];
}
