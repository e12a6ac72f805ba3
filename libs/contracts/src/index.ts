/** What crosses a border: commands, queries, events, errors, subjects. REST's own bodies and rows: `@slipway/contracts/http`. */
export { systemClock, instant, type Clock, type Instant } from './clock.js';
export { canonicalJson, hashOf, sha256, type Json, type JsonObject } from './json.js';
export {
  DEFAULT_ENVIRONMENT,
  DEFINITION_NAME,
  DEFINITION_REFERENCE,
  IsDefinitionReference,
  IsName,
  IsOwnerId,
  IsResourceUri,
  LOG_TOKEN,
  NAME,
  OWNER_ID,
  REQUEST_ID,
  RESOURCE_URI,
} from './names.js';
export {
  CATEGORIES,
  CATEGORY_OWNER,
  DRIVER_VERBS,
  RESOURCE_KINDS,
  SERVICES,
  categoryOf,
  idOf,
  resourceKey,
  resourceStream,
  streamName,
  type AnnouncedDriver,
  type Changeable,
  type Category,
  type DriverVerb,
  type ResourceKind,
  type ResourceRef,
  type ServiceName,
  type SpecBounds,
} from './services.js';
export { MayBeLeftOut } from './left-out.js';
export { IsTime, isTime } from './time.js';
export { SCHEMAS, SNAPSHOT_MANIFEST, type Schema } from './schemas.js';
export { HEADERS, HTTP_HEADERS, OWNER_TYPES, type Actor, type Owner, type OwnerType, type RequestContext } from './context.js';
export { VERBS, aliveSubject, cancellingSubject, eventSubject, metricsSubject, progressSubject, subject } from './subjects.js';
export { EVENT_NAME, type EventToHandle, type HandlerContext, type HandlerModule } from './handlers.js';
export type { HandledEvent, HandlerEvent } from './events/handler.events.js';
export { MESSAGES, type AskedMessage, type ToldMessage } from './messages.js';
export { COMPLETING, completionOf, completionSubject, type Completion } from './completions.js';
export { ERRORS, SlipwayError, causeOf, isErrorCode, type Advice, type Cause, type ErrorCode } from './errors.js';
export { badInput, type FieldError } from './bad-input.js';
export { outOfBounds } from './bounds.js';
export {
  CONTAINER_PATH,
  Capability,
  ContainerSpec,
  ContentPackage,
  DatabaseSpec,
  FILES,
  FILE_CHARACTERS,
  FILE_PATH,
  HealthCheck,
  InstanceSpec,
  OnFailure,
  NpmSpec,
  ProcessLimits,
  Requirement,
  ResourceDefinition,
  SIZE,
  SPEC_OF,
  StorageSpec,
  bytesOf,
  healthOf,
} from './definition.js';
export { changedFields, howChanged } from './changes.js';
export { OFFERED_BY, Offering, mergedOfferings, type Offered, type OfferedBy } from './offering.js';
export {
  CHANGED_HOW,
  INVERSES,
  PLAN_OUTCOMES,
  STEP_ACTIONS,
  TAR,
  type CapabilityRequirement,
  type Change,
  type DefinitionRef,
  type Former,
  type InstalledRef,
  type Inverse,
  type Part,
  type StepAction,
  type Place,
  type Plan,
  type PlanRead,
  type PlanStep,
  type OfferingsQuery,
  type Offerings,
  type ResolveOfferingsQuery,
  type ResolveQuery,
  type SnapshotPart,
  type Unsatisfied,
  type Wire,
} from './plan.js';
export type { InstanceLogPart, InstanceLogQuery } from './instance-log.js';
export type { Credentials, CredentialsQuery, RotateCommand, Rotation, SealedCredentials } from './credentials.js';
export {
  DESIRED_CHANGES,
  DESIRED_STATES,
  type Desired,
  type DesiredChange,
  type DesiredState,
  type SetDesiredCommand,
} from './desired.js';
export type {
  BlobRef,
  DestroyCommand,
  EnsureCommand,
  ExportCommand,
  HealthReport,
  InspectAnswer,
  InspectQuery,
  MetricsQuery,
  MetricsText,
  StepAccepted,
  StepCancelAnswer,
  StepCancelCommand,
  StepCommand,
  StepLog,
  StepLogQuery,
  StepProgress,
  StopCommand,
  UpdateCommand,
} from './steps.js';
export type {
  AcceptCommand,
  ExtendCommand,
  Extended,
  ControlCommand,
  DeleteSnapshotCommand,
  DispatchCommand,
  PlanQuery,
  ReceiveSnapshotCommand,
  SnapshotRecorded,
  DiscardParkedCommand,
  HandlersQuery,
  RetryParkedCommand,
} from './commands.js';
export { SNAPSHOT_FORMAT, archiveName, type SnapshotManifest } from './snapshot.js';
export type { SnapshotCopy, SnapshotEvent } from './events/snapshot.events.js';
export { JOBS, type JobKind } from './job.js';
export {
  PICKED_BY,
  type LeftBehind,
  type PickedProvisioner,
  type RequestAccepted,
  type RequestEvent,
} from './events/request.events.js';
export type { EnvironmentEvent, Installed, PartitionEvent } from './events/environment.events.js';
export { HEALTHS, bareResourceEventType, resourceEventType, type Health, type ResourceEvent } from './events/resource.events.js';
export { ENDED, REQUEST_STATUSES, type RequestStatus } from './request-status.js';
export type { ActionFrame, ClientFrame, EventFilter, EventView, ServerFrame } from './live.js';
