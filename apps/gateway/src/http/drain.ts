import type { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Clock } from '@slipway/contracts';

/** How long who sends what was refused may go on sending, in ms. */
const LINGER_MS = 2_000;

/**
 * For a body that is refused while it comes in: lets its sender read why. A connection that is closed meanwhile is reset, and
 * what was answered is lost with it (RFC 9112 §9.6); so the rest is read and thrown away for a while.
 */
export function drain(request: FastifyRequest, reply: FastifyReply, clock: Clock): void {
  const body = request.body as Readable;
  body.unpipe();
  body.resume();
  reply.raw.once('finish', () => clock.after(LINGER_MS, () => request.raw.complete || request.raw.destroy()));
}
