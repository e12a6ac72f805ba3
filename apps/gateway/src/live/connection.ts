import type { WebSocket } from 'ws';
import {
  SlipwayError,
  badInput,
  causeOf,
  progressSubject,
  type Cause,
  type Clock,
  type ServerFrame,
  type StepProgress,
} from '@slipway/contracts';
import type { EventStore } from '@slipway/event-store';
import type { Bus } from '@slipway/mesh';
import type { Logger } from 'pino';
import type { Guard } from '../identity/guard.js';
import type { Actions, Credentials } from './actions.js';
import { Calls } from './calls.js';
import { RefusedFrame, readFrame, type CheckedFrame } from './frames.js';
import type { LivePages } from './pages.js';
import { LiveSubscription } from './subscription.js';
import type { LiveTail } from './tail.js';

/** Why a connection was closed, beside WebSocket's own codes (RFC 6455 §7.4.2 leaves 4000 to 4999 to applications). */
export const CLOSE = {
  /** No key, or not the right one. */
  unauthenticated: 4401,
  /** It did not read what it had asked for. */
  slow: 4408,
  /** Too many frames that are not valid: 1008, policy violation. */
  hostile: 1008,
  /** Only text is spoken here: 1003, unsupported data. */
  binary: 1003,
  /** The gateway stops; come again: 1012, service restart. */
  restart: 1012,
} as const;

export interface LiveLimits {
  /** Until the first frame with a key, in ms. */
  authenticateMs: number;
  /** Between two pings; one that is not answered until the next ends the connection. */
  pingMs: number;
  /** How long a client may leave its frames unread, in ms. */
  slowMs: number;
  /** Bytes that wait unsent before subscriptions pause. */
  highWater: number;
  /** Subscriptions of one connection. */
  subscriptions: number;
  /** Calls of one connection that are under way at once. */
  calls: number;
  /** Frames that may be refused before the connection is closed. */
  refusals: number;
}
export const LIVE_LIMITS: LiveLimits = {
  authenticateMs: 10_000,
  pingMs: 20_000,
  slowMs: 30_000,
  highWater: 256 * 1024,
  subscriptions: 256,
  calls: 64,
  refusals: 50,
};

export interface LiveParts {
  store: EventStore;
  bus: Bus;
  clock: Clock;
  logger: Logger;
  tail: LiveTail;
  pages: LivePages;
  guard: Guard;
  actions: Actions;
  mesh: string;
  limits: LiveLimits;
}

/** What a connection showed at the door. */
export type Knocked = Omit<Credentials, 'authorization'> & Partial<Credentials>;

interface Open {
  subscription: LiveSubscription;
  stopProgress: () => void;
}

/** One client on the WebSocket, with its subscriptions and calls. */
export class LiveConnection {
  readonly #open = new Map<string, Open>();
  readonly #calls: Calls;
  #refusals = 0;
  /** Characters of answers to frames that have not left yet. */
  #unread = 0;
  #heard = true;
  #cancelTimer: () => void;

