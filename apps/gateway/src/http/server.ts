import type { IncomingHttpHeaders } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { Socket } from 'node:net';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest, FastifyServerOptions } from 'fastify';
import { SlipwayError, type RequestContext } from '@slipway/contracts';
import { badInput, runInContext, type Runtime } from '@slipway/mesh';
import { contextOfCall, logTokenOf } from '../identity/call.js';
import { isLoopback, knockOf, type Door } from '../identity/door.js';
import type { Guard } from '../identity/guard.js';
import { DOCS } from '../openapi/document.js';
import { RESOURCE_ROUTE } from '../pass-through/pass-through.js';
import { problemHeaders, problemOf, rawAnswer, toSlipwayError } from '../problem/problem.js';
import { CallMetrics } from './call-metrics.js';
import { answerPreflight, isPreflight, shareAnswer } from './cross-origin.js';
import { readJson } from './json-body.js';
import { transport } from './transport.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who calls, with which id: put there before anything else happens. */
    context: RequestContext;
  }
}

/** The largest body, as the largest message to a service (512 KiB). An archive is streamed. */
export const BODY_LIMIT = 512 * 1024;
export const TAR = 'application/x-tar';
/** RFC 9512. */
export const YAML = 'application/yaml';
export const JSON_TYPE = 'application/json';
export const BYTES = 'application/octet-stream';
const ALIVE = new Set(['/api/v1/health/live', '/api/v1/health/ready']);
/** Routes that take an archive. */
const ARCHIVES = new Set(['POST /api/v1/restore', 'POST /api/v1/snapshots']);
/** Routes that take a content package. */
const PACKAGES = new Set(['POST /api/v1/content', 'PUT /api/v1/content/:name']);
/** The route that takes a file. */
const FILES = 'PUT /api/v1/leases/:id/files';
const routeOf = ({ method, routeOptions: { url } }: FastifyRequest): string => `${method} ${url}`;
const takesPackage = (request: FastifyRequest): boolean => PACKAGES.has(routeOf(request));
const takesArchive = (request: FastifyRequest): boolean => ARCHIVES.has(routeOf(request)) || takesPackage(request);

/** Whose body comes as it comes: what takes it has its own limits. */
const isStreamed = (request: FastifyRequest): boolean =>
  takesArchive(request) || routeOf(request) === FILES || request.routeOptions.url?.startsWith(RESOURCE_ROUTE) === true;

export interface Limits {
  /** How long the head of a call may take to arrive, in ms. */
  headersMs: number;
  /** How long a JSON body may take to arrive, in ms. */
  bodyMs: number;
}
export const LIMITS: Limits = { headersMs: 10_000, bodyMs: 20_000 };

/**
 * Fastify with the shut door in front of every route, also of those that do not exist: id, Host and Origin, key (a
 * browser's question beforehand needs none); then size, kind and pace of the body; then one line of log for each call.
 */
export function openServer(runtime: Runtime, door: Door, guard: Guard, stopping: AbortSignal, limits: Limits = LIMITS) {
  const http1 = { maxHeaderSize: 16_384, headersTimeout: limits.headersMs, connectionsCheckingInterval: limits.headersMs / 4 };
  const adapter = new FastifyAdapter({
    ...transport(runtime.config.gateway.tls, http1),
    bodyLimit: BODY_LIMIT,
    connectionTimeout: 0,
    requestTimeout: 0,
    routerOptions: { maxParamLength: 200 },
    forceCloseConnections: 'idle',
    clientErrorHandler: refuseMalformed,
    frameworkErrors: refuseUnroutable,
  } as FastifyServerOptions) as FastifyAdapter;
  const server = adapter.getInstance() as unknown as FastifyInstance;
  takeKindsOfContent(server);
  checkCalls(server, runtime, door, guard);
  limitPaceOfBodies(server, limits.bodyMs);
  closeWhenStopping(server, stopping);
  recordCalls(server, runtime);
  return adapter;
}

function checkCalls(server: FastifyInstance, { config }: Runtime, door: Door, guard: Guard): void {
  const docsAreOpen = isLoopback(config.gateway.host);
  const isOpen = ({ routeOptions: { url } }: FastifyRequest): boolean =>
    url !== undefined && (ALIVE.has(url) || (docsAreOpen && (url === `/${DOCS}` || url.startsWith(`/${DOCS}/`))));

  server.decorateRequest('context', null as unknown as RequestContext);
  server.addHook('onRequest', (request, reply, done) => {
    const { headers } = request;
    const context = (request.context = contextOfCall(headers));
    reply.header('X-Request-Id', context.correlationId);
    reply.header('X-Content-Type-Options', 'nosniff');
    door.admit(knockOf(headers));
    shareAnswer(request, reply);
    if (isPreflight(request)) {
      answerPreflight(reply);
      return;
    }
    if (docsAreOpen && isFirstVisit(request)) {
      void reply.redirect(`/${DOCS}`, 302);
      return;
    }
    if (!isOpen(request) || headers.authorization !== undefined) context.actor = guard.actorOf(headers.authorization);
    const logToken = logTokenOf(headers);
    if (logToken !== undefined) context.logToken = logToken;
    done();
  });
  // After the body was read, whose events come from outside of any context.
  server.addHook('preHandler', (request, _reply, done) => runInContext(request.context, done));
}

