import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Json } from '@slipway/contracts';
import type { RecordedEvent } from '../port.js';
import type { Change, Field, Model, Projection } from './projection.js';
import { columnOf, currentTable, notesTable, pastTable } from './tables.js';

type Value = string | number | null;

/** A version of a row that holds. */
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
  'find' | 'write' | 'remove' | 'writePast' | 'movePast' | 'readNote' | 'writeNote' | 'dropNote',
  StatementSync
>;

/** What is left of a version once it stands in the table, where nobody writes its text and columns again. */
const STORED = { text: '', values: [], stored: true } satisfies Partial<Current>;

/** Rows that are remembered between batches; beyond it they are read from the table again. */
const REMEMBERED = 4_000;

/**
 * One set of tables that one projection writes. Within a batch versions are gathered in memory, so that one which begins
 * and ends in the batch is appended to the past once and never enters the table of current rows, nor its indexes.
 */
export class Build implements Model<object> {
  private readonly fields: NamedField[];
  private readonly categories: ReadonlySet<string>;
  /** Rows as they are after the last event; `null`: there is none. */
  private readonly current = new Map<string, Current | null>();
  /** Of the batch: current rows that are not stored yet, versions that began and ended in it, stored ones that ended. */
  private readonly opened = new Map<string, Current>();
  private closed: { id: string; version: Current; to: number }[] = [];
  private readonly ended = new Map<string, number>();
  private readonly notes = new Map<string, Json | undefined>();
  private readonly newNotes = new Set<string>();
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
    const { write, remove, writePast, movePast, writeNote, dropNote } = this.prepared();
    for (const [id, to] of this.ended) {
      movePast.run(to, id);
      if (!this.opened.has(id)) remove.run(id);
    }
    for (const { id, version, to } of this.closed) writePast.run(id, version.from, to, ...version.values, version.text);
    for (const [id, version] of this.opened) {
      write.run(id, version.from, ...version.values, version.text);
      Object.assign(version, STORED);
    }
    for (const key of this.newNotes) {
      const value = this.notes.get(key);
      if (value === undefined) dropNote.run(key);
      else writeNote.run(key, JSON.stringify(value));
    }
    this.gathered();
    if (this.current.size > REMEMBERED) this.current.clear();
    if (this.notes.size > REMEMBERED) this.notes.clear();
  }

  /** Forgets what was gathered or remembered, after a rollback. */
  forget(): void {
    this.gathered();
    this.current.clear();
    this.notes.clear();
  }

  /** Removes versions that ended at or before `at`, up to `limit` of them; returns how many. */
  prune(at: number, limit: number): number {
    const past = pastTable(this.number);
    const old = `SELECT rowid FROM ${past} WHERE to_pos <= ? LIMIT ?`;
    return Number(this.db.prepare(`DELETE FROM ${past} WHERE rowid IN (${old})`).run(at, limit).changes);
  }

  private gathered(): void {
    this.closed = [];
    this.opened.clear();
    this.ended.clear();
    this.newNotes.clear();
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
    if (before?.stored) this.ended.set(id, at);
    else if (before && before.from !== at) this.closed.push({ id, version: before, to: at });
    this.current.set(id, version);
    if (version) this.opened.set(id, version);
    else this.opened.delete(id);
  }

  private currentOf(id: string): Current | null {
    const known = this.current.get(id);
    if (known !== undefined) return known;
    const found = this.prepared().find.get(id) as { from_pos: number; text: string } | undefined;
    const current = found ? { row: JSON.parse(found.text) as object, from: found.from_pos, ...STORED } : null;
    this.current.set(id, current);
    return current;
  }

  private prepared(): Statements {
    return (this.statements ??= this.prepare());
  }

  private prepare(): Statements {
    const [current, past, notes] = [currentTable(this.number), pastTable(this.number), notesTable(this.number)];
    const columns = [...this.fields.map(({ name }) => columnOf(name)), 'text'];
    const values = columns.map(() => '?').join(', ');
    const replaced = ['from_pos', ...columns].map((column) => `${column} = excluded.${column}`);
    return {
      find: this.db.prepare(`SELECT from_pos, text FROM ${current} WHERE id = ?`),
      write: this.db.prepare(
        `INSERT INTO ${current} (id, from_pos, ${columns.join(', ')}) VALUES (?, ?, ${values})
         ON CONFLICT (id) DO UPDATE SET ${replaced.join(', ')}`,
      ),
      remove: this.db.prepare(`DELETE FROM ${current} WHERE id = ?`),
      writePast: this.db.prepare(`INSERT INTO ${past} (id, from_pos, to_pos, ${columns.join(', ')}) VALUES (?, ?, ?, ${values})`),
      movePast: this.db.prepare(
        `INSERT INTO ${past} (id, from_pos, to_pos, ${columns.join(', ')})
         SELECT id, from_pos, ?, ${columns.join(', ')} FROM ${current} WHERE id = ?`,
      ),
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
