import { Body, Controller, Get, Headers, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyReply } from 'fastify';
import { HTTP_HEADERS, NAME, SlipwayError, type RequestContext } from '@slipway/contracts';
import { ControlBody, type Accepted, type EnvironmentView } from '@slipway/contracts/http';
import { badInput, validated } from '@slipway/mesh';
import { ApiDispatch, ApiGet, ApiList, ApiNoun } from '../openapi/operations.js';
import type { Views } from '../views/port.js';
import { Context } from './context.js';
import { listQuery, one, onlyKnown, type Query as QueryString } from './list-query.js';
import { Orchestrator } from './orchestrator.js';
import { answerPage } from './page.js';
import { ReadYourWrites } from './read-your-writes.js';
import { VIEWS } from './tokens.js';

/** Places' runtime state, and the pausing of all that is dispatched in one. */
@ApiNoun('environments')
@Controller('environments')
export class EnvironmentsController {
  constructor(
    @Inject(VIEWS) private readonly views: Views,
    @Inject(ReadYourWrites) private readonly yourWrites: ReadYourWrites,
    @Inject(Orchestrator) private readonly orchestrator: Orchestrator,
  ) {}

  @ApiList('environments')
  @Get()
  async list(
    @Query() query: QueryString,
    @Headers() headers: IncomingHttpHeaders,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<string> {
    await this.yourWrites.reached('environments', headers, query);
    return answerPage(reply, await this.views.listText('environments', listQuery(query)));
  }

  @ApiGet('environments')
  @Get(':id')
  async get(
    @Param('id') id: string,
    @Query() query: QueryString,
    @Headers() headers: IncomingHttpHeaders,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<EnvironmentView> {
    onlyKnown(query, ['asOf', 'atLeast']);
    await this.yourWrites.reached('environments', headers, query);
    const asOf = one(query, 'asOf');
    const view = await this.views.get('environments', id, asOf === undefined ? {} : { asOf });
    if (!view)
      throw new SlipwayError('not-found', `There is no environment ${id.slice(0, 64)}: nothing was ever asked for in it`);
    reply.header(HTTP_HEADERS.position, view.position);
    return view;
  }

  @ApiDispatch('pause')
  @HttpCode(202)
  @Post(':id/pause')
  pause(
    @Param('id') id: string,
    @Body() body: unknown,
    @Context() context: RequestContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Accepted> {
    return this.#dispatch('pauseDispatch', id, body, context, reply);
  }

  @ApiDispatch('resume')
  @HttpCode(202)
  @Post(':id/resume')
  resume(
    @Param('id') id: string,
    @Body() body: unknown,
    @Context() context: RequestContext,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<Accepted> {
    return this.#dispatch('resumeDispatch', id, body, context, reply);
  }

  async #dispatch(
    verb: 'pauseDispatch' | 'resumeDispatch',
    environment: string,
    body: unknown,
    context: RequestContext,
    reply: FastifyReply,
  ): Promise<Accepted> {
    if (!NAME.test(environment)) throw badInput([{ field: 'environment', reason: "must be an environment's name" }]);
    const { reason } = validated(ControlBody, body ?? {});
    const accepted = await this.orchestrator.dispatch(context, verb, { environment, ...(reason !== undefined && { reason }) });
    reply.header('Location', `/api/v1/environments/${environment}`);
    reply.header(HTTP_HEADERS.position, accepted.position);
    return accepted;
  }
}
