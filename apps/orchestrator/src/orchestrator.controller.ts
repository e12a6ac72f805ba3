import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import {
  SCHEMAS,
  VERBS,
  type AcceptCommand,
  type ControlCommand,
  type DeleteSnapshotCommand,
  type DispatchCommand,
  type DriftQuery,
  type ExtendCommand,
  type OfferingsQuery,
  type PlanQuery,
  type ReceiveSnapshotCommand,
} from '@slipway/contracts';
import { SchemaPipe, currentContext } from '@slipway/mesh';
import { Orchestrator } from './process/orchestrator.js';

/** `slipway.<mesh>.orchestrator.<verb>`; `health` is every service's. */
@Controller()
export class OrchestratorController {
  constructor(@Inject(Orchestrator) private readonly orchestrator: Orchestrator) {}

  @MessagePattern(VERBS.accept)
  accept(@Payload(new SchemaPipe(SCHEMAS.AcceptCommand)) command: AcceptCommand) {
    return this.orchestrator.accept(command, currentContext());
  }

  @MessagePattern(VERBS.plan)
  plan(@Payload(new SchemaPipe(SCHEMAS.PlanQuery)) query: PlanQuery) {
    return this.orchestrator.plan(query, currentContext());
  }

  @MessagePattern(VERBS.drift)
  drift(@Payload(new SchemaPipe(SCHEMAS.DriftQuery)) query: DriftQuery) {
    return this.orchestrator.drift(query);
  }

  @MessagePattern(VERBS.offerings)
  offerings(@Payload(new SchemaPipe(SCHEMAS.OfferingsQuery)) query: OfferingsQuery) {
    return this.orchestrator.offerings(query, currentContext());
  }

  @MessagePattern(VERBS.extend)
  extend(@Payload(new SchemaPipe(SCHEMAS.ExtendCommand)) command: ExtendCommand) {
    return this.orchestrator.extend(command, currentContext());
  }

  @MessagePattern(VERBS.cancel)
  cancel(@Payload(new SchemaPipe(SCHEMAS.ControlCommand)) command: ControlCommand) {
    return this.orchestrator.control('cancel', command, currentContext());
  }

  @MessagePattern(VERBS.retry)
  retry(@Payload(new SchemaPipe(SCHEMAS.ControlCommand)) command: ControlCommand) {
    return this.orchestrator.control('retry', command, currentContext());
  }

  @MessagePattern(VERBS.abandon)
  abandon(@Payload(new SchemaPipe(SCHEMAS.ControlCommand)) command: ControlCommand) {
    return this.orchestrator.control('abandon', command, currentContext());
  }

  @MessagePattern(VERBS.pause)
  pause(@Payload(new SchemaPipe(SCHEMAS.ControlCommand)) command: ControlCommand) {
    return this.orchestrator.control('pause', command, currentContext());
  }

  @MessagePattern(VERBS.resume)
  resume(@Payload(new SchemaPipe(SCHEMAS.ControlCommand)) command: ControlCommand) {
    return this.orchestrator.control('resume', command, currentContext());
  }

  @MessagePattern(VERBS.receiveSnapshot)
  receiveSnapshot(@Payload(new SchemaPipe(SCHEMAS.ReceiveSnapshotCommand)) command: ReceiveSnapshotCommand) {
    return this.orchestrator.receiveSnapshot(command, currentContext());
  }

  @MessagePattern(VERBS.deleteSnapshot)
  deleteSnapshot(@Payload(new SchemaPipe(SCHEMAS.DeleteSnapshotCommand)) command: DeleteSnapshotCommand) {
    return this.orchestrator.deleteSnapshot(command, currentContext());
  }

  @MessagePattern(VERBS.pauseDispatch)
  pauseDispatch(@Payload(new SchemaPipe(SCHEMAS.DispatchCommand)) command: DispatchCommand) {
    return this.orchestrator.pauseDispatch(command, currentContext());
  }

  @MessagePattern(VERBS.resumeDispatch)
  resumeDispatch(@Payload(new SchemaPipe(SCHEMAS.DispatchCommand)) command: DispatchCommand) {
    return this.orchestrator.resumeDispatch(command, currentContext());
  }
}
