import type { DatabaseSync } from 'node:sqlite';
import { sortOf, type Projection } from './projection.js';

const quote = (name: string): string => `"${name}"`;

/** The rows as they are now, one for each id. */
export const currentTable = (build: number): string => `current_${build}`;
/** The versions of rows that are over, in the order in which they were written. */
export const pastTable = (build: number): string => `past_${build}`;
/** What the projection noted for itself. */
export const notesTable = (build: number): string => `notes_${build}`;
const TABLES = [currentTable, pastTable, notesTable];

export const columnOf = (field: string): string => quote(field === 'id' ? 'id' : `f_${field}`);

/** Current rows by a field alone, or by a filter and then the default sort. */
export const sortIndex = (build: number, field: string): string => quote(`current_${build}_sort_${field}`);
export const filterIndex = (build: number, field: string): string => quote(`current_${build}_filter_${field}`);
/** Past versions by when they ended, and by their id. */
export const endIndex = (build: number): string => quote(`past_${build}_end`);
const idIndex = (build: number): string => quote(`past_${build}_id`);

/**
 * A version of a row is `(id, from_pos, to_pos)`: it held from the event at `from_pos` on until the one at `to_pos`. Those
 * that still hold stand apart from those that are over: the first are few, changed in place and found by many ways; the
 * second are only ever appended.
 */
export function createTables(db: DatabaseSync, build: number, { fields }: Projection): void {
  const columns = Object.keys(fields).map((name) => `${columnOf(name)},`);
  db.exec(`
    CREATE TABLE ${currentTable(build)} (id TEXT PRIMARY KEY, from_pos INTEGER NOT NULL, ${columns.join(' ')} text TEXT NOT NULL);
    CREATE TABLE ${pastTable(build)} (
      id TEXT NOT NULL, from_pos INTEGER NOT NULL, to_pos INTEGER NOT NULL, ${columns.join(' ')} text TEXT NOT NULL);
    CREATE TABLE ${notesTable(build)} (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  `);
}

/** Made at the end of a rebuild: sorting all at once costs a fraction of keeping them up on the way. */
export function createIndexes(db: DatabaseSync, build: number, { fields, defaultSort }: Projection): void {
  const order = columnOf(sortOf(defaultSort).field);
  const index = (name: string, table: string, columns: string) =>
    db.exec(`CREATE INDEX IF NOT EXISTS ${name} ON ${table} (${columns})`);
  index(endIndex(build), pastTable(build), 'to_pos, from_pos');
  index(idIndex(build), pastTable(build), 'id, from_pos');
  index(sortIndex(build, 'id'), currentTable(build), 'id, from_pos');
  for (const [name, { sort, filter }] of Object.entries(fields)) {
    if (sort) index(sortIndex(build, name), currentTable(build), `${columnOf(name)}, id, from_pos`);
    if (filter === 'indexed') index(filterIndex(build, name), currentTable(build), `${columnOf(name)}, ${order}, id, from_pos`);
  }
}

/** Drops the tables of a build. */
export function dropBuild(db: DatabaseSync, build: number): void {
  for (const table of TABLES) db.exec(`DROP TABLE IF EXISTS ${table(build)}`);
  db.prepare('DELETE FROM builds WHERE build = ?').run(build);
}
