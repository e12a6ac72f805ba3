/** Bodies and rows of the REST interface: class-validator and OpenAPI for what comes in, types for what goes out. */
export {
  AbandonBody,
  AdoptBody,
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
  RepairJob,
  SkipBody,
} from './jobs.js';
export { ENDED, REQUEST_STATUSES, type RequestStatus } from '../request-status.js';
export {
  ApprovalBody,
  ChangeBlueprintBody,
  ChangeResourceBody,
  ChangedLimits,
  EnterResourceBody,
  LeaseBody,
  QuotaBody,
  ReclaimBody,
  ReclaimLeasesBody,
  RenewBody,
} from './leases.js';
export type * from './lease-views.js';
export type * from './views.js';
