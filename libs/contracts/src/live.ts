import type { Cause } from './errors.js';
import type { Json, JsonObject } from './json.js';
import type { Instant } from './clock.js';
import type { StepProgress } from './steps.js';

/** Which recorded events a subscription wants: all that are named must hold. */
export interface EventFilter {
  type?: string[];
  category?: string[];
  environment?: string;
  /** Request id. */
  request?: string;
  /** Owner's id. */
  owner?: string;
}

/** A recorded event as REST and WebSocket show it. */
export interface EventView {
  id: string;
  position: string;
  stream: string;
  revision: number;
  category: string;
  type: string;
  version: number;
  recordedAt: Instant;
  environment?: string;
  requestId?: string;
  ownerId?: string;
  actor?: { id: string; type: string };
  /** `X-Request-Id` of the call that caused it. */
  correlationId?: string;
  logToken?: string;
  causationId?: string;
  data: JsonObject;
}

/**
 * What a client sends on `/api/v1/events` for one operation of the REST interface, instead of a {@link ClientFrame}; several
 * may be under way at once. It is done and checked as the same call over REST, in the name of whose key the connection has.
 */
export interface ActionFrame {
  /** The client's own; one that no call under way has. The answer has the same. */
  id: string;
  /** The operation's `operationId` in the OpenAPI: `provision`, `get-request`. */
  action: string;
  /** The operation's parameters by their names, beside the fields of its body. */
  body?: JsonObject;
  /** Headers as over REST: `Idempotency-Key`, `Prefer`, `Slipway-At-Least`, ... */
  headers?: Record<string, string>;
}

/** What a client sends on `/api/v1/events`, beside an {@link ActionFrame}. */
export type ClientFrame =
  /** The first frame, unless the upgrade carried `Authorization: Bearer <key>` (a browser's WebSocket can't). */
  | { type: 'authenticate'; key: string }
  /**
   * `from`: a position (exclusive), `"start"`, or left out for what comes from now on. `batch`: how many events one frame may
   * hold while it catches up, 1 to 1,000; 1 when left out.
   */
  | { type: 'subscribe'; id: string; filter?: EventFilter; from?: string; batch?: number }
  | { type: 'unsubscribe'; id: string }
  /** The answer to an action is not wanted any more. What it asked for is done all the same. */
  | { type: 'drop'; id: string }
  | { type: 'ping' };

/** What the server sends. */
export type ServerFrame =
  | { type: 'subscribed'; id: string; position: string }
  | { type: 'unsubscribed'; id: string }
  | { type: 'event'; id: string; event: EventView }
  /** Several, in order: to who asked for a `batch`, while it catches up. */
  | { type: 'events'; id: string; events: EventView[] }
  /** Everything recorded before this has been delivered; sent when a subscription has caught up, and as it moves on. */
  | { type: 'caught-up'; id: string; position: string }
  /** Of running steps, for subscriptions that name a request; told and forgotten. */
  | { type: 'progress'; id: string; progress: StepProgress }
  /** To an action: the status, the headers that are ours, and the body as over REST; an error's is the same problem. */
  | { type: 'answer'; id: string; status: number; headers: Record<string, string>; body?: Json }
  /** Of an answer that is text, as it comes; `answer` follows the last one. */
  | { type: 'part'; id: string; text: string }
  | { type: 'dropped'; id: string }
  /** To what is not a valid frame; with `id` that subscription is over. */
  | { type: 'error'; id?: string; error: Cause }
  | { type: 'pong' };
