import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { MemoryEventLog } from '../testing/memory-event-log.js';
import { selectPage } from './page.js';
import { foldRows, layoutOf, sortOf } from './projection.js';
import type { ListQuery } from './query.js';
import type { ReadModels } from './read-models.js';
import { happenings, inFolder, modelsOf, parcels, record, type Parcel } from './testing/parcels.js';

const seed = Number(process.env['SLIPWAY_SEED'] ?? Date.now() % 1_000_000);

const valuesOf = (row: Parcel): Record<string, string> => ({
  owner: row.owner,
  shelf: row.shelf,
  parity: row.weight % 2 === 0 ? 'even' : 'odd',
});

/** What a page of unlimited length shows, worked out the plain way. */
function expected(rows: Parcel[], { filter = {}, sort = 'weight', matching }: ListQuery): string[] {
  const { field, descending } = sortOf(sort);
  const kept = rows.filter((row) => Object.entries(filter).every(([name, values]) => values.includes(valuesOf(row)[name]!)));
  const passing = matching ? kept.filter((row) => matching.passes(JSON.stringify(row))) : kept;
  const key = field as keyof Parcel;
  passing.sort((a, b) => (a[key] < b[key] ? -1 : a[key] > b[key] ? 1 : a.id < b.id ? -1 : 1));
  return (descending ? passing.toReversed() : passing).map((row) => row.id);
}

async function allPages(models: ReadModels, query: ListQuery, between: () => Promise<void> = async () => {}) {
  const ids: string[] = [];
  const positions = new Set<string>();
  let cursor: string | undefined;
  do {
    const page = await models.page('parcels', { ...query, ...(cursor && { cursor }) });
    expect(page.items.length).toBeLessThanOrEqual(query.limit!);
    ids.push(...page.items.map((text) => (JSON.parse(text) as Parcel).id));
    positions.add(page.position);
    cursor = page.next;
    if (cursor) await between();
  } while (cursor);
  return { ids, positions };
}

const heavy = { text: '(weight>=4)', passes: (row: string) => (JSON.parse(row) as Parcel).weight >= 4 };

const queries: fc.Arbitrary<ListQuery> = fc.record({
  filter: fc.record(
    {
      owner: fc.subarray(['ada', 'bob'], { minLength: 1 }),
      shelf: fc.subarray(['a', 'b', 'c'], { minLength: 1 }),
      parity: fc.constantFrom(['even'], ['odd']),
    },
    { requiredKeys: [] },
  ),
  sort: fc.constantFrom('weight', '-weight', 'shelf', '-shelf', 'id', '-id'),
  limit: fc.integer({ min: 1, max: 4 }),
  matching: fc.constantFrom(undefined, heavy),
});

describe(`pages of random queries on random histories (SLIPWAY_SEED=${seed})`, () => {
  it('are all of the moment of the first one, in order, while writes go on', async () => {
    const property = fc.asyncProperty(happenings(60), happenings(60), queries, (before, after, query) =>
      inFolder(async (file) => {
        const memory = new MemoryEventLog();
        const log = memory.as('orchestrator');
        await record(log, before);
        const models = await modelsOf(file('models'), log);
        const rows = [...foldRows(parcels, memory.disk.events).values()];
        const first = await log.head();
        let written = 0;
        const { ids, positions } = await allPages(models, query, async () => {
          await record(log, after.slice(written, (written += 5)));
          expect(await models.reached(await log.head(), 20_000)).toBe(true);
        });
        expect(ids).toEqual(expected(rows, query));
        expect([...positions]).toEqual([first]);
        const { ids: past } = await allPages(models, { ...query, asOf: first });
        expect(past).toEqual(ids);
        await models.close();
      }),
    );
    await fc.assert(property, { seed, numRuns: 60 });
  });
});

describe('a page', () => {
  const fromIndexes: [string, Parameters<typeof selectPage>[2]][] = [
    ['without a filter', { filter: {}, field: 'weight', descending: true, limit: 10 }],
    ['by another order', { filter: { parity: ['even'] }, field: 'shelf', descending: false, limit: 10 }],
    ['of one owner', { filter: { owner: ['ada'], parity: ['odd'] }, field: 'weight', descending: false, limit: 10 }],
    ['further on', { filter: { owner: ['ada'] }, field: 'weight', descending: true, limit: 10, after: { key: 5, id: 'p' } }],
    ['by id, further on', { filter: {}, field: 'id', descending: true, limit: 10, after: { key: 'p', id: 'p' } }],
    ['by id', { filter: {}, field: 'id', descending: false, limit: 10 }],
  ];

  it.each(fromIndexes)('%s walks one index in order: nothing is scanned or sorted', (_name, request) =>
    inFolder(async (file) => {
      const models = await modelsOf(file('models'), new MemoryEventLog().as(null));
      await models.close();
      const db = new DatabaseSync(file('models'), { readOnly: true });
      const { sql } = selectPage(layoutOf(parcels), 1, request);
      const branch = sql.slice(sql.indexOf('(SELECT') + 1, sql.lastIndexOf(')'));
      const plan = db.prepare(`EXPLAIN QUERY PLAN ${branch}`).all() as { detail: string }[];
      expect(plan.map(({ detail }) => detail)).toEqual([
        expect.stringMatching(/^(SEARCH|SCAN) current_1 USING (COVERING )?INDEX current_1_(sort|filter)_\w+/),
      ]);
      db.close();
    }),
  );

  it('of several values of a filter merges one walk for each', () => {
    const { sql } = selectPage(layoutOf(parcels), 1, {
      filter: { owner: ['ada', 'bob'] },
      field: 'weight',
      descending: false,
      limit: 10,
    });
    expect(sql.match(/INDEXED BY "current_1_filter_owner"/g)).toHaveLength(2);
  });
});
