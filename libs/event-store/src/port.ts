import type { Actor, Instant, JsonObject, ServiceName } from '@slipway/contracts';

/**
 * A place in the log: `<logId>.<epoch>.<20 digits>`, opaque to everybody but the log. Of one log, positions compare as
 * strings (also over epochs: they have 10 digits); they grow, and need not be contiguous.
 */
export type Position = string;

/** The stream must not exist yet. Otherwise give the revision (from 0) of the newest event that was read. */
export const NO_STREAM = -1;

/** Who, why and through what: beside every event's data. */
export interface EventMetadata {
  /** The request (job) that it belongs to. */
  requestId?: string;
  /** The call that caused it (`X-Request-Id`). */
  correlationId?: string;
  /** Id of the event or command that it follows from. */
  causationId?: string;
  actor: Actor;
  environment?: string;
  ownerId?: string;
  /** W3C traceparent. */
  trace?: string;
  logToken?: string;
}

/** An event as it is appended. The id makes a repeated append recognisable (UUID). */
export interface NewEvent {
  id: string;
  type: string;
  /** Schema version of `data`; the newest that the log's upcasters know when left out (1 without any). */
  version?: number;
  /** At most 64 KiB as JSON. */
  data: JsonObject;
  metadata: EventMetadata;
}

/** An event as it is read: checked against its SHA-256, upcast to the newest schema version. Treat it as frozen. */
export interface RecordedEvent<Data = JsonObject> {
  id: string;
  type: string;
  version: number;
  data: Data;
  metadata: EventMetadata;
  stream: string;
  revision: number;
  position: Position;
  /** max(previous, clock): never goes back. */
  recordedAt: Instant;
}

export interface Appended {
  /** Of the last event. */
  revision: number;
  position: Position;
  /** All of these events stood there already, from an earlier try with the same ids. */
  repeated: boolean;
}

/** Which events; all that are given must hold, each list as "one of". */
export interface ReadFilter {
  categories?: readonly string[];
  types?: readonly string[];
  environment?: string;
  requestId?: string;
  ownerId?: string;
}

export interface ReadAllOptions {
  /** As it was recorded: neither upcast nor refused when too new. For who only passes events on. */
  asRecorded?: boolean;
  /** Exclusive; from the beginning when left out. Another log's, or beyond the head: `gone`. */
  after?: Position;
  /** At most 5,000; 500 when left out. */
  limit?: number;
  filter?: ReadFilter;
}

export interface ReadAllResult {
  events: RecordedEvent[];
  /** Go on after this one: of the last event looked at, whether it passed the filter or not. */
  position: Position;
  /** Whether the head was reached. */
  end: boolean;
}

export interface SubscribeOptions extends ReadAllOptions {
  /** For logs and metrics. */
  name: string;
  /** Awaited before the next batch is read: back-pressure. When it throws, the subscription stops and `failed` is told. */
  events(batch: RecordedEvent[]): Promise<void> | void;
  /** Each time all that is committed has been delivered, with the position up to which. */
  caughtUp?(position: Position): Promise<void> | void;
  /** It has stopped for good: the handler threw, the log is damaged, or `gone`. What is only away for now is retried inside. */
  failed(error: unknown): void;
}

export interface Subscription {
  /** Position up to which everything was delivered. */
  readonly position: Position;
  /** No delivery begins after this has resolved. It waits for one that is under way, so never await it inside one. */
  stop(): Promise<void>;
}

export interface LogInfo {
  kind: 'sqlite' | 'kurrentdb' | 'memory';
  logId: string;
  /** Grows with each restore. */
  epoch: number;
}

/**
 * The event log: the only truth. Two adapters (`/sqlite`, `/kurrentdb`) and one for simulations (`/testing`) pass one
 * contract suite. Errors are {@link SlipwayError}s: `wrong-revision` (details: stream, expected, actual), `not-owner`,
 * `too-large`, `log-unavailable`, `log-damaged`, `event-too-new`, `gone`, `bad-input`.
 */
export interface EventStore {
  /** In whose name it appends; `null` only reads. */
  readonly service: ServiceName | null;
  info(): LogInfo;
  /**
   * Appends all events to one stream, or none. Durable when it resolves. There is no "any": what was not read can't be
   * decided upon. The identical repeat (same ids, same expected revision) succeeds; a partial overlap is `wrong-revision`.
   * One append at most 512 KiB.
   */
  append(stream: string, expected: number, events: NewEvent[]): Promise<Appended>;
  /** Events of one stream, in order; empty when there is none. `from` inclusive. */
  read(stream: string, options?: { from?: number; limit?: number }): Promise<RecordedEvent[]>;
  /** Events of all streams after a position, in order. Never skips a committed event. */
  readAll(options?: ReadAllOptions): Promise<ReadAllResult>;
  /** Catches up from a position, then follows. Delivers each event once per subscription, in order. */
  subscribe(options: SubscribeOptions): Subscription;
  /** Position of the newest committed event. */
  head(): Promise<Position>;
  /** The greatest position recorded at or before a time; `null` when there is none. */
  positionAt(time: Instant): Promise<Position | null>;
  /** Stops this store's subscriptions; what is asked of it later is `log-unavailable`. The log itself stays open. */
  close(): Promise<void>;
}

/** One open log: what a process opens once and hands to its services as stores. */
export interface EventLog {
  info(): LogInfo;
  /** The log in the name of a service, which may append to its own categories only; `null` may only read. */
  as(service: ServiceName | null): EventStore;
  /**
   * Writes a consistent copy of the whole log to a file that does not exist yet, while the log goes on. Left out where
   * the server has backups of its own.
   */
  backup?(file: string): Promise<void>;
  /** Ends all its stores and subscriptions, then lets go of files and connections. */
  close(): Promise<void>;
}
