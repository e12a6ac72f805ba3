import { sortOf, type Layout } from './projection.js';
import { columnOf, currentTable, endIndex, filterIndex, pastTable, sortIndex } from './tables.js';

/** A row of a page: its JSON text as it is kept. */
export interface RowText {
  id: string;
  key: string | number;
  text: string;
}

/** Where a row stands in the order that is asked for. */
export type RowPlace = Pick<RowText, 'key' | 'id'>;

/** A page to be read from one build's tables. */
export interface PageRequest {
  filter: Record<string, readonly string[]>;
  field: string;
  descending: boolean;
  limit: number;
  /** Sort value and id of the last row before. */
  after?: RowPlace;
  /** The rows as they were after the event with this number; now when left out. */
  at?: number;
}

export interface Select {
  sql: string;
  parameters: (string | number)[];
}

/** Values of one filter beyond which merging a branch for each costs more than it saves. */
const MOST_BRANCHES = 12;

/**
 * The SELECT of a page: the first rows of a few branches, merged, where each branch walks an index in the page's own order
 * and ends after `limit` rows. So a page costs the same however many rows there are:
 *  - the current rows, by the sort's index, or for each value of the leading filter by that filter's index;
 *  - for a moment in the past also what has been superseded since, by the end index.
 */
export function selectPage(layout: Layout, build: number, page: PageRequest): Select {
  const lead = leadOf(layout, page);
  const branches = lead
    ? page.filter[lead]!.map((value) => current(build, page, filterIndex(build, lead), { ...page.filter, [lead]: [value] }))
    : [current(build, page, usesSortIndex(layout, page) ? sortIndex(build, page.field) : undefined, page.filter)];
  if (page.at !== undefined) branches.push(superseded(build, page, page.at));
  return {
    sql: `${branches.map(({ sql }) => `SELECT * FROM (${sql})`).join(' UNION ALL ')} ${order(page, 'key')}`,
    parameters: [...branches.flatMap(({ parameters }) => parameters), page.limit],
  };
}

/** The filter whose index gives the rows in the order that is asked for. */
function leadOf({ fields, defaultSort }: Layout, { filter, field }: PageRequest): string | undefined {
  if (field !== sortOf(defaultSort).field) return undefined;
  return Object.keys(fields).find(
    (name) => fields[name]!.filter === 'indexed' && filter[name] && filter[name].length <= MOST_BRANCHES,
  );
}

/** With an indexed filter and another order SQLite decides: few rows sorted, or the order walked. */
const usesSortIndex = ({ fields }: Layout, { filter }: PageRequest): boolean =>
  !Object.keys(filter).some((name) => fields[name]!.filter === 'indexed');

function current(build: number, page: PageRequest, index: string | undefined, filter: PageRequest['filter']): Select {
  const from = `${currentTable(build)}${index ? ` INDEXED BY ${index}` : ''}`;
  return page.at === undefined ? branch(from, page, [], [], filter) : branch(from, page, ['from_pos <= ?'], [page.at], filter);
}

const superseded = (build: number, page: PageRequest, at: number): Select =>
  branch(`${pastTable(build)} INDEXED BY ${endIndex(build)}`, page, ['to_pos > ?', 'from_pos <= ?'], [at, at], page.filter);

function branch(from: string, page: PageRequest, time: string[], times: number[], filter: PageRequest['filter']): Select {
  const where = [...time];
  const parameters: (string | number)[] = [...times];
  for (const [name, values] of Object.entries(filter)) {
    where.push(values.length === 1 ? `${columnOf(name)} = ?` : `${columnOf(name)} IN (${values.map(() => '?').join(', ')})`);
    parameters.push(...values);
  }
  const sort = columnOf(page.field);
  if (page.after) {
    const beyond = page.descending ? '<' : '>';
    where.push(page.field === 'id' ? `id ${beyond} ?` : `(${sort}, id) ${beyond} (?, ?)`);
    parameters.push(...(page.field === 'id' ? [page.after.id] : [page.after.key, page.after.id]));
  }
  const which = where.length > 0 ? `WHERE ${where.join(' AND ')}` : '';
  return {
    sql: `SELECT id, ${sort} AS key, text FROM ${from} ${which} ${order(page, sort)}`,
    parameters: [...parameters, page.limit],
  };
}

function order({ field, descending }: PageRequest, key: string): string {
  const direction = descending ? ' DESC' : '';
  return `ORDER BY ${key}${direction}${field === 'id' ? '' : `, id${direction}`} LIMIT ?`;
}
