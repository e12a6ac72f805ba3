import { Body, Controller, Headers, HttpCode, Inject, Post } from '@nestjs/common';
import { PLAN_DRAWINGS, describePlan, graphOf, type Plan } from '@slipway/contracts';
import { PlanJob } from '@slipway/contracts/http';
import { ApiNoun, ApiPlan } from '../openapi/operations.js';
import { Call, HttpCall } from './call.js';
import { Orchestrator } from './orchestrator.js';

/** How a plan is shown, by the media type that is asked for; JSON otherwise. */
const SHOWN: Readonly<Record<string, (plan: Plan) => string>> = {
  'text/plain': describePlan,
  'text/vnd.graphviz': (plan) => PLAN_DRAWINGS.dot(graphOf(plan)),
  'text/vnd.mermaid': (plan) => PLAN_DRAWINGS.mermaid(graphOf(plan)),
};

/** What a request would do; changes nothing. */
@ApiNoun('plans')
@Controller('plans')
export class PlansController {
  constructor(@Inject(Orchestrator) private readonly orchestrator: Orchestrator) {}

  @ApiPlan()
  @HttpCode(200)
  @Post()
  async plan(
    @Body() job: PlanJob,
    @Headers('accept') accept: string | undefined,
    @Call() call: HttpCall,
  ): Promise<Plan | string> {
    const plan = await this.orchestrator.plan(call.context, job);
    const type = Object.keys(SHOWN).find((one) => accept?.includes(one));
    if (type === undefined) return plan;
    return call.text(`${SHOWN[type]!(plan)}\n`, type);
  }
}
