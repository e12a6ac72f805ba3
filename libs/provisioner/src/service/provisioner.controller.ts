import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import {
  SCHEMAS,
  VERBS,
  type AdoptCommand,
  type CompareQuery,
  type CredentialsQuery,
  type DestroyCommand,
  type EnsureCommand,
  type ExportCommand,
  type InspectQuery,
  type InstanceLogQuery,
  type RotateCommand,
  type SetDesiredCommand,
  type StepCancelCommand,
  type StepLogQuery,
  type StraysQuery,
  type StopCommand,
  type UpdateCommand,
} from '@slipway/contracts';
import { SchemaPipe, currentContext } from '@slipway/mesh';
import { CredentialReader } from '../credentials/credential-reader.js';
import { Rotations } from '../credentials/rotations.js';
import { Drifts } from '../drift/drifts.js';
import { InstanceLogs } from '../log/instance-logs.js';
import { Provisioner } from '../provisioner.js';
import { DesiredStates } from '../watch/desired-states.js';

/** The verbs of a sub-provisioner, at `slipway.<mesh>.<kind>.<location>.<verb>`. */
@Controller()
export class ProvisionerController {
  constructor(
    @Inject(Provisioner) private readonly provisioner: Provisioner,
    @Inject(DesiredStates) private readonly desired: DesiredStates,
    @Inject(Rotations) private readonly rotations: Rotations,
    @Inject(InstanceLogs) private readonly logs: InstanceLogs,
    @Inject(CredentialReader) private readonly reader: CredentialReader,
    @Inject(Drifts) private readonly drifts: Drifts,
  ) {}

  @MessagePattern(VERBS.ensure)
  ensure(@Payload(new SchemaPipe(SCHEMAS.EnsureCommand)) command: EnsureCommand) {
    return this.provisioner.ensure(command, currentContext());
  }

  @MessagePattern(VERBS.destroy)
  destroy(@Payload(new SchemaPipe(SCHEMAS.DestroyCommand)) command: DestroyCommand) {
    return this.provisioner.destroy(command, currentContext());
  }

  @MessagePattern(VERBS.stop)
  stop(@Payload(new SchemaPipe(SCHEMAS.StopCommand)) command: StopCommand) {
    return this.provisioner.stop(command, currentContext());
  }

  @MessagePattern(VERBS.export)
  export(@Payload(new SchemaPipe(SCHEMAS.ExportCommand)) command: ExportCommand) {
    return this.provisioner.export(command, currentContext());
  }

  @MessagePattern(VERBS.update)
  update(@Payload(new SchemaPipe(SCHEMAS.UpdateCommand)) command: UpdateCommand) {
    return this.provisioner.update(command, currentContext());
  }

  @MessagePattern(VERBS.inspect)
  inspect(@Payload(new SchemaPipe(SCHEMAS.InspectQuery)) query: InspectQuery) {
    return this.provisioner.inspect(query);
  }

  @MessagePattern(VERBS.compare)
  compare(@Payload(new SchemaPipe(SCHEMAS.CompareQuery)) query: CompareQuery) {
    return this.drifts.compare(query);
  }

  @MessagePattern(VERBS.strays)
  strays(@Payload(new SchemaPipe(SCHEMAS.StraysQuery)) query: StraysQuery) {
    return this.drifts.strays(query);
  }

  @MessagePattern(VERBS.adopt)
  adopt(@Payload(new SchemaPipe(SCHEMAS.AdoptCommand)) command: AdoptCommand) {
    return this.drifts.adopt(command, currentContext());
  }

  @MessagePattern(VERBS.cancelStep)
  cancelStep(@Payload(new SchemaPipe(SCHEMAS.StepCancelCommand)) command: StepCancelCommand) {
    return this.provisioner.cancelStep(command);
  }

  @MessagePattern(VERBS.log)
  log(@Payload(new SchemaPipe(SCHEMAS.StepLogQuery)) query: StepLogQuery) {
    return this.provisioner.log(query);
  }

  @MessagePattern(VERBS.setDesired)
  setDesired(@Payload(new SchemaPipe(SCHEMAS.SetDesiredCommand)) command: SetDesiredCommand) {
    return this.desired.set(command, currentContext());
  }

  @MessagePattern(VERBS.instanceLog)
  instanceLog(@Payload(new SchemaPipe(SCHEMAS.InstanceLogQuery)) query: InstanceLogQuery) {
    return this.logs.read(query);
  }

  @MessagePattern(VERBS.credentials)
  credentials(@Payload(new SchemaPipe(SCHEMAS.CredentialsQuery)) query: CredentialsQuery) {
    return this.reader.read(query, currentContext());
  }

  @MessagePattern(VERBS.rotate)
  rotate(@Payload(new SchemaPipe(SCHEMAS.RotateCommand)) command: RotateCommand) {
    return this.rotations.rotate(command, currentContext());
  }
}
