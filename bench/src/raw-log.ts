import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { NewEvent } from '@slipway/event-store';

type Row = (string | number)[];
const COLUMNS = 'position, stream, revision, id, type, version, recorded_at, digest, data, metadata';

/** What somebody writes who uses `node:sqlite` by hand on the log's tables: no thread, no hash, no check. */
export class RawLog {
  private readonly db: DatabaseSync;
  private readonly insert: StatementSync;

  constructor(file: string) {
    this.db = new DatabaseSync(file, { timeout: 5_000 });
    // The same settings as the log's own connection.
    this.db.exec('PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000');
    this.insert = this.db.prepare(`INSERT INTO events
      (stream, revision, id, type, version, recorded_at, environment, request_id, owner_id, digest, data, metadata)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  }

  /** All that is bound, ready. */
  row(stream: string, revision: number, { id, type, data, metadata }: NewEvent): Row {
    const { environment, requestId, ownerId } = metadata;
    const found = [environment!, requestId!, ownerId!];
    return [stream, revision, id, type, 1, Date.now(), ...found, 'x'.repeat(43), JSON.stringify(data), JSON.stringify(metadata)];
  }

  /** One durable transaction. */
  append(row: Row): void {
    this.insert.run(...row);
  }

  count(): { events: number } {
    return this.db.prepare('SELECT count(*) AS events FROM events').get() as { events: number };
  }

  streams(limit: number): { stream: string; events: number }[] {
    const rows = this.db
      .prepare('SELECT stream, count(*) AS events FROM events GROUP BY stream ORDER BY stream DESC LIMIT ?')
      .all(limit);
    return rows as unknown as { stream: string; events: number }[];
  }

  readAll(page: number): void {
    const select = this.db.prepare(`SELECT ${COLUMNS} FROM events WHERE position > ? ORDER BY position LIMIT ?`);
    for (let position = 0, rows; (rows = parsed(select.all(position, page))).length > 0;)
      position = Number(rows.at(-1)!.position);
  }

  readStream(stream: string): void {
    parsed(this.db.prepare(`SELECT ${COLUMNS} FROM events WHERE stream = ? ORDER BY revision`).all(stream));
  }

  hold(): void {
    this.db.exec('BEGIN IMMEDIATE');
  }

  release(): void {
    this.db.exec('ROLLBACK');
  }

  close(): void {
    this.db.close();
  }
}

const parsed = (rows: Record<string, unknown>[]) =>
  rows.map((row) => ({
    ...row,
    data: JSON.parse(row.data as string),
    metadata: JSON.parse(row.metadata as string),
    position: row.position,
  }));

/** Milliseconds that writing and syncing 4 KiB takes, so many times. */
export function fsyncTimes(folder: string, times: number): number[] {
  const fd = openSync(join(folder, 'fsync'), 'w');
  const page = Buffer.alloc(4_096, 1);
  const taken = Array.from({ length: times }, (_, index) => {
    const began = performance.now();
    writeSync(fd, page, 0, page.length, index * page.length);
    fdatasyncSync(fd);
    return performance.now() - began;
  });
  closeSync(fd);
  return taken;
}
