import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Json } from '@slipway/contracts';
import type { RecordedEvent } from '../port.js';
import { sortOf, type Change, type Field, type Model, type Projection } from './projection.js';

type Value = string | number | null;

/** A version of a row that is not closed yet. */
interface Current {
  row: object;
  text: string;
  values: Value[];
  from: number;
  /** Whether it stands in the table already. */
  stored: boolean;
}

interface NamedField extends Field<object> {
  name: string;
}

type Statements = Record<
  'find' | 'insert' | 'insertText' | 'last' | 'end' | 'readNote' | 'writeNote' | 'dropNote',
  StatementSync
>;

/** What is left of a version once it stands in the table, where nobody writes its text and columns again. */
const STORED = { text: '', values: [], stored: true } satisfies Partial<Current>;

/** Rows that are remembered between batches; beyond it they are read from the table again. */
const REMEMBERED = 4_000;

const quote = (name: string): string => `"${name}"`;
export const tableOf = (build: number): string => `rows_${build}`;
export const textsOf = (build: number): string => `texts_${build}`;
const notesOf = (build: number): string => `notes_${build}`;
export const columnOf = (field: string): string => quote(field === 'id' ? 'id' : `f_${field}`);
/** Current rows by a field alone, or by a filter and then the default sort. */
export const sortIndexOf = (build: number, field: string): string => quote(`rows_${build}_sort_${field}`);
export const filterIndexOf = (build: number, field: string): string => quote(`rows_${build}_filter_${field}`);
/** Superseded versions, by when they ended. */
export const endIndexOf = (build: number): string => quote(`rows_${build}_end`);

/**
 * One set of tables that one projection writes. Versions of a row are `(id, from_pos, to_pos)`: it held from the event at
 * `from_pos` on, until the one at `to_pos`, or still does (`NULL`). Their texts stand apart, in the order they were written:
 * what is searched and changed stays small, what is large is only ever appended. Within a batch versions are gathered in memory, so that
 * one which begins and ends in the batch is written once and enters no index of current rows.
 */
export class Build implements Model<object> {
  private readonly fields: NamedField[];
  private readonly categories: ReadonlySet<string>;
  private readonly current = new Map<string, Current | null>();
  private readonly opened = new Map<string, Current>();
  private closed: { id: string; version: Current; to: number }[] = [];
  private ended: { id: string; from: number; to: number }[] = [];
  private readonly notes = new Map<string, Json | undefined>();
  private readonly newNotes = new Set<string>();
  /** Number of the newest text. */
  private lastText?: number;
  private statements?: Statements;

  constructor(
    private readonly db: DatabaseSync,
    readonly number: number,
    readonly projection: Projection,
    public live: boolean,
    /** Number of the last event that is in it. */
    public checkpoint: number,
  ) {
    this.fields = Object.entries(projection.fields).map(([name, field]) => ({ ...field, name }));
    this.categories = new Set(projection.categories);
  }

  /** Whether it is told of a category's events. */
  hears(category: string): boolean {
    return this.categories.has(category);
  }

  createTables(): void {
    const columns = this.fields.map(({ name }) => `${columnOf(name)},`).join(' ');
    this.db.exec(`
      CREATE TABLE ${tableOf(this.number)} (
        id TEXT NOT NULL, from_pos INTEGER NOT NULL, to_pos INTEGER, ${columns} text INTEGER NOT NULL,
        PRIMARY KEY (id, from_pos)) WITHOUT ROWID;
      CREATE TABLE ${textsOf(this.number)} (number INTEGER PRIMARY KEY, text TEXT NOT NULL);
      CREATE TABLE ${notesOf(this.number)} (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
    `);
  }

  /** Made at the end of a rebuild: sorting all at once costs a fraction of keeping them up on the way. */
  createIndexes(): void {
    const table = tableOf(this.number);
    const order = columnOf(sortOf(this.projection.defaultSort).field);
    const index = (name: string, columns: string, where: string) =>
      this.db.exec(`CREATE INDEX IF NOT EXISTS ${name} ON ${table} (${columns}) WHERE to_pos IS ${where}`);
    index(endIndexOf(this.number), 'to_pos', 'NOT NULL');
    index(sortIndexOf(this.number, 'id'), 'id', 'NULL');
    for (const [name, { sort, filter }] of Object.entries(this.projection.fields)) {
      if (sort) index(sortIndexOf(this.number, name), `${columnOf(name)}, id`, 'NULL');
      if (filter === 'indexed') index(filterIndexOf(this.number, name), `${columnOf(name)}, ${order}, id`, 'NULL');
    }
  }

  get(id: string): object | undefined {
    return this.currentOf(id)?.row;
  }

  note(key: string): Json | undefined {
    if (this.notes.has(key)) return this.notes.get(key);
    const found = this.prepared().readNote.get(key) as { value: string } | undefined;
    const value = found && (JSON.parse(found.value) as Json);
    this.notes.set(key, value);
    return value;
  }

  /** Takes one event in. Throws what the projection throws; then nothing of the event has been taken. */
  take(event: RecordedEvent, at: number): void {
    const changes = this.projection.project(this, event).map((change) => ('note' in change ? change : this.measured(change, at)));
    for (const change of changes) {
      if ('note' in change) {
        this.notes.set(change.note, change.value ?? undefined);
        this.newNotes.add(change.note);
      } else this.put(change.id, change.version, at);
    }
  }

