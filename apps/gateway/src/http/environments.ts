import { Body, Controller, Get, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { NAME } from '@slipway/contracts';
import { ControlBody, type Accepted, type EnvironmentView } from '@slipway/contracts/http';
import { badInput, validated } from '@slipway/mesh';
import { ApiDispatch, ApiGet, ApiList, ApiNoun } from '../openapi/operations.js';
import type { Views } from '../views/port.js';
import { Call, HttpCall } from './call.js';
import { noEnvironment } from './installed.js';
import { listQuery, onlyKnown } from './list-query.js';
import { Orchestrator } from './orchestrator.js';
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
  async list(@Call() call: HttpCall): Promise<string> {
    await this.yourWrites.reached('environments', call);
    return call.page(await this.views.listText('environments', listQuery(call.query)));
  }

  @ApiGet('environments')
  @Get(':id')
  async get(@Param('id') id: string, @Call() call: HttpCall): Promise<EnvironmentView> {
    onlyKnown(call.query, ['asOf', 'atLeast']);
    await this.yourWrites.reached('environments', call);
    const view = await this.views.get('environments', id, call.moment);
    if (!view) throw noEnvironment(id);
    return call.at(view);
  }

  @ApiDispatch('pause')
  @HttpCode(202)
  @Post(':id/pause')
  pause(@Param('id') id: string, @Body() body: unknown, @Call() call: HttpCall): Promise<Accepted> {
    return this.#dispatch('pauseDispatch', id, body, call);
  }

  @ApiDispatch('resume')
  @HttpCode(202)
  @Post(':id/resume')
  resume(@Param('id') id: string, @Body() body: unknown, @Call() call: HttpCall): Promise<Accepted> {
    return this.#dispatch('resumeDispatch', id, body, call);
  }

  async #dispatch(
    verb: 'pauseDispatch' | 'resumeDispatch',
    environment: string,
    body: unknown,
    call: HttpCall,
  ): Promise<Accepted> {
    if (!NAME.test(environment)) throw badInput([{ field: 'environment', reason: "must be an environment's name" }]);
    const { reason } = validated(ControlBody, body ?? {});
    const command = { environment, ...(reason !== undefined && { reason }) };
    return call.recorded(await this.orchestrator.dispatch(call.context, verb, command), `environments/${environment}`);
  }
}
