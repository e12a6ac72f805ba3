import type { RequestContext, ServiceName } from '@slipway/contracts';

export interface RequestOptions {
  /** For services that work at places (storage, database, instance). */
  location?: string;
  /** 2,000 when left out. */
  timeoutMs?: number;
  /** Instead of the current one ({@link currentContext}). */
  context?: RequestContext;
}

/**
 * How services talk: request and answer, and messages that are told and forgotten. A courier, never the truth: whatever
 * it loses, doubles or reorders changes nothing in the outcome.
 */
export interface Bus {
  /**
   * Sends `body` to one replica of a service and resolves with its answer. Throws the answering service's SlipwayError,
   * `no-server` (nobody listens there), `timed-out`, or `unreachable` (no connection; said at once, nothing is buffered).
   */
  request<Answer>(service: ServiceName, verb: string, body: unknown, options?: RequestOptions): Promise<Answer>;
  /** To whoever listens; silently lost while there is no connection. */
  publish(subject: string, body: unknown): void;
  /** Messages of a subject (NATS wildcards allowed), each in the context it was sent in; the returned function ends it. */
  subscribe(subject: string, handler: (body: unknown, subject: string) => void): () => void;
  /** Whether there is a connection now. */
  connected(): boolean;
}
