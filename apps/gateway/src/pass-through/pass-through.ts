import { EventEmitter } from 'node:events';
import { METHODS, type IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Agent } from 'undici';
import { SlipwayError, DEFAULT_ENVIRONMENT } from '@slipway/contracts';
import type { ResourceView } from '@slipway/contracts/http';
import type { Views } from '../views/port.js';
import { headersToCaller, headersToInstance } from './headers.js';
import { resourceOf, targetOf, type Target } from './target.js';

/** Below an instance's own route. */
export const RESOURCE_ROUTE = '/api/v1/instances/:id/resource';

export interface PassLimits {
  /** How long an instance may take to take a connection, in ms. */
  connectMs: number;
  /** How long it may take until it begins to answer, in ms. */
  answerMs: number;
}
export const PASS_LIMITS: PassLimits = { connectMs: 5_000, answerMs: 60_000 };

/** The longest answer that is not streamed, in bytes. */
const SMALL = 64 * 1024;

/** Of how many instances it is remembered where they are, and for how long, in ms. */
const MOST_KNOWN = 1_000;
const KNOWN_MS = 1_000;

/** Where an instance is, as it stood at a position of the views. */
interface Known {
  resource: URL;
  position: string;
  until: number;
}

/** As undici calls them. */
export const HEADERS_TIMEOUT = 'UND_ERR_HEADERS_TIMEOUT';
const CONNECT_TIMEOUT = 'UND_ERR_CONNECT_TIMEOUT';

/** How long a connection to an instance that nobody uses is kept, in ms: less than what most servers do. */
const KEEP_ALIVE_MS = 4_000;

/**
 * Calls to instances, passed through the gateway's door: any method, both bodies streamed as they come. Nothing is followed, tried
 * again or kept.
 *
 * T1. Only who may see the instance gets through, and the instance never sees the gateway's key.
 * T2. Nothing is passed to anywhere but below the instance's own resource.
 * T3. A caller that goes away ends the call at the instance; an instance that breaks off ends the answer as broken, not as whole.
 */
export class PassThrough {
  readonly #agent: Agent;
  readonly #known = new Map<string, Known>();