  /** Writes what has been gathered; within the caller's transaction. */
  flush(): void {
    const { end, writeNote, dropNote } = this.prepared();
    for (const { id, from, to } of this.ended) end.run(to, id, from);
    for (const { id, version, to } of this.closed) this.store(id, version, to);
    for (const [id, version] of this.opened) {
      this.store(id, version, null);
      Object.assign(version, STORED);
    }
    for (const key of this.newNotes) {
      const value = this.notes.get(key);
      if (value === undefined) dropNote.run(key);
      else writeNote.run(key, JSON.stringify(value));
    }
    this.ended = [];
    this.closed = [];
    this.opened.clear();
    this.newNotes.clear();
    if (this.current.size > REMEMBERED) this.current.clear();
    if (this.notes.size > REMEMBERED) this.notes.clear();
  }

  /** Forgets what was gathered or remembered, after a rollback. */
  forget(): void {
    this.ended = [];
    this.closed = [];
    for (const map of [this.current, this.opened, this.notes, this.newNotes]) map.clear();
    this.lastText = undefined;
  }

  /** Removes versions that ended at or before `at`, up to `limit` of them; returns how many. */
  prune(at: number, limit: number): number {
    const table = tableOf(this.number);
    const old = this.db
      .prepare(`SELECT id, from_pos, text FROM ${table} WHERE to_pos IS NOT NULL AND to_pos <= ? LIMIT ?`)
      .all(at, limit) as unknown as { id: string; from_pos: number; text: number }[];
    const dropVersion = this.db.prepare(`DELETE FROM ${table} WHERE id = ? AND from_pos = ?`);
    const dropText = this.db.prepare(`DELETE FROM ${textsOf(this.number)} WHERE number = ?`);
    for (const { id, from_pos: from, text } of old) {
      dropVersion.run(id, from);
      dropText.run(text);
    }
    return old.length;
  }

  private store(id: string, { from, text, values }: Current, to: number | null): void {
    const { insert, insertText, last } = this.prepared();
    this.lastText ??= (last.get() as { number: number }).number;
    this.lastText += 1;
    insertText.run(this.lastText, text);
    insert.run(id, from, to, this.lastText, ...values);
  }

  private measured(change: Extract<Change<object>, { id: string }>, at: number): { id: string; version: Current | null } {
    const { id, row } = change;
    if (row === null) return { id, version: null };
    const values: Value[] = [];
    for (const field of this.fields) values.push(valueOf(field, row));
    return { id, version: { row, text: JSON.stringify(row), values, from: at, stored: false } };
  }

  private put(id: string, version: Current | null, at: number): void {
    const before = this.currentOf(id);
    if (before?.stored) this.ended.push({ id, from: before.from, to: at });
    else if (before && before.from !== at) this.closed.push({ id, version: before, to: at });
    this.current.set(id, version);
    if (version) this.opened.set(id, version);
    else this.opened.delete(id);
  }

  private currentOf(id: string): Current | null {
    const known = this.current.get(id);
    if (known !== undefined) return known;
    const found = this.prepared().find.get(id) as { from_pos: number; to_pos: number | null; text: string } | undefined;
    const current =
      found && found.to_pos === null ? { row: JSON.parse(found.text) as object, from: found.from_pos, ...STORED } : null;
    this.current.set(id, current);
    return current;
  }

  private prepared(): Statements {
    return (this.statements ??= this.prepare());
  }

  private prepare(): Statements {
    const table = tableOf(this.number);
    const texts = textsOf(this.number);
    const notes = notesOf(this.number);
    const columns = ['id', 'from_pos', 'to_pos', 'text', ...this.fields.map(({ name }) => columnOf(name))];
    return {
      find: this.db.prepare(
        `SELECT from_pos, to_pos, (SELECT t.text FROM ${texts} t WHERE t.number = ${table}.text) AS text
         FROM ${table} WHERE id = ? ORDER BY from_pos DESC LIMIT 1`,
      ),
      insertText: this.db.prepare(`INSERT INTO ${texts} (number, text) VALUES (?, ?)`),
      last: this.db.prepare(`SELECT ifnull(max(number), 0) AS number FROM ${texts}`),
      insert: this.db.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`),
      end: this.db.prepare(`UPDATE ${table} SET to_pos = ? WHERE id = ? AND from_pos = ?`),
      readNote: this.db.prepare(`SELECT value FROM ${notes} WHERE key = ?`),
      writeNote: this.db.prepare(`INSERT OR REPLACE INTO ${notes} (key, value) VALUES (?, ?)`),
      dropNote: this.db.prepare(`DELETE FROM ${notes} WHERE key = ?`),
    };
  }
}

function valueOf({ name, of, sort }: NamedField, row: object): Value {
  const value = of(row) ?? null;
  if (value === null && sort) throw new TypeError(`the row has no "${name}", which it could be sorted by`);
  return value;
}

/** Drops the tables of a build. */
export function dropBuild(db: DatabaseSync, build: number): void {
  for (const table of [tableOf, textsOf, notesOf]) db.exec(`DROP TABLE IF EXISTS ${table(build)}`);
  db.prepare('DELETE FROM builds WHERE build = ?').run(build);
}
