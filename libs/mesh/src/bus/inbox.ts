import { NoRespondersError, TimeoutError, createInbox, type Msg, type MsgHdrs } from '@nats-io/transport-node';
import type { Connection } from './connection.js';

interface Waiting {
  subject: string;
  timer: NodeJS.Timeout;
  resolve(answer: Msg): void;
  reject(error: Error): void;
}

/** The connection was lost while an answer was waited for: nobody knows whether the request was handled. */
export class ConnectionLost extends Error {
  override readonly name = 'ConnectionLost';
}

/**
 * Requests over one subscription for all their answers. What the client library's own `request` does, without what it
 * spends on each (two promises raced, an error with its stack made in advance), and all are told when the connection is
 * lost.
 */
export class Inbox {
  readonly #prefix = `${createInbox()}.`;
  readonly #waiting = new Map<string, Waiting>();
  #count = 0;

  constructor(private readonly connection: Connection) {
    connection.nats.subscribe(`${this.#prefix}*`, {
      callback: (error, message) => {
        if (!error) this.#answered(message);
      },
    });
    connection.onLost(() => {
      const error = new ConnectionLost('The connection to NATS was lost before the answer came');
      for (const token of this.#waiting.keys()) this.#take(token)?.reject(error);
    });
  }

  /** Rejects with NoRespondersError, TimeoutError, {@link ConnectionLost}, or what the connection throws. */
  request(subject: string, data: Uint8Array, headers: MsgHdrs, timeoutMs: number): Promise<Msg> {
    return new Promise((resolve, reject) => {
      const token = (++this.#count).toString(36);
      const timer = setTimeout(() => this.#take(token)?.reject(new TimeoutError()), timeoutMs);
      this.#waiting.set(token, { subject, timer, resolve, reject });
      try {
        this.connection.nats.publish(subject, data, { reply: this.#prefix + token, headers });
      } catch (error) {
        this.#take(token)?.reject(error as Error);
      }
    });
  }

  #answered(message: Msg): void {
    const waiting = this.#take(message.subject.slice(this.#prefix.length));
    if (message.data.length === 0 && message.headers?.code === 503) waiting?.reject(new NoRespondersError(waiting.subject));
    else waiting?.resolve(message);
  }

  /** An answer that comes twice, or late, finds nobody. */
  #take(token: string): Waiting | undefined {
    const waiting = this.#waiting.get(token);
    if (!waiting) return undefined;
    clearTimeout(waiting.timer);
    this.#waiting.delete(token);
    return waiting;
  }
}