  constructor(
    private readonly views: Pick<Views, 'get' | 'position'>,
    private readonly proto: 'http' | 'https',
    private readonly limits: PassLimits = PASS_LIMITS,
  ) {
    this.#agent = new Agent({
      connect: { timeout: limits.connectMs },
      headersTimeout: limits.answerMs,
      // A stream of events may be silent for as long as it likes.
      bodyTimeout: 0,
      keepAliveTimeout: KEEP_ALIVE_MS,
      maxHeaderSize: 32 * 1024,
    });
  }

  /** Its routes, with no parser of bodies but one that leaves them as they come. */
  register(server: FastifyInstance): void {
    const routes = async (scope: FastifyInstance) => {
      for (const method of METHODS) {
        if (method !== 'CONNECT' && !scope.supportedMethods.includes(method)) scope.addHttpMethod(method, { hasBody: true });
      }
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
      for (const url of [RESOURCE_ROUTE, `${RESOURCE_ROUTE}/*`]) {
        scope.all(url, (request, reply) => this.#pass(request, reply));
      }
    };
    // For one without a name Fastify looks through all modules that were loaded.
    void server.register(Object.assign(routes, { [Symbol.for('fastify.display-name')]: 'pass-through' }));
  }

  async stop(): Promise<void> {
    await this.#agent.destroy();
  }

  /** Where a call goes: the instance of its path, and what follows it. Throws `not-found`, `not-possible`, `bad-input`. */
  async target(id: string, url: string): Promise<Target> {
    const full = id.includes('.') ? id : `${DEFAULT_ENVIRONMENT}.${id}`;
    return targetOf(await this.#resource(full), restOf(url));
  }

  /** Looked up once for many calls: again when anything was recorded since, or a moment has passed. */
  async #resource(id: string): Promise<URL> {
    const position = this.views.position();
    const now = Date.now();
    const known = this.#known.get(id);
    if (known && known.position === position && now < known.until) return known.resource;
    const view = (await this.views.get('instances', id, {})) as ResourceView | null;
    if (!view) throw new SlipwayError('not-found', `There is no instance ${id.replace(/[^\x21-\x7e]/g, '?').slice(0, 128)}`);
    const resource = resourceOf(view);
    if (this.#known.size >= MOST_KNOWN) this.#known.clear();
    this.#known.set(id, { resource, position, until: now + KNOWN_MS });
    return resource;
  }

  async #pass(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { id } = request.params as { id: string };
    const { origin, path, base } = await this.target(id, request.raw.url!);
    const prefix = prefixOf(request.raw.url!);
    const shown = { origin, path, base, prefix, gateway: `${this.proto}://${request.host}` };
    // An AbortController would make an error and its stack for each call that goes well.
    const gone = new EventEmitter();
    reply.raw.once('close', () => reply.raw.writableFinished || gone.emit('abort'));
    const answer = await this.#agent
      .request({
        origin,
        path,
        method: request.method as 'GET',
        headers: headersToInstance(request.headers, {
          address: request.socket.remoteAddress,
          host: request.host,
          proto: this.proto,
          prefix,
          context: request.context,
        }),
        // Fastify takes no body of a GET or a HEAD; what was sent is passed on all the same.
        body: (request.body as IncomingMessage | undefined) ?? (hasBody(request.raw) ? request.raw : null),
        signal: gone,
      })
      .catch((error: unknown) => {
        throw failureOf(error, id, this.limits);
      });
    const pass = () => reply.status(answer.statusCode).headers(headersToCaller(answer.headers, shown));
    if (answer.statusCode === 204 || answer.statusCode === 304 || request.method === 'HEAD') {
      await answer.body.dump();
      return pass().send();
    }
    // What is small goes out in one go, and one that breaks off can still be told as what it is.
    if (Number(answer.headers['content-length'] ?? Infinity) > SMALL) return pass().send(answer.body);
    const body = await answer.body.bytes().catch((error: unknown) => {
      throw failureOf(error, id, this.limits);
    });
    return pass().send(body);
  }
}

/** What of a call's URL follows `/resource`, as it came: no decoding but the router's own may have a say in it. */
function restOf(url: string): string {
  const path = /^\/api\/v1\/instances\/[^/?]+\/resource(?=[/?]|$)(.*)$/s.exec(url);
  if (path) return path[1]!;
  throw new SlipwayError('not-found', 'No such route');
}

/** The path that stands for the instance's resource, as the caller wrote it. */
export const prefixOf = (url: string): string => /^\/api\/v1\/instances\/[^/?]+\/resource/.exec(url)![0];

/** RFC 9112 §6. */
const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;

/** The instance that a call's URL is for; `undefined` for every other URL. */
export function idOf(url: string): string | undefined {
  const id = /^\/api\/v1\/instances\/([\w.-]+)\/resource(?=[/?]|$)/.exec(url)?.[1];
  return id === '.' || id === '..' ? undefined : id;
}

/** Why an instance did not answer (RFC 9110 §15.6.3, §15.6.5). */
export function failureOf(error: unknown, id: string, { connectMs, answerMs }: PassLimits): SlipwayError {
  const { code, message } = error as { code?: string; message: string };
  if (code === HEADERS_TIMEOUT)
    return new SlipwayError('instance-slow', `${id} did not begin to answer within ${answerMs / 1000} s`);
  if (code === CONNECT_TIMEOUT) return new SlipwayError('instance-slow', `${id} took no connection within ${connectMs / 1000} s`);
  return new SlipwayError('instance-away', `${id} did not answer: ${code ? `${code}, ` : ''}${message.slice(0, 200)}`);
}
