import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { VERBS, type Plan } from '@slipway/contracts';
import { currentContext } from '@slipway/mesh';
import { Planning } from './planning.js';
import { ResolveBody } from './resolve-body.js';

@Controller()
export class ResolverController {
  constructor(@Inject(Planning) private readonly planning: Planning) {}

  @MessagePattern(VERBS.plan)
  plan(@Payload() query: ResolveBody): Promise<Plan> {
    return this.planning.plan(query, currentContext().deadline);
  }
}
