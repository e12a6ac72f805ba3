import { categoryOf, hashOf, type Json } from '@slipway/contracts';
import type { RecordedEvent } from '../port.js';

/** What a projection knows when an event comes: the rows as they are just before it. Rows are never changed in place. */
export interface Model<Row> {
  get(id: string): Row | undefined;
  /** What it noted down for itself. */
  note(key: string): Json | undefined;
}

/**
 * What one event changes. A row is shown and kept in all its versions; `null` takes it away. A note is the projection's
 * own memory: not shown, and only its newest value is kept.
 */
export type Change<Row> = { id: string; row: Row | null } | { note: string; value: Json | null };

/** A column that rows are filtered or sorted by. */
export interface Field<Row> {
  /** Its value in a row. A sortable field has one in every row. */
  of(row: Row): string | number | null | undefined;
  /**
   * `indexed`: an index of its own leads to the rows (their order by the default sort included); `checked`: rows are
   * found by another field and tested, which is right for a field that many rows agree on. Filters compare texts.
   */
  filter?: 'indexed' | 'checked';
  /** All values that it can have, where these are known: a filter for another is refused. */
  values?: readonly string[];
  /** Sorting by it has an index. The id, which every model can be sorted by, breaks ties. */
  sort?: boolean;
}

/** A read model: what it is made from, what can be asked of it, and how an event changes it. */
export interface Projection<Row extends object = object> {
  /** Name of the view: a lower-case word. */
  readonly name: string;
  /** Grows whenever the same events would give other rows: the model is then rebuilt beside the old one. */
  readonly version: number;
  /** The stream categories it is told of. */
  readonly categories: readonly string[];
  /** By name, what tells rows apart best first: the first that a query names leads to the rows. */
  readonly fields: Readonly<Record<string, Field<Row>>>;
  /** What a list is sorted by unless it says so; `-` in front for descending. */
  readonly defaultSort: string;
  /** Filter values that hold where a query names no others. */
  readonly defaultFilter?: Readonly<Record<string, readonly string[]>>;
  /** Pure. When it throws, this model stops at the event, and only this one. */
  project(model: Model<Row>, event: RecordedEvent): readonly Change<Row>[];
}

/** A projection's columns and indexes, as they are written beside what it builds. */
export interface Layout {
  fields: Record<string, { filter?: 'indexed' | 'checked'; sort?: boolean }>;
  defaultSort: string;
}

export const layoutOf = ({ fields, defaultSort }: Projection): Layout => ({
  fields: Object.fromEntries(
    Object.entries(fields).map(([name, { filter, sort }]) => [name, { ...(filter && { filter }), ...(sort && { sort }) }]),
  ),
  defaultSort,
});

/** What a build was made by: another value means that it must be made anew. */
export const modelOf = (projection: Projection): string =>
  hashOf([projection.version, projection.categories, layoutOf(projection)]).slice(0, 16);

/** Names of the fields that can be filtered by, and of those that can be sorted by. */
export function fieldsOf({ fields }: Layout | Projection): { filterable: string[]; sortable: string[] } {
  const names = Object.keys(fields);
  return {
    filterable: names.filter((name) => fields[name]!.filter),
    sortable: [...names.filter((name) => fields[name]!.sort), 'id'],
  };
}

/** `-acceptedAt` → its field, and whether it is descending. */
export function sortOf(sort: string): { field: string; descending: boolean } {
  const descending = sort.startsWith('-');
  return { field: descending ? sort.slice(1) : sort, descending };
}

/** The rows that a fresh fold of the events gives, in memory: what any build of the model must equal. */
export function foldRows<Row extends object>(projection: Projection<Row>, events: readonly RecordedEvent[]): Map<string, Row> {
  const rows = new Map<string, Row>();
  const notes = new Map<string, Json>();
  const model: Model<Row> = { get: (id) => rows.get(id), note: (key) => notes.get(key) };
  for (const event of events) {
    if (!projection.categories.includes(categoryOf(event.stream))) continue;
    for (const change of projection.project(model, event)) {
      if ('note' in change) {
        if (change.value === null) notes.delete(change.note);
        else notes.set(change.note, change.value);
      } else if (change.row === null) rows.delete(change.id);
      else rows.set(change.id, change.row);
    }
  }
  return rows;
}
