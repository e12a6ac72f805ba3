import { expect, test } from '@jest/globals';
import type { RowPlace, RowText } from './page.js';
import { searched } from './search.js';

const rows = (count: number): RowText[] =>
  Array.from({ length: count }, (_, at) => ({ id: String(at).padStart(6, '0'), key: at, text: `{"at":${at}}` }));

/** A table of so many rows; counts what is read of it. */
function table(count: number) {
  const all = rows(count);
  const reads: number[] = [];
  const read = ({ limit, after }: { limit: number; after?: RowPlace }) => {
    const from = after === undefined ? 0 : Number(after.key) + 1;
    const some = all.slice(from, from + limit);
    reads.push(some.length);
    return some;
  };
  return { read, reads };
}
const every = (n: number) => (text: string) => (JSON.parse(text) as { at: number }).at % n === 0;

test('a page that is full says where it goes on only where there is more', () => {
  const { read } = table(30);
  expect(searched(read, { limit: 3 }, every(10))).toMatchObject({ rows: [{ key: 0 }, { key: 10 }, { key: 20 }] });
  expect(searched(read, { limit: 3 }, every(10))).not.toHaveProperty('after');
  const { after } = searched(read, { limit: 2 }, every(10));
  expect(after).toEqual({ key: 10, id: '000010' });
  expect(searched(read, { limit: 2, after: after! }, every(10))).toEqual({ rows: [expect.objectContaining({ key: 20 })] });
});

test('looks at a bounded number of rows, and then says how far it came', () => {
  const { read, reads } = table(25_000);
  const nothing = searched(read, { limit: 5 }, () => false);
  expect(nothing).toEqual({ rows: [], after: { key: 9_999, id: '009999' } });
  expect(reads.reduce((sum, count) => sum + count)).toBe(10_000);
});

test('page by page all that passes is found, once', () => {
  const { read } = table(25_000);
  const found: (string | number)[] = [];
  let after: RowPlace | undefined;
  do {
    const page = searched(read, { limit: 7, ...(after && { after }) }, every(997));
    found.push(...page.rows.map(({ key }) => key));
    after = page.after;
  } while (after);
  expect(found).toEqual(Array.from({ length: 26 }, (_, at) => at * 997));
});
