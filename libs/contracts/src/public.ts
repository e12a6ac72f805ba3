/**
 * What a client of the public interface needs: `@slipway/contracts/public`. Types, and the few values that need nothing else:
 * `@slipway/client` is packed with them and stands alone, so nothing here may import a package.
 */
export { ERRORS, SlipwayError, causeOf, type Advice, type Cause, type ErrorCode } from './errors.js';
export { ENDED, type RequestStatus } from './request-status.js';
export type { Json, JsonObject } from './canonical-json.js';
export type { Credentials } from './credentials.js';
export type { Adopted, Drift, DriftKind, DriftedField, IgnoredDifference, NotKnown, ResourceDrift } from './drift.js';
export type { Desired, DesiredChange, DesiredState } from './desired.js';
export type { Actor, Owner, OwnerType } from './context.js';
export type { ActionFrame, ClientFrame, EventFilter, EventView, ServerFrame } from './live.js';
export type { Extended } from './commands.js';
export type { Offered, OfferedBy } from './offering.js';
export type { AnnouncedDriver, Changeable, DriverVerb, ResourceKind, SpecBounds } from './services.js';
export type { JobKind } from './job.js';
export type { LeftBehind, PickedProvisioner } from './events/request.events.js';
export type { Health } from './events/resource.events.js';
export type {
  Affected,
  Change,
  DefinitionRef,
  Former,
  InstalledRef,
  Plan,
  PlanStep,
  SnapshotPart,
  Unsatisfied,
  Wire,
} from './plan.js';
export { describePlan } from './plan-shown/describe-plan.js';
export { PLAN_DRAWINGS, graphOf, type PlanGraph } from './plan-shown/graph.js';
export { comparePlans, summaryOf, type FieldDifference, type PlanDifference } from './plan-difference.js';
export type { SnapshotCopy } from './events/snapshot.events.js';
export type {
  CapabilityList,
  CapabilityView,
  ContentList,
  ContentRecorded,
  ContentRefreshed,
  DelegateView,
  ContentView,
  DefinitionList,
  DefinitionRecorded,
  DefinitionSummary,
  DefinitionView,
} from './content.js';
export type { Layer, ShownLayer } from './layers.js';
export type { SnapshotManifest } from './snapshot.js';
export type { SnapshotRecorded } from './commands.js';
export type { EventToHandle, HandlerContext, HandlerModule } from './handlers.js';
export type { Completion } from './completions.js';
export type { StepProgress } from './steps.js';
export type {
  DeprovisionJob,
  ExportJob,
  ImportJob,
  JobRequirement,
  PlanJob,
  ProvisionJob,
  RepairJob,
  UpdateJob,
} from './http/jobs.js';
export type {
  ApprovalBody,
  ChangeResourceBody,
  EnterResourceBody,
  LeaseBody,
  QuotaBody,
  ReclaimLeasesBody,
} from './http/leases.js';
export type { BlueprintLimits, LeaseEnd, LeaseStatus, LeasedResourceStatus } from './allocation.js';
export type {
  BlueprintList,
  BlueprintRecorded,
  BlueprintView,
  CallLines,
  LeaseRecorded,
  LeaseStanding,
  LeasedResourceRecorded,
  LeasesReclaimed,
  QuotaRecorded,
} from './leases.js';
export type * from './http/lease-views.js';
export type * from './http/views.js';
