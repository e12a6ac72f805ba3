import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Logger } from 'pino';
import { problemHeaders, problemOf, toSlipwayError } from './problem.js';

/** Whatever a call throws, in hooks, pipes or handlers, as application/problem+json. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly logger: Logger) {}

  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const { correlationId } = http.getRequest<FastifyRequest>().context;
    const reply = http.getResponse<FastifyReply>();
    const error = toSlipwayError(thrown);
    if (error.code === 'internal') this.logger.error({ err: thrown, correlationId }, 'A call failed inside');
    if (reply.sent) return;
    const problem = problemOf(error, correlationId);
    // A serializer of its own: the body is text already.
    void reply.status(problem.status).headers(problemHeaders(problem)).send(JSON.stringify(problem));
  }
}
