import type { IncomingHttpHeaders } from 'node:http';
import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { HTTP_HEADERS, type RequestContext } from '@slipway/contracts';
import { one, type Query } from './list-query.js';

const POSITION = /"position":"([^"]*)"\}$/;

/** What a handler needs of a call beside its path and its body, and what its answer says beside its body. */
export class HttpCall {
  constructor(
    private readonly request: FastifyRequest,
    private readonly reply: FastifyReply,
  ) {}

  /** Who calls, with which id, as the door made it. */
  get context(): RequestContext {
    return this.request.context;
  }
  get query(): Query {
    return this.request.query as Query;
  }
  get headers(): IncomingHttpHeaders {
    return this.request.headers;
  }
  /** The moment that is asked about; empty: the present. */
  get moment(): { asOf?: string } {
    const asOf = one(this.query, 'asOf');
    return asOf === undefined ? {} : { asOf };
  }

  /** The answer, whose position goes into the header as well, so that the next read can ask for at least that. */
  at<T extends { position: string }>(answer: T): T {
    this.reply.header(HTTP_HEADERS.position, answer.position);
    return answer;
  }
  /** What was recorded, and where below `/api/v1` its outcome is to be looked for. */
  recorded<T extends { position: string }>(answer: T, where: string): T {
    this.reply.header('Location', `/api/v1/${where}`);
    return this.at(answer);
  }
  /** A page as the views have it, as JSON text: passed through as it is. Its position stands at its end. */
  page(page: string): string {
    const position = POSITION.exec(page.slice(-200))?.[1];
    if (position !== undefined) this.at({ position });
    this.reply.header('Content-Type', 'application/json; charset=utf-8');
    return page;
  }
  /** An answer that is text of a type. */
  text(answer: string, type: string): string {
    this.reply.header('Content-Type', `${type}; charset=utf-8`);
    return answer;
  }
  /** Says how long the answer is held at most, in seconds (RFC 7240 §3). */
  held(seconds: number): void {
    this.reply.header('Preference-Applied', `wait=${seconds}`);
  }
  /** Another status than the route's own. */
  status(status: number): void {
    this.reply.status(status);
  }
}

/** The call that a handler answers: `@Call() call: HttpCall`. */
export const Call = createParamDecorator((_data: unknown, execution: ExecutionContext) => {
  const http = execution.switchToHttp();
  return new HttpCall(http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>());
});
