import type { FastifyReply } from 'fastify';
import { HTTP_HEADERS } from '@slipway/contracts';

const POSITION = /"position":"([^"]*)"\}$/;

/**
 * A page as the views have it, as JSON text: passed through as it is. Its position, which stands at its end, goes into the
 * header as well, so that the next read can ask for at least that.
 */
export function answerPage(reply: FastifyReply, page: string): string {
  const position = POSITION.exec(page.slice(-200))?.[1];
  if (position !== undefined) reply.header(HTTP_HEADERS.position, position);
  reply.header('Content-Type', 'application/json; charset=utf-8');
  return page;
}
