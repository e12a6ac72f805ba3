import type { PageRequest, RowPlace, RowText } from './page.js';

/** Rows that are read at a time, and that one search looks at: what is asked for must not hold up everybody else. */
const READ_AT_ONCE = 500;
const MOST_LOOKED_AT = 10_000;

type Part = Pick<PageRequest, 'limit' | 'after'>;

/** As many rows as are asked for of those that pass; `after`: where it goes on, where it did not look at all. */
export interface Searched {
  rows: RowText[];
  after?: RowPlace;
}

/** Looks for rows that pass, in the order in which `read` gives them. */
export function searched(read: (part: Part) => RowText[], { limit, after }: Part, passes: (text: string) => boolean): Searched {
  const rows: RowText[] = [];
  let from: RowPlace | undefined = after;
  for (let looked = 0; looked < MOST_LOOKED_AT; looked += READ_AT_ONCE) {
    const some = read({ limit: READ_AT_ONCE, ...(from && { after: from }) });
    for (const row of some) {
      if (!passes(row.text)) continue;
      if (rows.length === limit) return { rows, after: placeOf(rows.at(-1)!) };
      rows.push(row);
    }
    if (some.length < READ_AT_ONCE) return { rows };
    from = placeOf(some.at(-1)!);
  }
  return { rows, after: from! };
}

const placeOf = ({ key, id }: RowText): RowPlace => ({ key, id });
