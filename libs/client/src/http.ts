import { ApiError, NotReachable } from './errors.js';

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
  /** Raw content instead of JSON. */
  content?: { body: Body; type: string };
}

/**
 * Calls to the gateway. Remembers the position of its own newest write and sends it with each read
 * (`Slipway-At-Least`), so that it reads what it wrote; repeats a read that is answered "behind" until it has caught up.
 */
export class Http {
  private position?: string;
  constructor(private readonly options: ClientOptions) {}

  async json<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
    return (await (await this.call(method, path, options)).json()) as T;
  }

  async call(method: string, path: string, options: CallOptions = {}): Promise<Response> {
    const attempts = method === 'GET' ? 5 : 1;
    for (let attempt = 1; ; attempt++) {
      const response = await this.send(method, path, options);
      if (response.ok) {
        if (method !== 'GET') this.position = response.headers.get('Slipway-Position') ?? this.position;
        return response;
      }
      const error = await toError(response);
      if (attempt === attempts || error.code !== 'behind') throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000 * Number(response.headers.get('Retry-After') ?? 1)));
    }
  }

  /** Where the WebSocket is. */
  get liveUrl(): string {
    return `${this.options.url.replace(/^http/, 'ws')}/api/v1/events`;
  }
  get key(): string {
    return this.options.key;
  }

  private async send(method: string, path: string, { query, body, headers, signal, content }: CallOptions): Promise<Response> {
    const url = new URL(`${this.options.url}/api/v1${path}`);
    for (const [name, value] of Object.entries(query ?? {})) {
      for (const one of Array.isArray(value) ? value : [value]) if (one !== undefined) url.searchParams.append(name, String(one));
    }
    const all: Record<string, string | undefined> = {
      Authorization: `Bearer ${this.options.key}`,
      'X-Log-Token': this.options.logToken,
      'Slipway-At-Least': method === 'GET' ? this.position : undefined,
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
      throw new NotReachable(this.options.url, { cause: error });
    }
  }
}

async function toError(response: Response): Promise<ApiError> {
  const text = await response.text();
  try {
    return new ApiError(JSON.parse(text));
  } catch {
    return new ApiError({
      type: 'about:blank',
      title: response.statusText,
      status: response.status,
      code: 'internal',
      requestId: '',
      detail: `The answer is not of Slipway's gateway: HTTP ${response.status} ${text.slice(0, 200)}`,
      hint: 'Check the address.',
    });
  }
}
