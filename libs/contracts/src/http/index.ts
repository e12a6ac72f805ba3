/** Bodies and rows of the REST interface: class-validator and OpenAPI for what comes in, types for what goes out. */
export { AbandonBody, ControlBody, DeprovisionJob, PlanJob, ProvisionJob } from './jobs.js';
export { ENDED, REQUEST_STATUSES } from './views.js';
export type {
  Accepted,
  EnvironmentView,
  Info,
  Page,
  Problem,
  Readiness,
  RequestStatus,
  RequestView,
  ResourceView,
  StepStatus,
  StepView,
} from './views.js';
