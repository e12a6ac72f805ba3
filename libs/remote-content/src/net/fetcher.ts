import { isIP } from 'node:net';
import { Readable } from 'node:stream';
import { Agent, request, type Dispatcher } from 'undici';
import { RemoteAway, RemoteRefused } from '../failures.js';
import { Destinations, shownUrl, type DestinationOptions } from './destinations.js';
import { bySystem, guardedLookup, refusalOf, type Lookup } from './guarded-lookup.js';

/** How long is waited, in milliseconds. */
export interface Waits {
  /** For a connection, for the head of an answer, and for the next piece of its body. */
  quiet: number;
  /** For all of it. */
  whole: number;
}

export interface FetcherOptions extends DestinationOptions {
  /** Hosts, as they stand in an address, that may have addresses of this machine or of private networks. */
  privateHosts?: readonly string[];
  /** The value of `Authorization`, read for each request; it is sent to the configured place only. */
  authorization?: () => Promise<string | undefined>;
  /** CA (PEM) that its certificate must come from; the system's when left out. */
  ca?: string;
  waits?: Waits;
  lookup?: Lookup;
}

export interface Asked {
  accept?: string;
  /** Longest body that is taken, in bytes. */
  maxBytes: number;
  /** The end of the time, where it is that of several requests ({@link Fetcher.deadline}). */
  signal?: AbortSignal;
}

export interface Answer {
  /** Where it came from in the end. */
  url: URL;
  headers: Readonly<Record<string, string | undefined>>;
  /** Fails with `RemoteRefused` behind `maxBytes`, with `RemoteAway` where it breaks off. */
  body: Readable;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const MAX_REDIRECTS = 5;
const MAX_HEADER_BYTES = 32 * 1024;
const WAITS: Waits = { quiet: 15_000, whole: 600_000 };

/**
 * Asks one other repository over HTTP, and nobody else.
 *
 * F1. A request goes only to what `Destinations` allows, and so does each redirect; only by http and https.
 * F2. The address that a connection goes to was looked at: nothing is asked at an address of this machine, of a private network, or where
 *     clouds hand out credentials, unless its host is named for that (and the last never).
 * F3. Credentials go to the configured place only, never behind a redirect to another.
 * F4. Sizes and times are bounded; nothing is uncompressed here, so what is counted is what comes.
 */
export class Fetcher {
  readonly #destinations: Destinations;
  readonly #agent: Agent;
  readonly #waits: Waits;
  readonly #private: ReadonlySet<string>;

  /** Throws `RemoteRefused` for a base that is no address of HTTP. */
  constructor(private readonly options: FetcherOptions) {
    this.#destinations = new Destinations(options);
    this.#waits = options.waits ?? WAITS;
    this.#private = new Set((options.privateHosts ?? []).map((host) => withoutBrackets(host.toLowerCase())));
    const { quiet } = this.#waits;
    this.#agent = new Agent({
      // Its bounds on heads are those of HTTP/1.1.
      allowH2: false,
      connect: {
        ...(options.ca !== undefined && { ca: options.ca }),
        timeout: quiet,
        lookup: guardedLookup(options.lookup ?? bySystem, (host) => this.#mayBePrivate(host)),
      },
      headersTimeout: quiet,
      bodyTimeout: quiet,
      maxHeaderSize: MAX_HEADER_BYTES,
      connections: 4,
    });
  }

  get base(): URL {
    return this.#destinations.base;
  }

