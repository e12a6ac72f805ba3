import { rmSync } from 'node:fs';
import { DatabaseSync, backup } from 'node:sqlite';

/** Version of the file as a whole; another one is thrown away, since it is only a cache. */
const FORMAT = 2;

const SCHEMA = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID, STRICT;
  -- One row for each set of tables: the live one of each view, and the one that is being built beside it.
  CREATE TABLE builds (
    build INTEGER PRIMARY KEY AUTOINCREMENT,
    view TEXT NOT NULL,
    model TEXT NOT NULL,
    layout TEXT NOT NULL,
    live INTEGER NOT NULL DEFAULT 0,
    checkpoint INTEGER NOT NULL DEFAULT 0,
    pruned INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE TABLE skipped (view TEXT, event TEXT, reason TEXT, PRIMARY KEY (view, event)) WITHOUT ROWID, STRICT;
`;

/** The write-ahead log is carried over every 64 MiB: seldom enough that a rebuild does not wait for the disk. */
const PRAGMAS = `
  PRAGMA page_size = 8192;
  PRAGMA wal_autocheckpoint = 8192;
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  PRAGMA busy_timeout = 5000;
  PRAGMA cache_size = -65536;
  PRAGMA temp_store = MEMORY;
`;

const ALL_PAGES = 2 ** 31 - 1;

/**
 * Copies the file as it is at one moment, while it is written. By a connection of its own: a step of SQLite's backup that finds its
 * connection in the middle of a transaction fails (sqlite.org/c3ref/backup_finish.html, SQLITE_LOCKED).
 */
export async function copyFile(file: string, to: string): Promise<void> {
  const db = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
  try {
    await backup(db, to, { rate: ALL_PAGES });
  } finally {
    db.close();
  }
}

/** SQLITE_CORRUPT and SQLITE_NOTADB (sqlite.org/rescode.html). */
export const isDamage = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'errcode' in error && [11, 26].includes(Number(error.errcode) & 0xff);

/** Opens the file that the models are kept in, for writing. One that is damaged or of another format is made anew. */
export function openFile(file: string): DatabaseSync {
  try {
    return prepare(new DatabaseSync(file));
  } catch (error) {
    if (!isDamage(error)) throw error;
    removeFile(file);
    return prepare(new DatabaseSync(file));
  }
}

function prepare(db: DatabaseSync): DatabaseSync {
  try {
    db.exec(PRAGMAS);
    db.exec('BEGIN IMMEDIATE');
    const { user_version: format } = db.prepare('PRAGMA user_version').get() as { user_version: number };
    if (format !== FORMAT) {
      for (const { name } of db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'").all())
        db.exec(`DROP TABLE "${String(name)}"`);
      db.exec(SCHEMA);
      db.exec(`PRAGMA user_version = ${FORMAT}`);
    }
    db.exec('COMMIT');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Removes the file with what SQLite keeps beside it. */
export function removeFile(file: string): void {
  for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true });
}
