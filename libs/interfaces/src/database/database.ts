import type { Json } from '@slipway/contracts';

/** What a statement gives back. Numbers, truth values, null and JSON are themselves; all else is text as the server writes it. */
export interface QueryResult {
  columns: string[];
  rows: Json[][];
  /** How many rows it has changed or given. */
  count: number;
}

/** Where a database is, and as whom it is entered; how one proves that, stands with the secrets. */
export interface DatabaseConnection {
  engine: 'postgres' | 'sqlite';
  /** Of a server. */
  host?: string;
  port?: number;
  database: string;
  user?: string;
}

/** A database that somebody may use. */
export interface Database {
  /**
   * One statement, in a transaction of its own, with its parameters (`$1`, `?`) apart from it. Throws `bad-input` with what the database says
   * of it, `too-large` for more rows than there is room for (then nothing has changed), `timed-out`.
   */
  query(sql: string, parameters?: readonly Json[], options?: { timeoutMs?: number; signal?: AbortSignal }): Promise<QueryResult>;
  connection(): Promise<DatabaseConnection>;
}

/** What is given back at once. */
export const MOST = { rows: 1_000, bytes: 180 * 1024 };