/** Whether a person has typed our bare address into a browser. */
const isFirstVisit = ({ method, url, headers }: FastifyRequest): boolean =>
  method === 'GET' && url.split('?', 1)[0] === '/' && /\btext\/html\b/i.test(headers.accept ?? '');

function takeKindsOfContent(server: FastifyInstance): void {
  server.removeContentTypeParser(['text/plain', 'application/json']);
  server.addContentTypeParser(JSON_TYPE, { parseAs: 'string' }, (request, text, done) => {
    try {
      // Of a content package it is told in which line something is wrong.
      done(null, takesPackage(request) ? text : readJson(text as string));
    } catch (error) {
      done(error as Error);
    }
  });
  // As it comes: the handler checks it while it streams. Elsewhere it is the wrong kind.
  server.addContentTypeParser(TAR, (request, payload, done) => {
    if (takesArchive(request)) done(null, payload);
    else done(new SlipwayError('wrong-content-type', `${request.url} takes JSON, not ${TAR}`));
  });
  server.addContentTypeParser(BYTES, (request, payload, done) => {
    if (routeOf(request) === FILES) done(null, payload);
    else done(new SlipwayError('wrong-content-type', `${request.url} does not take ${BYTES}`));
  });
  server.addContentTypeParser(YAML, (request, payload, done) => {
    if (takesPackage(request)) done(null, payload);
    else done(new SlipwayError('wrong-content-type', `${request.url} does not take ${YAML}`));
  });
}

/** Whether all of a call is there, whether or not anybody has read it; that of an action always is. */
const hasArrived = ({ raw }: FastifyRequest): boolean =>
  raw.complete !== false || (raw as unknown as Http2ServerRequest).stream?.endAfterHeaders === true;

/** A body that drips in must not hold a call for ever; what is done with one that is there may take its time. */
function limitPaceOfBodies(server: FastifyInstance, ms: number): void {
  server.addHook('preParsing', (request, reply, payload, done) => {
    if (!isStreamed(request) && !hasArrived(request)) {
      const timer = setTimeout(() => {
        if (hasArrived(request)) return;
        void reply
          .header('Connection', 'close')
          .send(new SlipwayError('too-slow', `The body did not arrive within ${ms / 1000} s`));
      }, ms);
      const cancel = () => clearTimeout(timer);
      payload.once('end', cancel);
      reply.raw.once('close', cancel);
    }
    done(null, payload);
  });
}

/** A connection on which the last answer was given must not keep a stopping gateway alive. */
function closeWhenStopping(server: FastifyInstance, stopping: AbortSignal): void {
  server.addHook('onSend', (request, reply, payload, done) => {
    // HTTP/2 has a word of its own for it, and no such header.
    if (stopping.aborted && request.raw.httpVersionMajor === 1) reply.header('Connection', 'close');
    done(null, payload);
  });
}

function recordCalls(server: FastifyInstance, { logger, metrics }: Runtime): void {
  const measured = new CallMetrics(metrics);
  server.addHook('onResponse', (request, reply, done) => {
    const { method, url, context, routeOptions } = request;
    const ms = Math.round(reply.elapsedTime * 10) / 10;
    measured.answered(method, routeOptions.url ?? 'none', reply.statusCode, reply.elapsedTime / 1000);
    const path = url.split('?', 1)[0];
    const { correlationId, actor, logToken } = context;
    logger.info(
      { correlationId, actor: actor.id, ...(logToken && { logToken }), method, path, status: reply.statusCode, ms },
      'call',
    );
    done();
  });
}

/** What is not HTTP, too large in its head, or too slow: Node has no request for it, so the answer goes to the socket. */
function refuseMalformed(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const refusal = refusalOf(error.code);
  socket.end(rawAnswer(refusal, contextOfCall({}).correlationId), () => socket.destroy());
}

function refusalOf(code: string | undefined): SlipwayError {
  if (code === 'HPE_HEADER_OVERFLOW') return new SlipwayError('too-large', 'The head of the call is larger than 16 KiB');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new SlipwayError('too-slow', 'The head of the call did not arrive in time');
  return badInput([{ field: '', reason: 'the call is not valid HTTP/1.1' }]);
}

/** A URL that can't be decoded, or with a part that is too long: refused before any hook runs. */
function refuseUnroutable(error: Error, request: { headers: IncomingHttpHeaders }, reply: FastifyReply): void {
  const problem = problemOf(toSlipwayError(error), contextOfCall(request.headers).correlationId);
  void reply.status(problem.status).headers(problemHeaders(problem)).send(JSON.stringify(problem));
}
