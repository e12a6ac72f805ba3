import type { Cause, ClientFrame, EventFilter, EventView, ServerFrame, StepProgress } from '@slipway/contracts';
import type { Http } from './http.js';

export interface FollowOptions {
  filter?: EventFilter;
  /** A position (exclusive), `"start"`, or left out for what comes from now on. */
  from?: string;
  signal?: AbortSignal;
}

/** What following yields: each event once, in order; `caught-up` whenever all that is recorded has been delivered. */
export type Followed =
  | { type: 'event'; event: EventView }
  | { type: 'caught-up'; position: string }
  | { type: 'progress'; progress: StepProgress };

/** The first pause before connecting again; it doubles up to {@link LONGEST_PAUSE_MS}. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

/** Raised when the gateway refuses a subscription. */
export class SubscriptionRefused extends Error {
  override readonly name = 'SubscriptionRefused';
  constructor(readonly error: Cause) {
    super(error.message);
  }
}

/**
 * Events over the WebSocket. A connection that breaks is made again and goes on after the last position: nothing is
 * missed, nothing comes twice. Works in Node and in a browser: the key goes in the first frame, not in a header.
 */
export class Live {
  constructor(private readonly http: Http) {}

  async *follow({ filter, from, signal }: FollowOptions = {}): AsyncGenerator<Followed> {
    let position = from;
    let pause = FIRST_PAUSE_MS;
    while (!signal?.aborted) {
      for await (const frame of this.connection(
        { ...(filter && { filter }), ...(position !== undefined && { from: position }) },
        signal,
      )) {
        pause = FIRST_PAUSE_MS;
        if (frame.type === 'subscribed') position ??= frame.position;
        if (frame.type === 'error') throw new SubscriptionRefused(frame.error);
        if (frame.type === 'progress') yield { type: 'progress', progress: frame.progress };
        if (frame.type === 'event') {
          position = frame.event.position;
          yield { type: 'event', event: frame.event };
        }
        if (frame.type === 'caught-up') {
          position = frame.position;
          yield { type: 'caught-up', position };
        }
      }
      if (signal?.aborted) return;
      await new Promise((resolve) => setTimeout(resolve, pause));
      pause = Math.min(LONGEST_PAUSE_MS, pause * 2);
    }
  }

  /** Frames of one connection; ends when it does. */
  private async *connection(
    subscription: { filter?: EventFilter; from?: string },
    signal?: AbortSignal,
  ): AsyncGenerator<ServerFrame> {
    const socket = new WebSocket(this.http.liveUrl);
    const frames: ServerFrame[] = [];
    let wake = () => {};
    let closed = false;
    const send = (frame: ClientFrame) => socket.send(JSON.stringify(frame));
    socket.onopen = () => {
      send({ type: 'authenticate', key: this.http.key });
      send({ type: 'subscribe', id: 'follow', ...subscription });
    };
    socket.onmessage = ({ data }) => {
      frames.push(JSON.parse(String(data)) as ServerFrame);
      wake();
    };
    socket.onclose = socket.onerror = () => {
      closed = true;
      wake();
    };
    const abort = () => socket.close();
    signal?.addEventListener('abort', abort);
    try {
      while (true) {
        while (frames.length) yield frames.shift()!;
        if (closed) return;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      signal?.removeEventListener('abort', abort);
      socket.close();
    }
  }
}
