import { Module, type DynamicModule } from '@nestjs/common';
import { PortsModule, type Presence, type Runtime } from '@slipway/mesh';
import { BackupController } from './http/backup.js';
import { CredentialsController } from './http/credentials.js';
import { DesiredController } from './http/desired.js';
import { Endings } from './http/endings.js';
import { EnvironmentsController } from './http/environments.js';
import { ExtendController } from './http/extend.js';
import { EventsController } from './http/events.js';
import { HandlersController } from './http/handlers.js';
import { HealthController } from './http/health.js';
import { InfoController } from './http/info.js';
import { InstanceLogsController } from './http/instance-logs.js';
import { KnownResources } from './http/known-resources.js';
import { KnownSnapshots } from './http/known-snapshots.js';
import { LogReader } from './http/log-reader.js';
import { MetricsController } from './http/metrics.js';
import { OpsController } from './http/ops.js';
import { Orchestrator } from './http/orchestrator.js';
import { PlansController } from './http/plans.js';
import { ProvisionersController } from './http/provisioners.js';
import { ReadYourWrites } from './http/read-your-writes.js';
import { ReadinessChecks } from './http/readiness.js';
import { RequestsController } from './http/requests.js';
import { DatabasesController, InstancesController, StoragesController } from './http/resources.js';
import { SnapshotsController } from './http/snapshots.js';
import { StepLogs } from './http/step-logs.js';
import { PRESENCE, STOPPING, TAIL, VIEWS } from './http/tokens.js';
import { Uploads } from './http/uploads.js';
import { ViewsController } from './http/views.js';
import type { LiveTail } from './live/tail.js';
import type { Views } from './views/port.js';

export interface GatewayParts {
  views: Views;
  tail: LiveTail;
  presence: Presence;
  /** Aborts when the gateway stops: answers that are held are given. */
  stopping: AbortSignal;
}

/** What stands behind which port: the composition of the gateway, in one place. */
@Module({})
export class GatewayModule {
  static of(runtime: Runtime, { views, tail, presence, stopping }: GatewayParts): DynamicModule {
    return {
      module: GatewayModule,
      imports: [PortsModule.of(runtime)],
      controllers: [
        OpsController,
        PlansController,
        RequestsController,
        InstancesController,
        ExtendController,
        DesiredController,
        CredentialsController,
        InstanceLogsController,
        StoragesController,
        DatabasesController,
        EnvironmentsController,
        SnapshotsController,
        ProvisionersController,
        EventsController,
        HandlersController,
        HealthController,
        MetricsController,
        InfoController,
        ViewsController,
        BackupController,
      ],
      providers: [
        { provide: VIEWS, useValue: views },
        { provide: TAIL, useValue: tail },
        { provide: PRESENCE, useValue: presence },
        { provide: STOPPING, useValue: stopping },
        Orchestrator,
        LogReader,
        ReadYourWrites,
        KnownResources,
        KnownSnapshots,
        Endings,
        StepLogs,
        Uploads,
        ReadinessChecks,
      ],
    };
  }
}
