import type { ClientFrame, EventFilter, ServerFrame } from '@slipway/contracts/public';

export interface ConnectionOptions {
  url: string;
  key: string;
  subscription: { filter?: EventFilter; from?: string; batch?: number };
  /** After so many ms without a word the other side is asked whether it lives, after as many again it counts as dead. */
  quietMs: number;
  signal?: AbortSignal;
}

/** Events and other frames that may wait for a consumer that is slower than the gateway; with more of them the connection is let go. */
const MOST_WAITING = 10_000;

/** One connection to `/api/v1/events` with one subscription. */
export class Connection {
  /** Whether it ever stood. */
  opened = false;

  constructor(private readonly options: ConnectionOptions) {}

  /** Its frames, each when the one before was taken; ends when the connection does. */
  async *frames(): AsyncGenerator<ServerFrame> {
    const { url, key, subscription, quietMs, signal } = this.options;
    const waiting: ServerFrame[] = [];
    let count = 0;
    let heard = true;
    let ended = false;
    let wake = () => {};
    const socket = new WebSocket(url);
    const send = (frame: ClientFrame) => socket.send(JSON.stringify(frame));
    const end = () => {
      ended = true;
      socket.close();
      wake();
    };
    const alive = setInterval(() => {
      if (!heard) end();
      heard = false;
      if (socket.readyState === WebSocket.OPEN) send({ type: 'ping' });
    }, quietMs);
    socket.onopen = () => {
      this.opened = true;
      // A browser's WebSocket can't carry a header.
      send({ type: 'authenticate', key });
      send({ type: 'subscribe', id: 'follow', ...subscription });
    };
    socket.onmessage = ({ data }) => {
      heard = true;
      // What comes after the end is fetched by the next connection: here it would leave a gap behind it.
      if (ended) return;
      const frame = frameIn(String(data));
      if (frame && frame.type !== 'pong') {
        waiting.push(frame);
        count += weightOf(frame);
      }
      if (!frame || count > MOST_WAITING) end();
      else wake();
    };
    socket.onclose = socket.onerror = end;
    signal?.addEventListener('abort', end);
    try {
      while (!signal?.aborted) {
        const frame = waiting.shift();
        if (frame) {
          count -= weightOf(frame);
          yield frame;
        } else if (ended) return;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      clearInterval(alive);
      signal?.removeEventListener('abort', end);
      end();
    }
  }
}

const weightOf = (frame: ServerFrame): number => (frame.type === 'events' ? frame.events.length : 1);

/** The frame that a text is; nothing when it is none: then this is no gateway of ours, or not any more. */
export function frameIn(text: string): ServerFrame | undefined {
  try {
    const frame = JSON.parse(text) as ServerFrame | null;
    return typeof frame?.type === 'string' ? frame : undefined;
  } catch {
    return undefined;
  }
}
