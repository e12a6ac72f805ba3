export type { ActionOptions, Actions } from './actions.js';
export {
  SlipwayClient,
  type Environments,
  type InstanceCall,
  type Instances,
  type JobOptions,
  type LogOptions,
  type Provisioners,
  type Requests,
  type Views,
} from './client.js';
export type { ListOptions, Rows } from './rows.js';
export type { SnapshotContent, Snapshots } from './snapshots.js';
export type { TransferOptions, TransferProgress } from './transfer.js';
export { ApiError, NotReachable, SubscriptionRefused } from './errors.js';
export type { ClientOptions } from './http.js';
export type { Followed, FollowOptions, Live } from './live.js';
export type { NewestEvents } from './recorded.js';
export { NotSettled, isSettled, type SettledOptions } from './settled.js';
export { WaitTimedOut, type WaitOptions } from './wait.js';
export type {
  Accepted,
  Actor,
  Cause,
  Credentials,
  CredentialsView,
  DefinitionRef,
  DeprovisionJob,
  Desired,
  DesiredChange,
  DesiredState,
  EnvironmentView,
  ErrorCode,
  EventFilter,
  EventView,
  ExportJob,
  Health,
  ImportJob,
  Info,
  InstalledRef,
  JobKind,
  LeftBehind,
  Offered,
  OfferedBy,
  Owner,
  OwnerType,
  Page,
  Plan,
  PlanJob,
  PlanStep,
  Problem,
  PickedProvisioner,
  Provided,
  ProvisionJob,
  ProvisionerView,
  Readiness,
  RequestStatus,
  RequestView,
  ResourceKind,
  ResourceView,
  RotationView,
  SnapshotPart,
  SnapshotRecorded,
  SnapshotView,
  StepProgress,
  StepStatus,
  StepView,
  Unsatisfied,
  ViewsState,
  Wire,
} from '@slipway/contracts/public';
