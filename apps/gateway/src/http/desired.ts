import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { VERBS, type Desired, type DesiredChange, type SetDesiredCommand } from '@slipway/contracts';
import { ControlBody } from '@slipway/contracts/http';
import { BUS, validated, type Bus } from '@slipway/mesh';
import { ApiDesired } from '../openapi/instance-operations.js';
import { ApiNoun } from '../openapi/operations.js';
import { Call, HttpCall } from './call.js';
import { KnownResources } from './known-resources.js';
import { onlyKnown } from './list-query.js';

/** What changes something is answered within a second, if only with the reason why not. */
const COMMAND_MS = 900;

/** Whether an instance is to run, said to its sub-provisioner, which records it. */
@ApiNoun('instances')
@Controller('instances')
export class DesiredController {
  constructor(
    @Inject(KnownResources) private readonly known: KnownResources,
    @Inject(BUS) private readonly bus: Bus,
  ) {}

  @ApiDesired('start')
  @HttpCode(202)
  @Post(':id/start')
  start(@Param('id') id: string, @Body() body: unknown, @Call() call: HttpCall): Promise<Desired> {
    return this.#set('start', id, body, call);
  }

  @ApiDesired('stop')
  @HttpCode(202)
  @Post(':id/stop')
  stop(@Param('id') id: string, @Body() body: unknown, @Call() call: HttpCall): Promise<Desired> {
    return this.#set('stop', id, body, call);
  }

  @ApiDesired('restart')
  @HttpCode(202)
  @Post(':id/restart')
  restart(@Param('id') id: string, @Body() body: unknown, @Call() call: HttpCall): Promise<Desired> {
    return this.#set('restart', id, body, call);
  }

  async #set(change: DesiredChange, id: string, body: unknown, call: HttpCall): Promise<Desired> {
    onlyKnown(call.query, ['environment', 'atLeast']);
    const { reason } = validated(ControlBody, body ?? {});
    const { kind, environment, name, location } = await this.known.get('instances', id, call);
    const resource = { environment, kind, name };
    const command: SetDesiredCommand = { resource, change, ...(reason !== undefined && { reason }) };
    const options = { context: call.context, location, timeoutMs: COMMAND_MS };
    const desired = await this.bus.request<Desired>(kind, VERBS.setDesired, command, options);
    return call.recorded(desired, `instances/${environment}.${name}`);
  }
}
