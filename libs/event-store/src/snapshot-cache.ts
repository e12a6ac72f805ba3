import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { sha256, type JsonObject } from '@slipway/contracts';
import type { Position } from './port.js';

/** A folded stream, up to and with one event. */
export interface Snapshot {
  revision: number;
  position: Position;
  /** Of the event at that revision: says whether the stream is still the one that was folded. */
  eventId: string;
  state: JsonObject;
}

/**
 * Folded states in the reader's own file, so that a long stream need not be folded from its beginning. A cache only: it
 * may be deleted at any time, one row that does not match its SHA-256 is as good as none, and what another fold version
 * wrote is never read.
 */
export class SnapshotCache {
  private readonly db: DatabaseSync;
  private readonly select: StatementSync;
  private readonly revisionOf: StatementSync;
  private readonly upsert: StatementSync;

  /** `every`: events that a stream has to grow by before it is kept again. */
  constructor(
    file: string,
    private readonly every = 100,
  ) {
    this.db = new DatabaseSync(file, { timeout: 500 });
    this.db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
      CREATE TABLE IF NOT EXISTS snapshots (
        stream TEXT PRIMARY KEY, fold_version INTEGER NOT NULL, revision INTEGER NOT NULL, position TEXT NOT NULL,
        event_id TEXT NOT NULL, sha256 TEXT NOT NULL, state TEXT NOT NULL
      ) STRICT, WITHOUT ROWID`);
    this.select = this.db.prepare('SELECT * FROM snapshots WHERE stream = ? AND fold_version = ?');
    this.revisionOf = this.db.prepare('SELECT revision FROM snapshots WHERE stream = ? AND fold_version = ?');
    this.upsert = this.db.prepare(`INSERT INTO snapshots VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (stream) DO UPDATE SET
      fold_version = excluded.fold_version, revision = excluded.revision, position = excluded.position,
      event_id = excluded.event_id, sha256 = excluded.sha256, state = excluded.state`);
  }

  get(stream: string, foldVersion: number): Snapshot | null {
    const row = this.select.get(stream, foldVersion) as unknown as Row | undefined;
    if (!row || row.sha256 !== sha256(row.state)) return null;
    return { revision: row.revision, position: row.position, eventId: row.event_id, state: JSON.parse(row.state) };
  }

  /** Keeps a state, unless the one that is kept is nearly as new. */
  put(stream: string, foldVersion: number, { revision, position, eventId, state }: Snapshot): void {
    const kept = this.revisionOf.get(stream, foldVersion) as unknown as Pick<Row, 'revision'> | undefined;
    const grown = revision - (kept?.revision ?? -1);
    if (grown >= 0 && grown < this.every) return;
    const text = JSON.stringify(state);
    this.upsert.run(stream, foldVersion, revision, position, eventId, sha256(text), text);
  }

  close(): void {
    this.db.close();
  }
}

interface Row {
  revision: number;
  position: Position;
  event_id: string;
  sha256: string;
  state: string;
}
