/** Bodies and rows of the REST interface: class-validator and OpenAPI for what comes in, types for what goes out. */
export {
  AbandonBody,
  ControlBody,
  DiscardBody,
  ExtendBody,
  DeprovisionJob,
  ExportJob,
  UpdateJob,
  ImportJob,
  JobRequirement,
  PlanJob,
  ProvisionJob,
  SkipBody,
} from './jobs.js';
export { ENDED, REQUEST_STATUSES, type RequestStatus } from '../request-status.js';
export type * from './views.js';
