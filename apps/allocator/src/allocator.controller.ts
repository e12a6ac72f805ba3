import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import {
  SCHEMAS,
  VERBS,
  type ApproveBlueprintCommand,
  type AskLeaseCommand,
  type BlueprintsQuery,
  type CallInterfaceCommand,
  type CancelCallCommand,
  type ChangeBlueprintCommand,
  type ChangeResourceCommand,
  type DrainResourceCommand,
  type EnterResourceCommand,
  type ForceLeaseCommand,
  type ForceResourceCommand,
  type LeaseGivesQuery,
  type LeaseOfKeyQuery,
  type LeaseStandingQuery,
  type ReclaimLeasesCommand,
  type ReleaseLeaseCommand,
  type RenewLeaseCommand,
  type SetQuotaCommand,
} from '@slipway/contracts';
import { SchemaPipe, currentContext } from '@slipway/mesh';
import { Allocator } from './allocator.js';

/** `slipway.<mesh>.allocator[.<location>].<verb>`; `health` is every service's. */
@Controller()
export class AllocatorController {
  constructor(@Inject(Allocator) private readonly allocator: Allocator) {}

  @MessagePattern(VERBS.askLease)
  ask(@Payload(new SchemaPipe(SCHEMAS.AskLeaseCommand)) command: AskLeaseCommand) {
    return this.allocator.leases.ask(command, currentContext());
  }

  @MessagePattern(VERBS.renewLease)
  renew(@Payload(new SchemaPipe(SCHEMAS.RenewLeaseCommand)) command: RenewLeaseCommand) {
    return this.allocator.leases.renew(command, currentContext());
  }

  @MessagePattern(VERBS.releaseLease)
  release(@Payload(new SchemaPipe(SCHEMAS.ReleaseLeaseCommand)) command: ReleaseLeaseCommand) {
    return this.allocator.leases.release(command, currentContext());
  }

  @MessagePattern(VERBS.reclaimLeases)
  reclaim(@Payload(new SchemaPipe(SCHEMAS.ReclaimLeasesCommand)) command: ReclaimLeasesCommand) {
    return this.allocator.leases.reclaim(command, currentContext());
  }

  @MessagePattern(VERBS.forceLease)
  force(@Payload(new SchemaPipe(SCHEMAS.ForceLeaseCommand)) command: ForceLeaseCommand) {
    return this.allocator.leases.force(command, currentContext());
  }

  @MessagePattern(VERBS.leaseStanding)
  standing(@Payload(new SchemaPipe(SCHEMAS.LeaseStandingQuery)) query: LeaseStandingQuery) {
    return this.allocator.leases.standing(query);
  }

  @MessagePattern(VERBS.leaseOfKey)
  ofKey(@Payload(new SchemaPipe(SCHEMAS.LeaseOfKeyQuery)) query: LeaseOfKeyQuery) {
    return this.allocator.leases.ofKey(query, currentContext());
  }

  @MessagePattern(VERBS.leaseGives)
  gives(@Payload(new SchemaPipe(SCHEMAS.LeaseGivesQuery)) query: LeaseGivesQuery) {
    return this.allocator.gives.tell(query, currentContext());
  }

  @MessagePattern(VERBS.enterResource)
  enter(@Payload(new SchemaPipe(SCHEMAS.EnterResourceCommand)) command: EnterResourceCommand) {
    return this.allocator.resources.enter(command, currentContext());
  }

  @MessagePattern(VERBS.changeResource)
  changeResource(@Payload(new SchemaPipe(SCHEMAS.ChangeResourceCommand)) command: ChangeResourceCommand) {
    return this.allocator.resources.change(command, currentContext());
  }

  @MessagePattern(VERBS.drainResource)
  drain(@Payload(new SchemaPipe(SCHEMAS.DrainResourceCommand)) command: DrainResourceCommand) {
    return this.allocator.resources.drain(command, currentContext());
  }

  @MessagePattern(VERBS.forceResource)
  forceResource(@Payload(new SchemaPipe(SCHEMAS.ForceResourceCommand)) command: ForceResourceCommand) {
    return this.allocator.resources.force(command, currentContext());
  }

  @MessagePattern(VERBS.blueprints)
  blueprints(@Payload(new SchemaPipe(SCHEMAS.BlueprintsQuery)) query: BlueprintsQuery) {
    return this.allocator.blueprints.list(query);
  }

  @MessagePattern(VERBS.changeBlueprint)
  changeBlueprint(@Payload(new SchemaPipe(SCHEMAS.ChangeBlueprintCommand)) command: ChangeBlueprintCommand) {
    return this.allocator.blueprints.change(command, currentContext());
  }

  @MessagePattern(VERBS.approveBlueprint)
  approve(@Payload(new SchemaPipe(SCHEMAS.ApproveBlueprintCommand)) command: ApproveBlueprintCommand) {
    return this.allocator.blueprints.allow('Approve', command, currentContext());
  }

  @MessagePattern(VERBS.revokeBlueprint)
  revoke(@Payload(new SchemaPipe(SCHEMAS.ApproveBlueprintCommand)) command: ApproveBlueprintCommand) {
    return this.allocator.blueprints.allow('Revoke', command, currentContext());
  }

  @MessagePattern(VERBS.setQuota)
  setQuota(@Payload(new SchemaPipe(SCHEMAS.SetQuotaCommand)) command: SetQuotaCommand) {
    return this.allocator.blueprints.setQuota(command, currentContext());
  }

  @MessagePattern(VERBS.callInterface)
  call(@Payload(new SchemaPipe(SCHEMAS.CallInterfaceCommand)) command: CallInterfaceCommand) {
    return this.allocator.calls.call(command, currentContext());
  }

  @MessagePattern(VERBS.cancelCall)
  cancelCall(@Payload(new SchemaPipe(SCHEMAS.CancelCallCommand)) command: CancelCallCommand) {
    return this.allocator.calls.cancel(command);
  }
}
