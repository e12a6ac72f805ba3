import type { ActionFrame, Cause, ClientFrame, ServerFrame } from '@slipway/contracts/public';
import { frameIn } from './connection.js';
import { ApiError, secondsIn } from './errors.js';
import type { Http } from './http.js';
import type { Newest } from './newest.js';

export interface ActionOptions {
  /** As over REST: `Idempotency-Key`, `Prefer`, ... */
  headers?: Record<string, string>;
  /** Told the text of an answer that is text, as it comes; without it the answer is the whole text. */
  onText?(text: string): void;
  /** Ends the waiting for the answer with its reason; what was asked for is done all the same. */
  signal?: AbortSignal;
}

type Answer = Extract<ServerFrame, { type: 'answer' }>;

/** A call under way. */
interface Pending {
  text(text: string): void;
  answer(answer: Answer): void;
  broken(why: Error): void;
}

/** After so many ms without a word the gateway is asked whether it lives, after as many again the connection counts as dead. */
const QUIET_MS = 15_000;

/**
 * Every operation of the REST interface by the name that it has in the REST reference (its `operationId`), over one WebSocket that is
 * made at the first call, shared by all, and made again when it has broken: many small calls at once cost one connection. Close
 * it when no more are to come.
 */
export class Actions {
  private socket: WebSocket | undefined;
  private alive: ReturnType<typeof setInterval> | undefined;
  private heard = true;
  private calls = 0;
  private readonly pending = new Map<string, Pending>();

  constructor(
    private readonly http: Http,
    private readonly newest: Newest,
    private readonly logToken?: string,
  ) {}

  /**
   * Does one: `call('get-request', { id })`. `body` holds the parameters by their names beside the fields of the body. Throws
   * {@link ApiError}, and {@link NotReachable} when there is no answer: then nobody knows what became of it, and a job may be
   * sent again with its `Idempotency-Key`.
   */
  call<T>(action: string, body: object = {}, options: ActionOptions = {}): Promise<T> {
    return this.newest.read(async (atLeast) => {
      const { text, answer } = await this.send(action, body, options, atLeast);
      const { status, headers } = answer;
      if (status >= 400) throw new ApiError(answer.body as never, secondsIn(headers['Retry-After']));
      this.newest.remember(headers['Slipway-Position']);
      return ('body' in answer ? answer.body : text) as T;
    }, options.signal);
  }

  /** Ends the connection; calls under way are not answered any more. */
  close(): void {
    this.end(this.http.unreachable());
  }

  private end(why: Error): void {
    clearInterval(this.alive);
    const { socket } = this;
    this.socket = undefined;
    socket?.close();
    for (const call of this.pending.values()) call.broken(why);
    this.pending.clear();
  }

  private send(
    action: string,
    body: object,
    { headers, onText, signal }: ActionOptions,
    atLeast: string | undefined,
  ): Promise<{ text: string; answer: Answer }> {
    const id = String(++this.calls);
    const own = { ...(atLeast && { 'Slipway-At-Least': atLeast }), ...(this.logToken && { 'X-Log-Token': this.logToken }) };
    const frame: ActionFrame = { id, action, body: body as never, headers: { ...own, ...headers } };
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      let whole = '';
      const drop = () => {
        this.pending.delete(id);
        this.tell({ type: 'drop', id });
        reject(signal!.reason as Error);
      };
      const done = () => signal?.removeEventListener('abort', drop);
      signal?.addEventListener('abort', drop);
      this.pending.set(id, {
        text: onText ?? ((text) => (whole += text)),
        answer: (answer) => (done(), resolve({ text: whole, answer })),
        broken: (why) => (done(), reject(why)),
      });
      const socket = (this.socket ??= this.open());
      if (socket.readyState === WebSocket.OPEN) this.tell(frame);
      else socket.addEventListener('open', () => this.pending.has(id) && this.tell(frame));
    });
  }

  private tell(frame: ClientFrame | ActionFrame): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(frame));
  }

  private open(): WebSocket {
    const socket = new WebSocket(this.http.liveUrl);
    const broken = () => this.socket === socket && this.close();
    // A browser's WebSocket can't carry a header.
    socket.addEventListener('open', () => this.tell({ type: 'authenticate', key: this.http.key }));
    socket.addEventListener('message', ({ data }) => this.socket === socket && this.take(String(data)));
    socket.addEventListener('close', broken);
    socket.addEventListener('error', broken);
    this.heard = true;
    this.alive = setInterval(() => {
      if (!this.heard) this.close();
      this.heard = false;
      this.tell({ type: 'ping' });
    }, QUIET_MS);
    return socket;
  }

  private take(data: string): void {
    this.heard = true;
    const frame = frameIn(data);
    if (!frame) this.close();
    else if (frame.type === 'error' && frame.error.code === 'unauthenticated') this.end(refusedKey(frame.error));
    else if (frame.type === 'part') this.pending.get(frame.id)?.text(frame.text);
    else if (frame.type === 'answer') {
      const call = this.pending.get(frame.id);
      this.pending.delete(frame.id);
      call?.answer(frame);
    }
  }
}

const refusedKey = ({ code, message, hint }: Cause): ApiError =>
  new ApiError({ type: 'about:blank', title: message, status: 401, detail: message, code, hint, requestId: '' });
