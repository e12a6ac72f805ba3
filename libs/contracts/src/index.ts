/** What crosses a border: commands, queries, events, errors, subjects. REST's own bodies and rows: `@slipway/contracts/http`. */
export { systemClock, instant, type Clock, type Instant } from './clock.js';
export { canonicalJson, hashOf, sha256, type Json, type JsonObject } from './json.js';
export {
  BLUEPRINT_NAME,
  BLUEPRINT_NAME_HINT,
  DEFAULT_ENVIRONMENT,
  DEFINITION_NAME,
  DEFINITION_REFERENCE,
  IsBlueprintName,
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
export {
  CONTENT_FILE,
  CONTENT_KINDS,
  type CapabilitiesQuery,
  type CapabilityList,
  type CapabilityView,
  type ContentKind,
  type ContentList,
  type ContentQuery,
  type ContentRecorded,
  type ContentRefreshed,
  type ContentView,
  DELEGATE_KINDS,
  type DelegateKind,
  type DelegateView,
  type RefreshContentCommand,
  type DefinitionList,
  type DefinitionQuery,
  type DefinitionRecorded,
  type DefinitionSummary,
  type DefinitionView,
  type DefinitionsQuery,
  type DeleteDefinitionCommand,
  type PackedContent,
  type RemoveContentCommand,
  type StoreContentCommand,
  type WriteDefinitionCommand,
} from './content.js';
export type {
  ContentEvent,
  DelegatedContent,
  DelegatedPackageRef,
  DelegatedSnapshot,
  UploadedContent,
  WrittenDefinition,
} from './events/content.events.js';
export { DELEGATED, LAYERS, LAYER_RULES, SHOWN_LAYERS, type Layer, type LayerRules, type ShownLayer } from './layers.js';
export { hashOfPlan } from './plan-hash.js';
export { lackingIn, mightBeElsewhere } from './elsewhere.js';
export { describePlan } from './plan-shown/describe-plan.js';
export { PLAN_DRAWINGS, graphOf, type PlanGraph } from './plan-shown/graph.js';
export { comparePlans, summaryOf, type FieldDifference, type PlanDifference } from './plan-difference.js';
export {
  DRIFTS,
  REPAIRS,
  type AdoptCommand,
  type Adopted,
  type CompareQuery,
  type Comparison,
  type Drift,
  type DriftKind,
  type DriftQuery,
  type DriftedField,
  type IgnoredDifference,
  type NotKnown,
  type Repair,
  type ResourceDrift,
  type StrayView,
  type Strays,
  type StraysQuery,
} from './drift.js';
export { MayBeLeftOut } from './left-out.js';
export { beforeLastBrace } from './placeholders.js';
export { IsTime, isTime } from './time.js';
export { SCHEMAS, SNAPSHOT_MANIFEST } from './schemas.js';
export type { Schema } from './schemas/words.js';
export { HEADERS, HTTP_HEADERS, OWNER_TYPES, type Actor, type Owner, type OwnerType, type RequestContext } from './context.js';
export {
  VERBS,
  aliveSubject,
  callCancellingSubject,
  callSubject,
  callTakenSubject,
  cancellingSubject,
  eventSubject,
  metricsSubject,
  progressSubject,
  subject,
} from './subjects.js';
export { EVENT_NAME, type EventToHandle, type HandlerContext, type HandlerModule } from './handlers.js';
export type { HandledEvent, HandlerEvent } from './events/handler.events.js';
export { MESSAGES } from './messages.js';
export type { AskedMessage, ToldMessage } from './messages/message.js';
export { COMPLETING, completionOf, completionSubject, type Completion } from './completions.js';
export { ERRORS, SlipwayError, causeOf, isErrorCode, type Advice, type Cause, type ErrorCode } from './errors.js';
export { badInput, type FieldError } from './bad-input.js';
export {
  TARGET,
  TARGET_REQUIREMENT,
  type ArtefactFacts,
  type Carrier,
  type PinnedPlacement,
  type Placement,
} from './artefact.js';
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
  LeaseSpec,
  OnFailure,
  AptSpec,
  DebianPackage,
  HostSpec,
  NpmSpec,
  ProcessLimits,
  Requirement,
  ResourceDefinition,
  SIZE,
  SPEC_OF,
  StorageSpec,
  targetRequirementOf,
  bytesOf,
  healthOf,
} from './definition.js';
export { changedFields, howChanged } from './changes.js';
export { SERVICE, serviceUri } from './service.js';
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
  type Affected,
  type Belonging,
  type ExplanationLine,
  type Former,
  type InstalledRef,
  type Inverse,
  type Part,
  type StepAction,
  type Place,
  type Plan,
  type RepairAsked,
  type PlanExplanation,
  type PlanLease,
  type PlanTurn,
  type PlanRead,
  type PlanStep,
  type Needed,
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
export type { AllocationEvent } from './events/allocation.events.js';
export {
  LEASED_RESOURCE_STATUSES,
  LEASE_ENDS,
  LEASE_STATUSES,
  type BlueprintLimits,
  type LeaseAsk,
  type LeaseEnd,
  type LeaseStatus,
  type LeasedResourceStatus,
  type ResourceFacts,
} from './allocation.js';
export type {
  ApproveBlueprintCommand,
  AskLeaseCommand,
  BlueprintList,
  BlueprintRecorded,
  BlueprintView,
  BlueprintsQuery,
  CallAnswer,
  CallCancelling,
  CallEnded,
  CallInterfaceCommand,
  CallLines,
  CallTaken,
  CancelCallCommand,
  ChangeBlueprintCommand,
  ChangeResourceCommand,
  DrainResourceCommand,
  EnterResourceCommand,
  ForceLeaseCommand,
  ForceResourceCommand,
  LeaseRecorded,
  LeaseStanding,
  LeaseGives,
  LeaseGivesQuery,
  LeaseOfKeyQuery,
  LeasedPlace,
  LeaseStandingQuery,
  LeasedResourceRecorded,
  LeasesReclaimed,
  NumberedCallLines,
  QuotaRecorded,
  ReclaimLeasesCommand,
  ReleaseLeaseCommand,
  RenewLeaseCommand,
  SetQuotaCommand,
} from './leases.js';
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
