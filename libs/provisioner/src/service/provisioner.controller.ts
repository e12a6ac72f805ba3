import { Controller, Inject } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { VERBS } from '@slipway/contracts';
import { currentContext } from '@slipway/mesh';
import { Provisioner } from '../provisioner.js';
import { DestroyBody, EnsureBody, InspectBody, StepCancelBody, StepLogBody } from './bodies.js';

/** The verbs of a sub-provisioner, at `slipway.<mesh>.<kind>.<location>.<verb>`. */
@Controller()
export class ProvisionerController {
  constructor(@Inject(Provisioner) private readonly provisioner: Provisioner) {}

  @MessagePattern(VERBS.ensure)
  ensure(@Payload() command: EnsureBody) {
    return this.provisioner.ensure(command, currentContext());
  }

  @MessagePattern(VERBS.destroy)
  destroy(@Payload() command: DestroyBody) {
    return this.provisioner.destroy(command, currentContext());
  }

  @MessagePattern(VERBS.inspect)
  inspect(@Payload() query: InspectBody) {
    return this.provisioner.inspect(query);
  }

  @MessagePattern(VERBS.cancelStep)
  cancelStep(@Payload() command: StepCancelBody) {
    return this.provisioner.cancelStep(command);
  }

  @MessagePattern(VERBS.log)
  log(@Payload() query: StepLogBody) {
    return this.provisioner.log(query);
  }
}
