import type { Cause } from './errors.js';
import type { JsonObject } from './json.js';
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

/** What a client sends on `/api/v1/events`. */
export type ClientFrame =
  /** The first frame, unless the upgrade carried `Authorization: Bearer <key>` (a browser's WebSocket can't). */
  | { type: 'authenticate'; key: string }
  /** `from`: a position (exclusive), `"start"`, or left out for what comes from now on. */
  | { type: 'subscribe'; id: string; filter?: EventFilter; from?: string }
  | { type: 'unsubscribe'; id: string }
  | { type: 'ping' };

/** What the server sends. */
export type ServerFrame =
  | { type: 'subscribed'; id: string; position: string }
  | { type: 'unsubscribed'; id: string }
  | { type: 'event'; id: string; event: EventView }
  /** Everything recorded before this has been delivered; sent when a subscription has caught up, and as it moves on. */
  | { type: 'caught-up'; id: string; position: string }
  /** Of running steps, for subscriptions that name a request; told and forgotten. */
  | { type: 'progress'; id: string; progress: StepProgress }
  | { type: 'error'; id?: string; error: Cause }
  | { type: 'pong' };
