import type { FastifyReply } from 'fastify';
import { HTTP_HEADERS } from '@slipway/contracts';
import type { Page } from '@slipway/contracts/http';

/** A page with its position in the header as well, so that the next read can ask for at least that. */
export function answerPage<T>(reply: FastifyReply, page: Page<T>): Page<T> {
  reply.header(HTTP_HEADERS.position, page.position);
  return page;
}
