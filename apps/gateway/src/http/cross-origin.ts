import { HTTP_HEADERS } from '@slipway/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';

const { correlationId, logToken, position, atLeast, idempotencyKey } = HTTP_HEADERS;
/** What a page may read of an answer, and the WebSocket hands on, beside its body. */
export const READABLE = ['Location', 'Preference-Applied', 'Retry-After', position, correlationId];
/** What a page may send. */
const SENDABLE = ['Authorization', 'Content-Type', 'Prefer', 'traceparent', atLeast, idempotencyKey, logToken, correlationId];
/** For so many seconds a browser need not ask again. */
const MAX_AGE = 600;

/**
 * Tells a browser that a page whose origin the door has let in may read the answer (Fetch Standard §3.3, CORS). The key stays
 * what lets one in: nothing that a browser adds by itself, such as cookies, counts.
 */
export function shareAnswer(request: FastifyRequest, reply: FastifyReply): void {
  reply.header('Vary', 'Origin');
  const { origin } = request.headers;
  if (origin === undefined) return;
  reply.header('Access-Control-Allow-Origin', origin).header('Access-Control-Expose-Headers', READABLE.join(', '));
}

/** Whether a browser asks, before a call of a page, if that page may make it; it can't carry the key. */
export const isPreflight = ({ method, headers }: FastifyRequest): boolean =>
  method === 'OPTIONS' && headers.origin !== undefined && headers['access-control-request-method'] !== undefined;

/** The answer to that. */
export function answerPreflight(reply: FastifyReply): void {
  void reply
    .status(204)
    .header('Access-Control-Allow-Methods', 'GET, POST')
    .header('Access-Control-Allow-Headers', SENDABLE.join(', '))
    .header('Access-Control-Max-Age', MAX_AGE)
    .send();
}