  /** The end of the time that all of an answer may take, from now on. */
  deadline = (): AbortSignal => AbortSignal.timeout(this.#waits.whole);

  /** Throws `RemoteAway` where nobody answers, or with a status from 500 on; `RemoteRefused` for everything else but success. */
  async get(address: string, asked: Asked): Promise<Answer> {
    const signal = asked.signal ?? this.deadline();
    let url = this.#destinations.at(address);
    for (let left = MAX_REDIRECTS; ; left -= 1) {
      const { statusCode, headers, body } = await this.#ask(url, asked, signal);
      if (statusCode === 200) return this.#answer(url, headers, body, asked);
      // What else it has to say is of no interest, and may be without end.
      body.on('error', () => {}).destroy();
      const { location } = headers;
      if (REDIRECTS.has(statusCode) && typeof location === 'string') {
        if (left === 0) throw new RemoteRefused(`${shownUrl(url)} redirects more than ${MAX_REDIRECTS} times`);
        url = this.#destinations.at(location, url);
      } else
        throw new (statusCode >= 500 || statusCode === 429 ? RemoteAway : RemoteRefused)(
          `${shownUrl(url)} answered ${statusCode}`,
        );
    }
  }

  /** Ends its connections. */
  close = (): Promise<void> => this.#agent.destroy();

  async #ask(url: URL, { accept = '*/*' }: Asked, signal: AbortSignal): Promise<Dispatcher.ResponseData> {
    const host = withoutBrackets(url.hostname);
    const family = isIP(host);
    // An address needs no lookup, so it is looked at here.
    const refusal = family === 0 ? undefined : refusalOf(host, [{ address: host, family }], this.#mayBePrivate(host));
    if (refusal !== undefined) throw new RemoteRefused(refusal);
    const authorization = this.#destinations.isWithinBase(url) ? await this.options.authorization?.() : undefined;
    const headers = {
      accept,
      'accept-encoding': 'identity',
      'user-agent': 'slipway',
      ...(authorization !== undefined && { authorization }),
    };
    try {
      return await request(url, { dispatcher: this.#agent, headers, signal });
    } catch (error) {
      throw failureOf(url, error as Error);
    }
  }

  #answer(url: URL, headers: Dispatcher.ResponseData['headers'], body: Readable, { maxBytes }: Asked): Answer {
    const single = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat()[0]]));
    const refuse = (reason: string): never => {
      body.on('error', () => {}).destroy();
      throw new RemoteRefused(`${shownUrl(url)} ${reason}`);
    };
    const { 'content-encoding': encoding = 'identity', 'content-length': length = '0' } = single;
    if (encoding !== 'identity') refuse(`sends ${JSON.stringify(encoding.slice(0, 40))}, which was not asked for`);
    if (Number(length) > maxBytes) refuse(`sends ${length} bytes; at most ${maxBytes} are taken`);
    return { url, headers: single, body: Readable.from(bounded(url, body, maxBytes), { objectMode: false }) };
  }

  #mayBePrivate = (host: string): boolean => this.#private.has(host.toLowerCase());
}

/** An IPv6 address as it is connected to. */
const withoutBrackets = (host: string): string => host.replace(/^\[|\]$/g, '');

async function* bounded(url: URL, body: Readable, maxBytes: number): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  try {
    for await (const piece of body as AsyncIterable<Uint8Array>) {
      bytes += piece.byteLength;
      if (bytes > maxBytes) throw new RemoteRefused(`${shownUrl(url)} sends more than ${maxBytes} bytes`);
      yield piece;
    }
  } catch (error) {
    throw failureOf(url, error as Error);
  }
}

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'the connection broke off',
  UND_ERR_SOCKET: 'the connection broke off',
  EPIPE: 'the connection broke off',
  ENOTFOUND: 'its name has no address',
  EAI_AGAIN: 'its name cannot be looked up now',
  UND_ERR_CONNECT_TIMEOUT: 'it does not answer',
  ETIMEDOUT: 'it does not answer',
  UND_ERR_HEADERS_TIMEOUT: 'it does not answer',
  UND_ERR_BODY_TIMEOUT: 'it stopped in the middle of its answer',
};

/** What is wrong, in words; a refusal of our own stays what it is. */
function failureOf(url: URL, error: Error & { code?: string; errors?: Error[] }): Error {
  const refused = [error, error.cause, ...(error.errors ?? [])].find((one) => one instanceof RemoteRefused);
  if (refused) return refused as RemoteRefused;
  if (error instanceof RemoteAway) return error;
  if (error.name === 'TimeoutError') return new RemoteAway(`${shownUrl(url)}: it takes too long`, { cause: error });
  return new RemoteAway(`${shownUrl(url)}: ${WORDS[error.code ?? ''] ?? error.message}`, { cause: error });
}
