import { Module, type DynamicModule } from '@nestjs/common';
import { Provisioner } from '../provisioner.js';
import { DesiredStates } from '../watch/desired-states.js';
import { ProvisionerController } from './provisioner.controller.js';

@Module({})
export class ProvisionerModule {
  static of(provisioner: Provisioner, desired: DesiredStates): DynamicModule {
    return {
      module: ProvisionerModule,
      controllers: [ProvisionerController],
      providers: [
        { provide: Provisioner, useValue: provisioner },
        { provide: DesiredStates, useValue: desired },
      ],
    };
  }
}
