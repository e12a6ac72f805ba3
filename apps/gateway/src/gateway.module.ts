import { Module, type DynamicModule } from '@nestjs/common';
import { PortsModule, type Presence, type Runtime } from '@slipway/mesh';
import { Allocator } from './http/allocator.js';
import { BackupController } from './http/backup.js';
import { BlueprintsController } from './http/blueprints.js';
import { ContentController } from './http/content.js';
import { ContentUploads } from './http/content-uploads.js';
import { CredentialsController } from './http/credentials.js';
import { CapabilitiesController, DefinitionsController } from './http/definitions.js';
import { DesiredController } from './http/desired.js';
import { DriftController } from './http/drift.js';
import { Endings } from './http/endings.js';
import { EnvironmentsController } from './http/environments.js';
import { ExtendController } from './http/extend.js';
import { EventsController } from './http/events.js';
import { HandlersController } from './http/handlers.js';
import { HealthController } from './http/health.js';
import { InfoController } from './http/info.js';
import { InstalledController } from './http/installed.js';
import { InstanceLogsController } from './http/instance-logs.js';
import { KnownLeases } from './http/known-leases.js';
import { KnownResources } from './http/known-resources.js';
import { KnownSnapshots } from './http/known-snapshots.js';
import { LeaseCalls } from './http/lease-calls.js';
import { LeaseFilesController } from './http/lease-files.js';
import { LeaseInterfacesController } from './http/lease-interfaces.js';
import { LeasedResourcesController } from './http/leased-resources.js';
import { LeasesController } from './http/leases.js';
import { LogReader } from './http/log-reader.js';
import { MetricsController } from './http/metrics.js';
import { OpsController } from './http/ops.js';
import { Orchestrator } from './http/orchestrator.js';
import { PlansController } from './http/plans.js';
import { ProvisionersController } from './http/provisioners.js';
import { QuotasController } from './http/quotas.js';
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
import { Why } from './why/why.js';

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
        DriftController,
        CredentialsController,
        InstanceLogsController,
        StoragesController,
        DatabasesController,
        EnvironmentsController,
        InstalledController,
        SnapshotsController,
        LeasesController,
        LeaseInterfacesController,
        LeaseFilesController,
        LeasedResourcesController,
        BlueprintsController,
        QuotasController,
        ContentController,
        DefinitionsController,
        CapabilitiesController,
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
        Allocator,
        LogReader,
        ReadYourWrites,
        KnownResources,
        Why,
        KnownSnapshots,
        KnownLeases,
        LeaseCalls,
        Endings,
        StepLogs,
        Uploads,
        ContentUploads,
        ReadinessChecks,
      ],
    };
  }
}
