import { Body, Controller, Get, HttpCode, Inject, Param, Post, Query, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { SlipwayError, type EventView } from '@slipway/contracts';
import { AbandonBody, ControlBody, type Accepted, type Page, type RequestView } from '@slipway/contracts/http';
import { isAfter } from '@slipway/event-store';
import { badInput, validated, eventView } from '@slipway/mesh';
import { ApiControl, ApiEventsOfRequest, ApiGet, ApiList, ApiLogs, ApiNoun } from '../openapi/operations.js';
import type { Views } from '../views/port.js';
import { Call, HttpCall } from './call.js';
import { listQuery, one, onlyKnown, whole, type Query as QueryString } from './list-query.js';
import { LogReader } from './log-reader.js';
import { Orchestrator, type ControlVerb } from './orchestrator.js';
import { ReadYourWrites } from './read-your-writes.js';
import { StepLogs, endedTries } from './step-logs.js';
import { VIEWS } from './tokens.js';
import { mayBePartial } from './whole-events.js';

/** Jobs as they stand, and what can be done to them. */
@ApiNoun('requests')
@Controller('requests')
export class RequestsController {
  constructor(
    @Inject(VIEWS) private readonly views: Views,
    @Inject(LogReader) private readonly log: LogReader,
    @Inject(Orchestrator) private readonly orchestrator: Orchestrator,
    @Inject(ReadYourWrites) private readonly yourWrites: ReadYourWrites,
    @Inject(StepLogs) private readonly logs: StepLogs,
  ) {}

  @ApiList('requests')
  @Get()
  async list(@Call() call: HttpCall) {
    await this.yourWrites.reached('requests', call);
    return call.page(await this.views.listText('requests', listQuery(call.query)));
  }

  @ApiGet('requests')
  @Get(':id')
  async get(@Param('id') id: string, @Call() call: HttpCall): Promise<RequestView> {
    onlyKnown(call.query, ['asOf', 'atLeast']);
    const { moment } = call;
    const row = (await this.yourWrites.isBehind('requests', call)) ? null : await this.#row(id, moment);
    // One that was just accepted is never 404: what no view has heard of yet is folded from its stream.
    const view = row && !mayBePartial(row) ? row : await this.log.request(id, moment.asOf);
    return call.at(view);
  }

  @ApiEventsOfRequest()
  @Get(':id/events')
  async events(@Param('id') id: string, @Query() query: QueryString): Promise<Page<EventView>> {
    onlyKnown(query, ['cursor', 'limit', 'asOf', 'atLeast']);
    const limit = whole(query, 'limit', 1, 5000) ?? 500;
    const after = await this.log.known(one(query, 'cursor'), 'cursor');
    const all = await this.log.eventsOf(id, one(query, 'asOf'));
    const events = all.filter(({ position }) => after === undefined || isAfter(position, after));
    const items = events.slice(0, limit);
    const position = items.at(-1)?.position ?? after ?? (await this.log.head());
    return { items: items.map(eventView), position, ...(events.length > limit && { next: position }) };
  }

  @ApiLogs()
  @Get(':id/logs')
  async stepLogs(@Param('id') id: string, @Call() call: HttpCall, @Res() reply: FastifyReply): Promise<void> {
    onlyKnown(call.query, ['step', 'asOf']);
    const { asOf } = call.moment;
    const request = await this.log.request(id, asOf);
    const step = one(call.query, 'step');
    if (step !== undefined && !request.steps.some(({ id: known }) => known === step)) {
      throw badInput([
        {
          field: 'step',
          reason: `is none of this request's: ${request.steps.map(({ id: known }) => known).join(', ') || 'it has none'}`,
        },
      ]);
    }
    const asLines = (call.headers.accept ?? '').includes('application/x-ndjson');
    reply.header('Content-Type', asLines ? 'application/x-ndjson; charset=utf-8' : 'text/plain; charset=utf-8');
    const ended = endedTries(await this.log.eventsOf(id, asOf));
    // What runs is asked for its log as it is now.
    const options = { ended, running: asOf === undefined, step, asLines };
    await reply.send(this.logs.stream({ ...call.context, requestId: id }, request, options));
  }

  @ApiControl('cancel', ControlBody)
  @HttpCode(202)
  @Post(':id/cancel')
  cancel(@Param('id') id: string, @Body() body: unknown, @Call() call: HttpCall) {
    return this.#control('cancel', id, validated(ControlBody, body ?? {}), call);
  }

  @ApiControl('retry', ControlBody)
  @HttpCode(202)
  @Post(':id/retry')
  retry(@Param('id') id: string, @Body() body: unknown, @Call() call: HttpCall) {
    return this.#control('retry', id, validated(ControlBody, body ?? {}), call);
  }

  @ApiControl('abandon', AbandonBody)
  @HttpCode(202)
  @Post(':id/abandon')
  abandon(@Param('id') id: string, @Body() body: unknown, @Call() call: HttpCall) {
    const abandon = validated(AbandonBody, body ?? {});
    if (abandon.reason.trim() === '') throw badInput([{ field: 'reason', reason: 'must say why: somebody will ask' }]);
    return this.#control('abandon', id, abandon, call);
  }

  @ApiControl('pause', ControlBody)
  @HttpCode(202)
  @Post(':id/pause')
  pause(@Param('id') id: string, @Body() body: unknown, @Call() call: HttpCall) {
    return this.#control('pause', id, validated(ControlBody, body ?? {}), call);
  }

  @ApiControl('resume', ControlBody)
  @HttpCode(202)
  @Post(':id/resume')
  resume(@Param('id') id: string, @Body() body: unknown, @Call() call: HttpCall) {
    return this.#control('resume', id, validated(ControlBody, body ?? {}), call);
  }

  async #control(verb: ControlVerb, requestId: string, { reason }: ControlBody, call: HttpCall): Promise<Accepted> {
    const command = { requestId, ...(reason !== undefined && { reason }) };
    return call.recorded(await this.orchestrator.control(call.context, verb, command), `requests/${requestId}`);
  }

  /** As the views have it; `null` when they do not, or are not built yet. */
  async #row(id: string, moment: { asOf?: string }): Promise<RequestView | null> {
    try {
      return await this.views.get('requests', id, moment);
    } catch (error) {
      if (error instanceof SlipwayError && error.code === 'behind') return null;
      throw error;
    }
  }
}
