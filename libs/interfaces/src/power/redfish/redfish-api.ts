import { request, type IncomingMessage } from 'node:http';
import { SlipwayError, type Json, type JsonObject } from '@slipway/contracts/public';
import { allOf } from '../../shell/bounded.js';
import { connectTo, unreachable, type Controller } from './controller.js';

/** Who asks a controller, and how. */
export interface RedfishAccess extends Controller {
  /** `user:password`, asked for before each use. */
  credential(): Promise<string>;
  /** Ends what is asked. */
  signal: AbortSignal;
  /** Awaited once a connection stands, right before a change is sent over it. */
  changing(what: string): Promise<void>;
  limits?: Partial<RedfishLimits>;
}

/** In ms. */
export interface RedfishLimits {
  /** Until a connection stands, and then until all of an answer is there. */
  answersWithinMs: number;
  /** Until a machine is as it was told to be. */
  changesWithinMs: number;
}

/** What a controller answers. */
export interface RedfishAnswer {
  status: number;
  body: JsonObject;
  etag?: string;
}

export const USUAL_LIMITS: RedfishLimits = { answersWithinMs: 30_000, changesWithinMs: 90_000 };

/** Of an answer, in bytes. */
const LONGEST = 1024 * 1024;

/** Of what a controller says, in characters, in a message of ours. */
const QUOTED = 200;

/** A way at a controller, as it may name one: nothing that leads elsewhere or means something in a head of HTTP. */
const PATH = /^\/redfish\/v1(?:\/(?!\.{1,2}(?:\/|$))[\w.~:@!$&'()*+,;=%-]+)*\/?$/;

/**
 * A controller that speaks Redfish (DMTF DSP0266), with one connection for each question and HTTP's basic authentication. It is not trusted:
 * what it answers is bounded, leads nowhere else, and is quoted shortly and without the password. Throws `driver-failed` where it does not answer,
 * refuses (`details.status`) or answers what cannot be understood, and `config-invalid` where it is not the one that is meant or lets nobody in.
 */
export class RedfishApi {
  constructor(private readonly access: RedfishAccess) {}

  /** For messages. */
  get name(): string {
    return `The controller ${this.access.url}`;
  }

  async get(path: string): Promise<RedfishAnswer> {
    return this.#understood(`GET ${path}`, await this.#ask('GET', path));
  }

  /** `what`: the change, for whoever is asked whether it may be made. */
  async post(path: string, body: JsonObject, what: string): Promise<RedfishAnswer> {
    return this.#understood(`POST ${path}`, await this.#ask('POST', path, { body, what }));
  }

  /** `etag`: of what is changed, where it has one; some controllers take no change without it (§7.1). */
  async patch(path: string, body: JsonObject, what: string, etag?: string): Promise<RedfishAnswer> {
    return this.#understood(`PATCH ${path}`, await this.#ask('PATCH', path, { body, what, ...(etag !== undefined && { etag }) }));
  }

  /** Something that a controller says, for a message: short, printable, and without what lets us in. */
  async quoted(said: string): Promise<string> {
    const credential = await this.access.credential();
    const password = credential.slice(credential.indexOf(':') + 1);
    const secrets = [Buffer.from(credential).toString('base64'), credential, password];
    const covered = secrets.reduce((text, secret) => text.replaceAll(secret, '***'), said);
    return covered
      .replaceAll(/[^\p{L}\p{N}\p{P}\p{S} ]+/gu, ' ')
      .trim()
      .slice(0, QUOTED);
  }

  /** A way that the controller has named. Throws `driver-failed` for what is none. */
  wayFrom(named: Json | undefined, what: string): string {
    if (typeof named === 'string' && named.length <= 500 && PATH.test(named)) return named;
    throw this.#failed(`names no way to ${what}`);
  }

  async #ask(
    method: string,
    path: string,
    change?: { body: JsonObject; what: string; etag?: string },
  ): Promise<{ status: number; head: IncomingMessage['headers']; text: string }> {
    const { url, signal, credential, changing } = this.access;
    const authorization = `Basic ${Buffer.from(await credential()).toString('base64')}`;
    const { answersWithinMs } = { ...USUAL_LIMITS, ...this.access.limits };
    const socket = await connectTo(this.access, signal, answersWithinMs);
    const late = AbortSignal.timeout(answersWithinMs);
    try {
      if (change) await changing(change.what);
      const body = change && JSON.stringify(change.body);
      const sent = request({
        ...{ method, path, createConnection: () => socket, signal: AbortSignal.any([signal, late]) },
        headers: {
          ...{ host: new URL(url).host, authorization, accept: 'application/json', 'odata-version': '4.0' },
          ...(body !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
          ...(change?.etag !== undefined && { 'if-match': change.etag }),
        },
      });
      // Who waits hears of the first one; what comes later is over already.
      sent.on('error', () => {});
      const answered = new Promise<IncomingMessage>(
        (resolve, reject) => void sent.once('response', resolve).once('error', reject),
      );
      sent.end(body);
      const response = await answered;
      const text = (await allOf(response, LONGEST, `What ${url} says`)).toString('utf8');
      return { status: response.statusCode ?? 0, head: response.headers, text };
    } catch (error) {
      signal.throwIfAborted();
      if (late.aborted) throw unreachable(url, new Error(`it has not answered within ${answersWithinMs} ms`));
      throw error instanceof SlipwayError ? error : unreachable(url, error as Error);
    } finally {
      socket.destroy();
    }
  }

  async #understood(
    asked: string,
    { status, head, text }: { status: number; head: IncomingMessage['headers']; text: string },
  ): Promise<RedfishAnswer> {
    if (status === 401 || status === 403)
      throw new SlipwayError('config-invalid', `${this.name} does not let us in: look at credentialFile`, { status });
    const body = jsonOf(text);
    if (status < 200 || status > 299) {
      const said = await this.quoted(saidBy(body) ?? text);
      throw this.#failed(`answers ${asked} with ${status}${said === '' ? '' : `: ${said}`}`, status);
    }
    if (body === undefined) throw this.#failed(`answers ${asked} with what is no JSON`, status);
    return { status, body, ...(typeof head.etag === 'string' && { etag: head.etag }) };
  }

  #failed(what: string, status?: number): SlipwayError {
    const details = { controller: this.access.url, ...(status !== undefined && { status }) };
    return new SlipwayError('driver-failed', `${this.name} ${what}`, details);
  }
}

/** An object; nothing at all counts as an empty one. */
function jsonOf(text: string): JsonObject | undefined {
  if (text.trim() === '') return {};
  try {
    const parsed = JSON.parse(text) as Json;
    return isObject(parsed) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

/** What went wrong, as a controller says it (DSP0266, "Error responses"). */
function saidBy(body: JsonObject | undefined): string | undefined {
  const error = objectAt(body, 'error');
  const [first] = listAt(error, '@Message.ExtendedInfo').filter(isObject);
  const said = first?.['Message'] ?? error['message'];
  return typeof said === 'string' ? said : undefined;
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An object in an object; an empty one where there is none. */
export function objectAt(of: JsonObject | undefined, name: string): JsonObject {
  const found = of?.[name];
  return isObject(found) ? found : {};
}

/** A list in an object; an empty one where there is none. */
export function listAt(of: JsonObject, name: string): readonly Json[] {
  const found = of[name];
  return Array.isArray(found) ? found : [];
}
