export type { ActionOptions, Actions } from './actions.js';
export {
  SlipwayClient,
  type Environments,
  type Instances,
  type JobOptions,
  type ListOptions,
  type Provisioners,
  type Requests,
  type Rows,
  type Views,
} from './client.js';
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
  DefinitionRef,
  DeprovisionJob,
  Desired,
  DesiredChange,
  DesiredState,
  EnvironmentView,
  ErrorCode,
  EventFilter,
  EventView,
  Health,
  Info,
  InstalledRef,
  JobKind,
  LeftBehind,
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
  StepProgress,
  StepStatus,
  StepView,
  Unsatisfied,
  ViewsState,
  Wire,
} from '@slipway/contracts/public';
