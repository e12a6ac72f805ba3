import type { JsonObject } from './json.js';
import type { JobKind } from './events/request.events.js';

/** Body of `orchestrator.accept`. Actor and call's request id come in the headers. */
export interface AcceptCommand {
  job: JobKind;
  /** A ProvisionJob or DeprovisionJob. */
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
