/** Who may own what a request makes. */
export const OWNER_TYPES = ['user', 'service', 'team'] as const;
export type OwnerType = (typeof OWNER_TYPES)[number];

export interface Owner {
  id: string;
  type: OwnerType;
}

/** Who asked. `type: 'system'` is Slipway itself, for example a sub-provisioner that restarted an instance. */
export interface Actor {
  id: string;
  type: OwnerType | 'system';
}

/**
 * What travels with every message and is written on every log line and into every event's metadata.
 */
export interface RequestContext {
  /** Of the call that came in through the door (`X-Request-Id`, taken over if it is sane, else made). Carried on by all it causes. */
  correlationId: string;
  /** Id of the request (job) that is worked on, once there is one. */
  requestId?: string;
  actor: Actor;
  /** Id of the event that the call follows from, where a handler made it. */
  causationId?: string;
  /** A caller's own token (`X-Log-Token`). */
  logToken?: string;
  /** W3C Trace Context `traceparent`. */
  trace?: string;
  /** Milliseconds since the epoch after which nobody waits for an answer any more. */
  deadline?: number;
}

/** Headers of NATS messages. The body is bare JSON, so that a plugin in any language can speak it. */
export const HEADERS = {
  correlationId: 'Slipway-Correlation-Id',
  requestId: 'Slipway-Request-Id',
  actor: 'Slipway-Actor',
  causationId: 'Slipway-Causation-Id',
  logToken: 'Slipway-Log-Token',
  trace: 'traceparent',
  deadline: 'Slipway-Deadline',
  error: 'Slipway-Error',
} as const;

/** Headers of HTTP beyond the standard ones. */
export const HTTP_HEADERS = {
  /** The call's id: becomes the correlation id. */
  correlationId: 'X-Request-Id',
  logToken: 'X-Log-Token',
  /** Response to a write, and request header of a read ({@link HTTP_HEADERS.atLeast}): a log position. */
  position: 'Slipway-Position',
  atLeast: 'Slipway-At-Least',
  idempotencyKey: 'Idempotency-Key',
  /** The token of a lease, with what is done through it. */
  leaseToken: 'Slipway-Lease-Token',
} as const;
