import type { AdmittedEvent } from './admission.js';
import type { Appended, LogInfo, Position, ReadAllResult, ReadFilter, RecordedEvent } from './port.js';

/** For warnings that need no answer; pino's Logger fits. */
export interface LogLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

/**
 * What one kind of log does by itself. What all have in common (ownership, sizes, subscriptions, upcasting) stands in
 * {@link createEventLog}, so that an adapter only stores, orders, checks and finds.
 */
export interface LogAdapter {
  info(): LogInfo;
  append(stream: string, expected: number, events: AdmittedEvent[]): Promise<Appended>;
  /** At most `limit` (up to 1,000) events from `from` on, with their versions as recorded. */
  read(stream: string, from: number, limit: number): Promise<RecordedEvent[]>;
  /** `following`: for somebody who watches, and is woken when there is more than what is known here already. */
  readAll(after: Position | undefined, limit: number, filter: ReadFilter, following?: boolean): Promise<ReadAllResult>;
  head(): Promise<Position>;
  positionAt(ms: number): Promise<Position | null>;
  /** Calls `wake` whenever something may have been committed; the returned function ends it. */
  watch(wake: () => void): () => void;
  backup?(file: string): Promise<void>;
  close(): Promise<void>;
}