  constructor(
    private readonly socket: WebSocket,
    private readonly parts: LiveParts,
    /** Who it is; without `authorization` nobody yet. */
    private credentials: Knocked,
  ) {
    this.#calls = new Calls({ actions: parts.actions, logger: parts.logger, outlet: this, most: parts.limits.calls });
    socket.on('message', (data, isBinary) => this.#receive(data as Buffer, isBinary));
    socket.on('pong', () => (this.#heard = true));
    // What the other side does to the connection is no error of ours; `close` follows.
    socket.on('error', (error) => parts.logger.debug({ err: error }, 'A live connection broke'));
    socket.on('close', () => this.#end());
    this.#cancelTimer = this.#isKnown(credentials)
      ? this.#keepAlive()
      : parts.clock.after(parts.limits.authenticateMs, () => this.close(CLOSE.unauthenticated, 'no key in time'));
  }

  /** Says why, and lets go; what was sent before still arrives. */
  close(code: number, reason: string): void {
    this.#end();
    this.socket.close(code, reason);
  }

  /** Ends it at once. */
  terminate(): void {
    this.socket.terminate();
  }

  /** @see Outlet.deliver */
  deliver(frame: string): Promise<void> | undefined {
    const { limits, clock } = this.parts;
    if (this.socket.readyState !== this.socket.OPEN) return undefined;
    if (this.socket.bufferedAmount < limits.highWater) {
      this.socket.send(frame);
      return undefined;
    }
    return new Promise((resolve) => {
      const cancel = clock.after(limits.slowMs, () => this.close(CLOSE.slow, 'frames were not read in time'));
      this.socket.send(frame, () => {
        cancel();
        resolve();
      });
    });
  }

  /** Answers to frames: a client that only sends and never reads must not fill our memory. */
  answer(frame: string): void {
    if (this.socket.readyState !== this.socket.OPEN) return;
    // Not what waits in all: one large answer to an action may be more than all of these together.
    if (this.#unread > 4 * this.parts.limits.highWater) {
      this.close(CLOSE.slow, 'answers were not read');
      return;
    }
    this.#unread += frame.length;
    this.socket.send(frame, () => (this.#unread -= frame.length));
  }

  #answer(frame: ServerFrame): void {
    this.answer(JSON.stringify(frame));
  }

  #receive(data: Buffer, isBinary: boolean): void {
    this.#heard = true;
    if (isBinary) {
      this.close(CLOSE.binary, 'frames are JSON text');
      return;
    }
    try {
      this.#handle(readFrame(data.toString('utf8')));
    } catch (error) {
      this.#refuse(error);
    }
  }

  #refuse(error: unknown): void {
    const [cause, id] = error instanceof RefusedFrame ? [error.error.toCause(), error.id] : [causeOf(error), undefined];
    this.#answer({ type: 'error', ...(id !== undefined && { id }), error: cause });
    if (cause.code === 'unauthenticated') this.close(CLOSE.unauthenticated, cause.message);
    else if (++this.#refusals > this.parts.limits.refusals) this.close(CLOSE.hostile, 'too many frames that are not valid');
  }

  #handle(frame: CheckedFrame): void {
    if (frame.type === 'authenticate') {
      this.parts.guard.actorOfKey(frame.key);
      const known = this.#isKnown(this.credentials);
      this.credentials = { ...this.credentials, authorization: `Bearer ${frame.key}` };
      if (known) return;
      this.#cancelTimer();
      this.#cancelTimer = this.#keepAlive();
      return;
    }
    if (!this.#isKnown(this.credentials)) {
      throw new SlipwayError('unauthenticated', 'The first frame must be {"type":"authenticate","key":…}');
    }
    if (frame.type === 'action') this.#calls.begin(frame.id, frame.frame, this.credentials);
    if (frame.type === 'drop') this.#calls.drop(frame.id);
    if (frame.type === 'ping') this.#answer({ type: 'pong' });
    if (frame.type === 'subscribe') this.#subscribe(frame);
    if (frame.type === 'unsubscribe') this.#unsubscribe(frame.id);
  }

  #isKnown(credentials: Knocked): credentials is Credentials {
    return credentials.authorization !== undefined;
  }

  #subscribe({ id, filter, from, batch }: Extract<CheckedFrame, { type: 'subscribe' }>): void {
    const { store, tail, pages, clock, bus, mesh, limits } = this.parts;
    if (this.#open.has(id)) {
      throw new RefusedFrame(
        badInput([{ field: 'id', reason: `there is a subscription ${id} already; unsubscribe it first` }]),
        id,
      );
    }
    if (this.#open.size >= limits.subscriptions) {
      throw new RefusedFrame(new SlipwayError('too-busy', `A connection has at most ${limits.subscriptions} subscriptions`), id);
    }
    const subscription = new LiveSubscription(id, filter, batch, { store, tail, pages, clock, outlet: this });
    const stopProgress =
      filter.requestId === undefined
        ? () => {}
        : bus.subscribe(progressSubject(mesh, filter.requestId), (body) => this.#progress(id, body as StepProgress));
    const open = { subscription, stopProgress };
    this.#open.set(id, open);
    void subscription.run(from).then((cause) => this.#ended(id, open, cause));
  }

  /** A subscription that can't go on says why, and is gone. */
  #ended(id: string, open: Open, cause: Cause | undefined): void {
    open.stopProgress();
    if (this.#open.get(id) !== open) return;
    this.#open.delete(id);
    if (cause) this.#answer({ type: 'error', id, error: cause });
  }

  #unsubscribe(id: string): void {
    const open = this.#open.get(id);
    if (!open) throw new RefusedFrame(new SlipwayError('not-found', `There is no subscription ${id}`), id);
    this.#open.delete(id);
    open.stopProgress();
    open.subscription.stop();
    this.#answer({ type: 'unsubscribed', id });
  }

  /** Told and forgotten: dropped while the client has not read what it has. */
  #progress(id: string, progress: StepProgress): void {
    if (this.socket.bufferedAmount < this.parts.limits.highWater) this.#answer({ type: 'progress', id, progress });
  }

  #keepAlive(): () => void {
    return this.parts.clock.after(this.parts.limits.pingMs, () => {
      // Where frames wait unread, slowness is judged instead: a pong can't overtake them.
      if (!this.#heard && this.socket.bufferedAmount === 0) {
        this.terminate();
        return;
      }
      this.#heard = false;
      this.socket.ping();
      this.#cancelTimer = this.#keepAlive();
    });
  }

  #end(): void {
    this.#cancelTimer();
    this.#calls.end();
    for (const { subscription, stopProgress } of this.#open.values()) {
      stopProgress();
      subscription.stop();
    }
    this.#open.clear();
  }
}
