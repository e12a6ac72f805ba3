import { Body, Controller, HttpCode, Inject, Post } from '@nestjs/common';
import type { Plan } from '@slipway/contracts';
import { PlanJob } from '@slipway/contracts/http';
import { ApiNoun, ApiPlan } from '../openapi/operations.js';
import { Call, HttpCall } from './call.js';
import { Orchestrator } from './orchestrator.js';

/** What a request would do; changes nothing. */
@ApiNoun('plans')
@Controller('plans')
export class PlansController {
  constructor(@Inject(Orchestrator) private readonly orchestrator: Orchestrator) {}

  @ApiPlan()
  @HttpCode(200)
  @Post()
  plan(@Body() job: PlanJob, @Call() { context }: HttpCall): Promise<Plan> {
    return this.orchestrator.plan(context, job);
  }
}
