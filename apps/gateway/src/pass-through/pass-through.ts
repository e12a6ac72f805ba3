import { METHODS, type IncomingMessage } from 'node:http';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Agent, errors } from 'undici';
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

  constructor(
    private readonly views: Pick<Views, 'get'>,
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
    void server.register(async (scope) => {
      for (const method of METHODS) {
        if (method !== 'CONNECT' && !scope.supportedMethods.includes(method)) scope.addHttpMethod(method, { hasBody: true });
      }
      scope.removeAllContentTypeParsers();
      scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload));
      for (const url of [RESOURCE_ROUTE, `${RESOURCE_ROUTE}/*`]) {
        scope.all(url, (request, reply) => this.#pass(request, reply));
      }
    });
  }

  async stop(): Promise<void> {
    await this.#agent.destroy();
  }

  /** Where a call goes: the instance of its path, and what follows it. Throws `not-found`, `not-possible`, `bad-input`. */
  async target(id: string, url: string): Promise<Target> {
    const full = id.includes('.') ? id : `${DEFAULT_ENVIRONMENT}.${id}`;
    const view = (await this.views.get('instances', full, {})) as ResourceView | null;
    if (!view) throw new SlipwayError('not-found', `There is no instance ${full.replace(/[^\x21-\x7e]/g, '?').slice(0, 128)}`);
    return targetOf(resourceOf(view), restOf(url));
  }

  async #pass(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { id } = request.params as { id: string };
    const { origin, path } = await this.target(id, request.raw.url!);
    const gone = new AbortController();
    reply.raw.once('close', () => gone.abort());
    const answer = await this.#agent
      .request({
        origin,
        path,
        method: request.method as 'GET',
        headers: headersToInstance(request.headers, {
          address: request.socket.remoteAddress,
          host: request.host,
          proto: this.proto,
          context: request.context,
        }),
        body: (request.body as IncomingMessage | undefined) ?? null,
        signal: gone.signal,
      })
      .catch((error: unknown) => {
        throw failureOf(error, id, this.limits);
      });
    reply.status(answer.statusCode);
    reply.headers(headersToCaller(answer.headers));
    if (answer.statusCode === 204 || answer.statusCode === 304 || request.method === 'HEAD') {
      await answer.body.dump();
      return reply.send();
    }
    return reply.send(answer.body);
  }
}

/** What of a call's URL follows `/resource`, as it came: no decoding but the router's own may have a say in it. */
function restOf(url: string): string {
  const path = /^\/api\/v1\/instances\/[^/?]+\/resource(?=[/?]|$)(.*)$/s.exec(url);
  if (path) return path[1]!;
  throw new SlipwayError('not-found', 'No such route');
}

/** Why an instance did not answer (RFC 9110 §15.6.3, §15.6.5). */
function failureOf(error: unknown, id: string, { connectMs, answerMs }: PassLimits): SlipwayError {
  if (error instanceof errors.HeadersTimeoutError)
    return new SlipwayError('instance-slow', `${id} did not begin to answer within ${answerMs / 1000} s`);
  if (error instanceof errors.ConnectTimeoutError)
    return new SlipwayError('instance-slow', `${id} took no connection within ${connectMs / 1000} s`);
  const { code, message } = error as { code?: string; message: string };
  return new SlipwayError('instance-away', `${id} did not answer: ${code ? `${code}, ` : ''}${message.slice(0, 200)}`);
}
