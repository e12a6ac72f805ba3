import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { NAME, SlipwayError, VERBS, type RequestContext } from '@slipway/contracts';
import { ControlBody, DiscardBody, type Accepted, type HandlerList, type HandlerView } from '@slipway/contracts/http';
import { BUS, validated, type Bus } from '@slipway/mesh';
import { ApiNoun } from '../openapi/operations.js';
import { ApiHandler, ApiHandlers, ApiParked } from '../openapi/handler-operations.js';
import { Call, HttpCall } from './call.js';
import { onlyKnown } from './list-query.js';

const ASK_MS = 2_000;

/** Handlers, and what to do about events that they have parked. */
@ApiNoun('handlers')
@Controller('handlers')
export class HandlersController {
  constructor(@Inject(BUS) private readonly bus: Bus) {}

  @ApiHandlers()
  @Get()
  list(@Call() { context, query }: HttpCall): Promise<HandlerList> {
    onlyKnown(query, []);
    return this.bus.request('handlers', VERBS.listHandlers, {}, { context, timeoutMs: ASK_MS });
  }

  @ApiHandler()
  @Get(':name')
  async get(@Param('name') name: string, @Call() { context, query }: HttpCall): Promise<HandlerView> {
    onlyKnown(query, []);
    assertName(name);
    const { items } = await this.bus.request<HandlerList>(
      'handlers',
      VERBS.listHandlers,
      { name },
      { context, timeoutMs: ASK_MS },
    );
    return items[0]!;
  }

  @ApiParked('retry', ControlBody)
  @HttpCode(202)
  @Post(':name/parked/:eventId/retry')
  async retry(@Param('name') name: string, @Param('eventId') eventId: string, @Body() body: unknown, @Call() call: HttpCall) {
    const { reason } = validated(ControlBody, body ?? {});
    const command = { handler: assertName(name), eventId: eventId.slice(0, 128), ...(reason !== undefined && { reason }) };
    return call.recorded(await this.#record(VERBS.retryParked, command, call.context), `handlers/${name}`);
  }

  @ApiParked('discard', DiscardBody)
  @HttpCode(202)
  @Post(':name/parked/:eventId/discard')
  async discard(
    @Param('name') name: string,
    @Param('eventId') eventId: string,
    @Body() { reason }: DiscardBody,
    @Call() call: HttpCall,
  ) {
    const command = { handler: assertName(name), eventId: eventId.slice(0, 128), reason };
    return call.recorded(await this.#record(VERBS.discardParked, command, call.context), `handlers/${name}`);
  }

  #record(
    verb: typeof VERBS.retryParked | typeof VERBS.discardParked,
    command: object,
    context: RequestContext,
  ): Promise<Accepted> {
    return this.bus.request('handlers', verb, command, { context, timeoutMs: ASK_MS });
  }
}

function assertName(name: string): string {
  if (!NAME.test(name)) throw new SlipwayError('not-found', `There is no handler ${name.slice(0, 64)}`);
  return name;
}
