import { NotReachable, errorOf, notOurs } from './errors.js';
import { Newest } from './newest.js';

export interface ClientOptions {
  /** The gateway: `http://127.0.0.1:7420`. */
  url: string;
  /** The gateway's key. */
  key: string;
  /** A token of the caller's own that is carried into every log line and event (at most 128 printable characters). */
  logToken?: string;
  /** For tests, or a runtime without its own. */
  fetch?: typeof fetch;
}

/** What `fetch` sends: a stream, bytes, text. */
export type Body = NonNullable<RequestInit['body']>;

export interface CallOptions {
  query?: Record<string, string | number | string[] | undefined>;
  body?: unknown;
  headers?: Record<string, string | undefined>;
  signal?: AbortSignal;
  /** A field without which an answer is none of the gateway's: an `ApiError` says so. */
  has?: string;
  /** Raw content instead of JSON. */
  content?: { body: Body; type: string };
}

/**
 * Calls to the gateway. Remembers the newest position that it wrote or saw and sends it with each read (`Slipway-At-Least`), so
 * that it reads what it wrote, and no read shows less than one before it; repeats one that is answered "behind" until it has
 * caught up.
 * Throws {@link ApiError} for what the gateway refuses, {@link NotReachable} when there is no answer.
 */
export class Http {
  private readonly url: string;

  constructor(
    private readonly options: ClientOptions,
    private readonly newest = new Newest(),
  ) {
    this.url = options.url.replace(/\/+$/, '');
  }

  async json<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
    const response = await this.call(method, path, options);
    const text = await this.textOf(response, options.signal);
    const value = objectIn(text);
    if (!value || (options.has !== undefined && !Object.hasOwn(value, options.has))) throw notOurs(response, text);
    return value as T;
  }

  /** An answer that has `items`. */
  async items<T extends { items: unknown[] }>(path: string, options: CallOptions = {}): Promise<T> {
    return this.json('GET', path, { ...options, has: 'items' });
  }

  async text(method: string, path: string, options: CallOptions = {}): Promise<string> {
    return this.textOf(await this.call(method, path, options), options.signal);
  }

  /** The answer, once it is one that went well; its body is the caller's to read. */
  async call(method: string, path: string, options: CallOptions = {}): Promise<Response> {
    const send = async (atLeast?: string): Promise<Response> => {
      const response = await this.send(method, path, options, atLeast);
      if (!response.ok) throw errorOf(response, await this.textOf(response, options.signal));
      this.newest.remember(response.headers.get('Slipway-Position'));
      return response;
    };
    return method === 'GET' ? this.newest.read(send, options.signal) : send();
  }

  /** The answer, however it went: for what is passed through to somebody else. Throws {@link NotReachable}. */
  passed(method: string, path: string, options: CallOptions = {}): Promise<Response> {
    return this.send(method, path, options, undefined);
  }

  /** Where the WebSocket is. */
  get liveUrl(): string {
    return `${this.url.replace(/^http/, 'ws')}/api/v1/events`;
  }
  get key(): string {
    return this.options.key;
  }
  /** That nobody answers here. */
  unreachable(cause?: unknown): NotReachable {
    return new NotReachable(this.url, { cause });
  }

  private async textOf(response: Response, signal?: AbortSignal): Promise<string> {
    try {
      return await response.text();
    } catch (error) {
      if (signal?.aborted) throw error;
      throw this.unreachable(error);
    }
  }

  private async send(method: string, path: string, options: CallOptions, atLeast: string | undefined): Promise<Response> {
    const { query, body, headers, signal, content } = options;
    const url = new URL(`${this.url}/api/v1${path}`);
    for (const [name, value] of Object.entries(query ?? {})) {
      for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) url.searchParams.append(name, String(one));
    }
    const all: Record<string, string | undefined> = {
      Authorization: `Bearer ${this.options.key}`,
      'X-Log-Token': this.options.logToken,
      'Slipway-At-Least': atLeast,
      'Content-Type': content?.type ?? (body === undefined ? undefined : 'application/json'),
      ...headers,
    };
    try {
      return await (this.options.fetch ?? fetch)(url, {
        method,
        headers: Object.fromEntries(Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined)),
        ...(content ? { body: content.body, duplex: 'half' } : body !== undefined && { body: JSON.stringify(body) }),
        ...(signal && { signal }),
      } as RequestInit);
    } catch (error) {
      if (signal?.aborted) throw error;
      throw this.unreachable(error);
    }
  }
}

/** The object that a text is; nothing when it is none. */
function objectIn(text: string): object | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
