import type { Instant } from './clock.js';
import type { JsonObject } from './json.js';
import type { JobKind } from './job.js';
import type { BlobRef } from './steps.js';

/** Body of `orchestrator.accept`. Actor and call's request id come in the headers. */
export interface AcceptCommand {
  job: JobKind;
  /** A ProvisionJob, DeprovisionJob, ImportJob, ExportJob or UpdateJob. */
  body: JsonObject;
  /** `Idempotency-Key`: with the actor it makes the request's id (decision 3). Made by the gateway when not given. */
  key: string;
}

/** Body of `orchestrator.plan`: a PlanJob. */
export interface PlanQuery {
  body: JsonObject;
}

/** Body of `orchestrator.cancel|retry|abandon|pause|resume`. */
export interface ControlCommand {
  requestId: string;
  reason?: string;
}

/** Body of `orchestrator.pause-dispatch|resume-dispatch`. */
export interface DispatchCommand {
  environment: string;
  reason?: string;
}

/** Body of `orchestrator.receive-snapshot`: an archive was read. `holder` has its parts, which are as its manifest says, and that. */
export interface ReceiveSnapshotCommand {
  holder: string;
  /** A manifest may be longer than a message. */
  manifest: BlobRef;
}

/** Body of `orchestrator.delete-snapshot`. */
export interface DeleteSnapshotCommand {
  snapshotId: string;
  reason?: string;
}

/** Answer to both: what is recorded of the snapshot. */
export interface SnapshotRecorded {
  snapshotId: string;
  /** Log position of its newest event. */
  position: string;
  /** Nothing needed to be recorded: it is there, or gone, already. */
  repeated?: boolean;
}

/** Body of `handlers.list-handlers`. */
export interface HandlersQuery {
  /** All when left out. */
  name?: string;
}

/** Body of `handlers.retry-parked`. */
export interface RetryParkedCommand {
  handler: string;
  eventId: string;
  reason?: string;
}

/** Body of `handlers.discard-parked`. */
export interface DiscardParkedCommand {
  handler: string;
  eventId: string;
  reason: string;
}

/** Body of `orchestrator.extend`: an instance is wanted for longer. */
export interface ExtendCommand {
  environment: string;
  name: string;
  /** ISO 8601, with a zone. */
  until: string;
  /** Why; it is recorded. */
  reason?: string;
}

/** Answer to {@link ExtendCommand}. */
export interface Extended {
  environment: string;
  name: string;
  until: Instant;
  /** Log position of the environment's newest event. */
  position: string;
}
