import { badInput } from '@slipway/contracts';
import { queryHash, readCursor, type Cursor } from './cursor.js';
import { fieldsOf, sortOf, type Projection } from './projection.js';

/** What is asked of a view. */
export interface ListQuery {
  /** Equal values by field; several: one of. */
  filter?: Record<string, string[]>;
  /** A sortable field, `-` in front for descending. */
  sort?: string;
  /** 1 to 500; 50 when left out. */
  limit?: number;
  /** `next` of the page before. */
  cursor?: string;
  /** A position, or an ISO 8601 time. */
  asOf?: string;
  /** What else must hold of a row. */
  matching?: Matching;
}

/** A test that no field can carry: each row that the rest of the query finds is put to it. */
export interface Matching {
  /** As it was asked for: another text is another list. */
  text: string;
  /** Whether a row's JSON text passes. */
  passes(row: string): boolean;
}

/** A query that the view can answer. */
export interface CheckedQuery {
  filter: Record<string, readonly string[]>;
  field: string;
  descending: boolean;
  limit: number;
  cursor?: Cursor;
  asOf?: string;
  matching?: Matching;
  /** The same for all pages of one list. */
  hash: string;
}

const DEFAULT_LIMIT = 50;
const MOST = 500;
const MOST_VALUES = 100;

/** Throws `bad-input` that names the field, the reason and what can be asked instead. */
export function checkQuery(projection: Projection, query: ListQuery): CheckedQuery {
  const { name, defaultSort, defaultFilter = {} } = projection;
  const { filterable, sortable } = fieldsOf(projection);
  const { filter = {}, sort = defaultSort, limit = DEFAULT_LIMIT, asOf, matching } = query;
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST) throw refuse('limit', `must be a whole number from 1 to ${MOST}`);
  const { field, descending } = sortOf(sort);
  if (!sortable.includes(field)) throw refuse('sort', `${name} can be sorted by ${sortable.join(', ')}, not by "${field}"`);
  for (const [by, values] of Object.entries(filter)) {
    if (!filterable.includes(by)) throw refuse(by, `${name} can be filtered by ${filterable.join(', ')}, not by "${by}"`);
    if (values.length < 1 || values.length > MOST_VALUES) throw refuse(by, `takes 1 to ${MOST_VALUES} values`);
    const { values: possible } = projection.fields[by]!;
    const impossible = values.find((value) => possible && !possible.includes(value));
    if (impossible !== undefined) throw refuse(by, `is never "${impossible}"; there are ${possible!.join(', ')}`);
  }
  const whole = Object.fromEntries(
    Object.entries({ ...defaultFilter, ...filter }).map(([by, values]) => [by, [...new Set(values)].sort()]),
  );
  const hash = queryHash(name, { filter: whole, sort, asOf, ...(matching && { matching: matching.text }) });
  return {
    filter: whole,
    field,
    descending,
    limit,
    hash,
    ...(asOf !== undefined && { asOf }),
    ...(matching && { matching }),
    ...(query.cursor !== undefined && { cursor: readCursor(query.cursor, name, hash) }),
  };
}

const refuse = (field: string, reason: string) => badInput([{ field, reason }]);
