import { Body, Controller, HttpCode, Inject, Param, Post } from '@nestjs/common';
import { DEFAULT_ENVIRONMENT, NAME, type Extended } from '@slipway/contracts';
import { ExtendBody } from '@slipway/contracts/http';
import { badInput } from '@slipway/mesh';
import { ApiExtend } from '../openapi/instance-operations.js';
import { ApiNoun } from '../openapi/operations.js';
import { Call, HttpCall } from './call.js';
import { one, onlyKnown } from './list-query.js';
import { Orchestrator } from './orchestrator.js';

/** How long an instance is wanted: a matter of its name, which the orchestrator keeps. */
@ApiNoun('instances')
@Controller('instances')
export class ExtendController {
  constructor(@Inject(Orchestrator) private readonly orchestrator: Orchestrator) {}

  @ApiExtend()
  @HttpCode(202)
  @Post(':id/extend')
  async extend(@Param('id') id: string, @Body() body: ExtendBody, @Call() call: HttpCall): Promise<Extended> {
    onlyKnown(call.query, ['environment', 'atLeast']);
    const given = one(call.query, 'environment') ?? DEFAULT_ENVIRONMENT;
    const [environment, name, ...rest] = id.includes('.') ? id.split('.') : [given, id];
    if (rest.length > 0 || !NAME.test(environment!) || !NAME.test(name!))
      throw badInput([{ field: 'id', reason: "must be an instance's name, or environment.name" }]);
    const { until, reason } = body;
    const command = { environment: environment!, name: name!, until, ...(reason !== undefined && { reason }) };
    return call.recorded(await this.orchestrator.extend(call.context, command), `instances/${environment}.${name}`);
  }
}
