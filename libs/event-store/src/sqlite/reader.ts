import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { SlipwayError } from '@slipway/contracts';
import { digestOf } from '../digest.js';
import type { Lineage } from '../position.js';
import type { ReadFilter, RecordedEvent } from '../port.js';
import { recordedEvent } from '../written-event.js';
import { failureOf } from './failure.js';
import { EVENT_COLUMNS, OF_REQUEST, type EventRow } from './schema.js';

/** Positions that one query looks at when a filter has no index: bounds how long it holds up the event loop. */
const WINDOW = 5_000;

/** How long another process may hold the file for itself while it is opened, in ms: it recovers it, or was the last to leave it. */
const OPENS_WITHIN = 2_000;

/** Reads one log's file. What is read is checked: a row is returned as it was recorded, or `log-damaged` is thrown. */
export class Reader {
  private readonly db: DatabaseSync;
  private streamRows!: StatementSync;
  private rows!: StatementSync;
  private last!: StatementSync;
  private timeAt!: StatementSync;
  private dataVersion!: StatementSync;
  private readonly filtered = new Map<string, StatementSync>();

  constructor(
    file: string,
    private readonly lineage: Lineage,
  ) {
    this.db = new DatabaseSync(file, { timeout: OPENS_WITHIN });
    try {
      this.open();
    } catch (error) {
      this.db.close();
      throw failureOf(error as Error, file);
    }
  }

  private open(): void {
    this.db.exec('PRAGMA query_only = ON; PRAGMA cell_size_check = ON');
    this.streamRows = this.prepare(
      `SELECT ${EVENT_COLUMNS} FROM events WHERE stream = ? AND revision >= ? ORDER BY revision LIMIT ?`,
    );
    this.rows = this.prepare(
      `SELECT ${EVENT_COLUMNS} FROM events WHERE position > ? AND position <= ? ORDER BY position LIMIT ?`,
    );
    this.last = this.prepare('SELECT max(position) FROM events');
    this.timeAt = this.prepare('SELECT recorded_at FROM events WHERE position = ?');
    this.dataVersion = this.prepare('PRAGMA data_version');
    // From here on whoever reads decides how long he waits.
    this.db.exec('PRAGMA busy_timeout = 0');
  }

  /** Changes with every commit of another connection. */
  version(): number {
    return one(this.dataVersion.get());
  }

  head(): number {
    return one(this.last.get()) ?? 0;
  }

  stream(stream: string, from: number, limit: number): RecordedEvent[] {
    const rows = this.streamRows.all(stream, from, limit) as unknown as EventRow[];
    return rows.map((row, index) => {
      if (row[2] !== from + index) throw this.damaged(row, `revision ${from + index} is missing before it`);
      return this.event(row);
    });
  }

  /** At most `limit` events between two positions (`after` exclusive, `head` inclusive), and how far it has looked. */
  all(after: number, head: number, limit: number, filter: ReadFilter): { events: RecordedEvent[]; position: number } {
    const { sql, values, indexed } = conditions(filter);
    if (!sql) {
      const rows = this.rows.all(after, head, limit) as unknown as EventRow[];
      const events = rows.map((row, index) => {
        if (row[0] !== after + 1 + index) throw this.damaged(row, `position ${after + 1 + index} is missing before it`);
        return this.event(row);
      });
      if (rows.length < limit && after + rows.length < head)
        throw new SlipwayError('log-damaged', `The event at position ${after + rows.length + 1} is missing`, {
          position: this.lineage.position(after + rows.length + 1),
        });
      return { events, position: after + rows.length };
    }
    const upTo = indexed ? head : Math.min(head, after + WINDOW);
    const rows = this.filteredBy(sql).all(after, upTo, ...values, limit) as unknown as EventRow[];
    return { events: rows.map((row) => this.event(row)), position: rows.length < limit ? upTo : rows.at(-1)![0] };
  }

  /** The greatest position recorded at or before a time; 0 when there is none. Times never go back, so it can halve. */
  positionAt(ms: number): number {
    let [low, high] = [0, this.head()];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      const time: number | null = one(this.timeAt.get(middle));
      if (time === null)
        throw new SlipwayError('log-damaged', `The event at position ${middle} is missing`, { position: middle });
      if (time <= ms) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  close(): void {
    this.db.close();
  }

  private prepare(sql: string): StatementSync {
    const statement = this.db.prepare(sql);
    statement.setReturnArrays(true);
    return statement;
  }

  private filteredBy(sql: string): StatementSync {
    let statement = this.filtered.get(sql);
    if (!statement) {
      if (this.filtered.size > 100) this.filtered.clear();
      statement = this.prepare(
        `SELECT ${EVENT_COLUMNS} FROM events WHERE position > ? AND position <= ? AND ${sql} ORDER BY position LIMIT ?`,
      );
      this.filtered.set(sql, statement);
    }
    return statement;
  }

  private event(row: EventRow): RecordedEvent {
    const [position, stream, revision, id, type, version, recordedAt, digest, data, metadata] = row;
    if (digest !== digestOf({ stream, revision, id, type, version, recordedAt, data, metadata }))
      throw this.damaged(row, 'it is not what was recorded (SHA-256)');
    const place = { stream, revision, position: this.lineage.position(position), recordedAt };
    return recordedEvent({ id, type, version, data, metadata }, place);
  }

  private damaged([position, stream, revision]: EventRow, reason: string): SlipwayError {
    const details = { stream, revision, position: this.lineage.position(position), reason };
    return new SlipwayError('log-damaged', `Revision ${revision} of ${stream} (position ${position}): ${reason}`, details);
  }
}

/** The only column of a row that was read as an array. */
const one = <Value>(row: unknown): Value => (row as [Value] | undefined)?.[0] ?? (null as Value);

/** A filter as SQL; `indexed` when an index finds the rows, so that nothing else is looked at. */
function conditions(filter: ReadFilter): { sql: string; values: string[]; indexed: boolean } {
  const sql: string[] = [];
  const values: string[] = [];
  const where = (condition: string, ...given: string[]) => {
    sql.push(condition);
    values.push(...given);
  };
  const { categories, types } = filter;
  if (filter.requestId !== undefined) where(OF_REQUEST, filter.requestId, filter.requestId, filter.requestId);
  if (filter.environment !== undefined) where('environment = ?', filter.environment);
  if (filter.ownerId !== undefined) where('owner_id = ?', filter.ownerId);
  if (types) where(`type IN (${types.map(() => '?').join()})`, ...types);
  if (categories) {
    // Of a category are the streams between its "-" and the character after that, ".".
    const ranges = categories.map(() => '(stream >= ? AND stream < ?)').join(' OR ');
    where(`(${ranges || 'FALSE'})`, ...categories.flatMap((category) => [`${category}-`, `${category}.`]));
  }
  return { sql: sql.join(' AND '), values, indexed: filter.requestId !== undefined };
}
