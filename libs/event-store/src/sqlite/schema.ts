import { randomBytes } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';

/** `SLPW`, so that a file says what it is. */
const APPLICATION_ID = 0x53_4c_50_57;
/** Of the tables below; grows when they change. */
const FORMAT = 1;

/** An event that belongs to a request and stands in another stream than the request's own. */
const ELSEWHERE = `stream <> 'request-' || request_id`;

/**
 * Rows are only ever added: position 1, 2, 3, ... without a gap, so a missing row is seen. `digest` covers all the other
 * columns but position and those that repeat what stands in `metadata`. Small columns stand first: a filter that has no index then
 * looks at them without touching the data.
 */
export const EVENTS_TABLE = `
  CREATE TABLE events (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    stream TEXT NOT NULL,
    revision INTEGER NOT NULL,
    id TEXT NOT NULL,
    type TEXT NOT NULL,
    version INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    environment TEXT,
    request_id TEXT,
    owner_id TEXT,
    digest TEXT NOT NULL,
    data TEXT NOT NULL,
    metadata TEXT NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX events_by_stream ON events (stream, revision);
  CREATE INDEX events_by_request ON events (request_id) WHERE ${ELSEWHERE};`;

/**
 * Which events belong to a request (three parameters, each its id): those of its own stream, by that index, and those of
 * others. Most events stand in their request's stream, so the second index stays small, and appends stay fast.
 */
export const OF_REQUEST = `(stream = 'request-' || ? AND request_id = ? OR request_id = ? AND ${ELSEWHERE})`;

const LOG_TABLES = `
  CREATE TABLE log (log_id TEXT NOT NULL) STRICT;
  CREATE TABLE epochs (epoch INTEGER PRIMARY KEY, after INTEGER NOT NULL) STRICT;`;

export const INSERT_EVENT = `INSERT INTO events
  (stream, revision, id, type, version, recorded_at, environment, request_id, owner_id, digest, data, metadata)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

/** In the order that {@link EventRow} names. */
export const EVENT_COLUMNS = 'position, stream, revision, id, type, version, recorded_at, digest, data, metadata';
export type EventRow = [
  position: number,
  stream: string,
  revision: number,
  id: string,
  type: string,
  version: number,
  recordedAt: number,
  digest: string,
  data: string,
  metadata: string,
];

/**
 * Opens a log's file for writing, durable at every commit. The WAL grows to 16 MB before it is copied back: pages that
 * change with every commit are then copied a quarter as often as by default. `wait` is how long it stands in line for a lock, in ms.
 */
export function connect(file: string, wait: number): DatabaseSync {
  const db = new DatabaseSync(file, { timeout: wait });
  try {
    db.exec('PRAGMA synchronous = FULL; PRAGMA cell_size_check = ON; PRAGMA wal_autocheckpoint = 4000');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Makes the tables of a new log, once, however many processes come at the same moment; says what stands there. */
export function prepare(db: DatabaseSync): { format: number; ours: boolean; newer: boolean } {
  const pragma = (name: string) => Number(Object.values(db.prepare(`PRAGMA ${name}`).get()!)[0]);
  if (pragma('application_id') === 0 && pragma('schema_version') === 0) {
    db.exec('PRAGMA journal_mode = WAL');
    db.exec('BEGIN IMMEDIATE');
    try {
      if (pragma('schema_version') === 0) {
        db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${FORMAT}; ${EVENTS_TABLE} ${LOG_TABLES}`);
        db.prepare('INSERT INTO log VALUES (?)').run(randomBytes(6).toString('hex'));
        db.exec('INSERT INTO epochs VALUES (1, 0)');
      }
      db.exec('COMMIT');
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }
  const [format, ours] = [pragma('user_version'), pragma('application_id') === APPLICATION_ID];
  if (ours) db.exec('PRAGMA journal_mode = WAL');
  return { format, ours, newer: format > FORMAT };
}
