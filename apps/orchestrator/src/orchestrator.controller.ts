import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { VERBS, type AcceptCommand, type ControlCommand, type DispatchCommand, type PlanQuery } from '@slipway/contracts';
import { badInput, currentContext } from '@slipway/mesh';
import { Orchestrator } from './process/orchestrator.js';

/** `slipway.<mesh>.orchestrator.<verb>`; `health` is every service's. */
@Controller()
export class OrchestratorController {
  constructor(@Inject(Orchestrator) private readonly orchestrator: Orchestrator) {}

  @MessagePattern(VERBS.accept)
  accept(@Payload() command: unknown) {
    return this.orchestrator.accept(object<AcceptCommand>(command), currentContext());
  }

  @MessagePattern(VERBS.plan)
  plan(@Payload() query: unknown) {
    return this.orchestrator.plan(object<PlanQuery>(query), currentContext());
  }

  @MessagePattern(VERBS.cancel)
  cancel(@Payload() command: unknown) {
    return this.orchestrator.control('cancel', object<ControlCommand>(command), currentContext());
  }

  @MessagePattern(VERBS.retry)
  retry(@Payload() command: unknown) {
    return this.orchestrator.control('retry', object<ControlCommand>(command), currentContext());
  }

  @MessagePattern(VERBS.abandon)
  abandon(@Payload() command: unknown) {
    return this.orchestrator.control('abandon', object<ControlCommand>(command), currentContext());
  }

  @MessagePattern(VERBS.pause)
  pause(@Payload() command: unknown) {
    return this.orchestrator.control('pause', object<ControlCommand>(command), currentContext());
  }

  @MessagePattern(VERBS.resume)
  resume(@Payload() command: unknown) {
    return this.orchestrator.control('resume', object<ControlCommand>(command), currentContext());
  }

  @MessagePattern(VERBS.pauseDispatch)
  pauseDispatch(@Payload() command: unknown) {
    return this.orchestrator.pauseDispatch(object<DispatchCommand>(command), currentContext());
  }

  @MessagePattern(VERBS.resumeDispatch)
  resumeDispatch(@Payload() command: unknown) {
    return this.orchestrator.resumeDispatch(object<DispatchCommand>(command), currentContext());
  }
}

/** Bodies of any language come in here: what is inside is checked where it is used. */
function object<T extends object>(body: unknown): T {
  if (body === null || typeof body !== 'object' || Array.isArray(body))
    throw badInput([{ field: '', reason: 'must be a JSON object' }]);
  return body as T;
}
