import { Module, type DynamicModule } from '@nestjs/common';
import { CredentialReader } from '../credentials/credential-reader.js';
import { Rotations } from '../credentials/rotations.js';
import { Drifts } from '../drift/drifts.js';
import { InstanceLogs } from '../log/instance-logs.js';
import { Provisioner } from '../provisioner.js';
import { DesiredStates } from '../watch/desired-states.js';
import { ProvisionerController } from './provisioner.controller.js';

/** What answers the verbs. */
export interface Answering {
  provisioner: Provisioner;
  desired: DesiredStates;
  rotations: Rotations;
  credentials: CredentialReader;
  logs: InstanceLogs;
  drifts: Drifts;
}

@Module({})
export class ProvisionerModule {
  static of({ provisioner, desired, rotations, credentials, logs, drifts }: Answering): DynamicModule {
    return {
      module: ProvisionerModule,
      controllers: [ProvisionerController],
      providers: [
        { provide: Provisioner, useValue: provisioner },
        { provide: DesiredStates, useValue: desired },
        { provide: Rotations, useValue: rotations },
        { provide: InstanceLogs, useValue: logs },
        { provide: Drifts, useValue: drifts },
        { provide: CredentialReader, useValue: credentials },
      ],
    };
  }
}
