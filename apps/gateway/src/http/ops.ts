import { Body, Controller, Headers, HttpCode, Inject, Post, Res } from '@nestjs/common';
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply } from 'fastify';
import { HTTP_HEADERS, type JobKind, type RequestContext } from '@slipway/contracts';
import { DeprovisionJob, ProvisionJob, type Accepted, type RequestView } from '@slipway/contracts/http';
import { ApiJob, ApiNoun } from '../openapi/operations.js';
import { Context } from './context.js';
import { Endings } from './endings.js';
import { idempotencyKey } from './idempotency-key.js';
import { Orchestrator } from './orchestrator.js';
import { preferredWait } from './prefer.js';

/** Jobs: what changes the world, always queued. */
@ApiNoun('ops')
@Controller('ops')
export class OpsController {
  constructor(
    @Inject(Orchestrator) private readonly orchestrator: Orchestrator,
    @Inject(Endings) private readonly endings: Endings,
  ) {}

  @ApiJob('provision', ProvisionJob)
  @HttpCode(202)
  @Post('provision')
  provision(
    @Body() job: ProvisionJob,
    @Context() context: RequestContext,
    @Headers() headers: IncomingHttpHeaders,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Accepted | RequestView> {
    return this.#accept('provision', job, context, headers, reply);
  }

  @ApiJob('deprovision', DeprovisionJob)
  @HttpCode(202)
  @Post('deprovision')
  deprovision(
    @Body() job: DeprovisionJob,
    @Context() context: RequestContext,
    @Headers() headers: IncomingHttpHeaders,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Accepted | RequestView> {
    return this.#accept('deprovision', job, context, headers, reply);
  }

  async #accept(
    kind: JobKind,
    job: object,
    context: RequestContext,
    headers: IncomingHttpHeaders,
    reply: FastifyReply,
  ): Promise<Accepted | RequestView> {
    const key = idempotencyKey(headers[HTTP_HEADERS.idempotencyKey.toLowerCase()]);
    const accepted = await this.orchestrator.accept(context, kind, job, key);
    reply.header('Location', `/api/v1/requests/${accepted.requestId}`);
    reply.header(HTTP_HEADERS.position, accepted.position);
    const wait = preferredWait(headers['prefer']);
    if (wait === null) return accepted;
    reply.header('Preference-Applied', `wait=${wait}`);
    const ended = await this.endings.endOf(accepted.requestId, wait);
    if (!ended) return accepted;
    reply.header(HTTP_HEADERS.position, ended.position);
    reply.status(200);
    return ended;
  }
}
