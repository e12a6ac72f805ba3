import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { SCHEMAS, VERBS, type Offerings, type Plan, type ResolveOfferingsQuery, type ResolveQuery } from '@slipway/contracts';
import { SchemaPipe, currentContext } from '@slipway/mesh';
import { Planning } from './planning.js';

@Controller()
export class ResolverController {
  constructor(@Inject(Planning) private readonly planning: Planning) {}

  @MessagePattern(VERBS.plan)
  plan(@Payload(new SchemaPipe(SCHEMAS.ResolveQuery)) query: ResolveQuery): Promise<Plan> {
    return this.planning.plan(query, currentContext().deadline);
  }

  @MessagePattern(VERBS.offerings)
  offerings(@Payload(new SchemaPipe(SCHEMAS.ResolveOfferingsQuery)) query: ResolveOfferingsQuery): Promise<Offerings> {
    return this.planning.offerings(query);
  }
}
