import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { SCHEMAS, VERBS, type DiscardParkedCommand, type HandlersQuery, type RetryParkedCommand } from '@slipway/contracts';
import type { Accepted, HandlerList } from '@slipway/contracts/http';
import { SchemaPipe, currentContext } from '@slipway/mesh';
import { Handlers } from './handlers.js';

/** `slipway.<mesh>.handlers.<verb>` */
@Controller()
export class HandlersController {
  constructor(@Inject(Handlers) private readonly handlers: Handlers) {}

  @MessagePattern(VERBS.listHandlers)
  list(@Payload(new SchemaPipe(SCHEMAS.HandlersQuery)) { name }: HandlersQuery): Promise<HandlerList> {
    return this.handlers.list(name);
  }

  @MessagePattern(VERBS.retryParked)
  retry(@Payload(new SchemaPipe(SCHEMAS.RetryParkedCommand)) command: RetryParkedCommand): Promise<Accepted> {
    const { handler, ...wanted } = command;
    const context = currentContext();
    return this.handlers.decide(handler, { type: 'Retry', ...wanted, actor: context.actor }, context);
  }

  @MessagePattern(VERBS.discardParked)
  discard(@Payload(new SchemaPipe(SCHEMAS.DiscardParkedCommand)) command: DiscardParkedCommand): Promise<Accepted> {
    const { handler, ...wanted } = command;
    const context = currentContext();
    return this.handlers.decide(handler, { type: 'Discard', ...wanted, actor: context.actor }, context);
  }
}
