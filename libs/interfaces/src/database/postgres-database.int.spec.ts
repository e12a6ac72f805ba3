import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { startPostgres, whyNoPostgres, type TestPostgres } from '../testing/postgres-server.js';
import type { Database } from './database.js';
import { postgresDatabase } from './postgres-database.js';

jest.setTimeout(60_000);

const missing = whyNoPostgres();

(missing === undefined ? describe : describe.skip)(
  `a database on PostgreSQL${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    let server: TestPostgres;
    let database: Database;
    beforeAll(async () => {
      server = await startPostgres();
      const { host, port, user, password } = server;
      database = postgresDatabase({ host, port, user, database: 'postgres', password: async () => password });
    }, 120_000);
    afterAll(() => server?.stop());

    test('gives rows with their columns; what JSON has no form for is text', async () => {
      const sql = `SELECT 1 AS one, 1.50::numeric AS n, true AS yes, NULL AS nothing, 'grüße' AS text, '{"a":[1]}'::jsonb AS json,
      9007199254740993::bigint AS big, 'NaN'::float8 AS nan, ARRAY[1,2] AS list, '2026-01-02'::date AS day`;
      expect(await database.query(sql)).toEqual({
        columns: ['one', 'n', 'yes', 'nothing', 'text', 'json', 'big', 'nan', 'list', 'day'],
        rows: [[1, '1.50', true, null, 'grüße', { a: [1] }, '9007199254740993', 'NaN', '{1,2}', '2026-01-02']],
        count: 1,
      });
    });

    test('parameters are apart from the statement, whatever they hold', async () => {
      await database.query('CREATE TABLE note (id int PRIMARY KEY, text text)');
      const hostile = `'); DROP TABLE note; -- \\! id`;
      expect(await database.query('INSERT INTO note VALUES ($1, $2), ($3, $4)', [1, hostile, 2, null])).toMatchObject({
        rows: [],
        count: 2,
      });
      expect((await database.query('SELECT text FROM note ORDER BY id')).rows).toEqual([[hostile], [null]]);
      expect((await database.query('SELECT $1::jsonb->>$2', [{ a: 'b' }, 'a'])).rows).toEqual([['b']]);
    });

    test('what is wrong is told as the database does, and changes nothing; a statement is one', async () => {
      await expect(database.query('SELEC 1')).rejects.toMatchObject({
        code: 'bad-input',
        message: expect.stringMatching(/syntax error at or near "SELEC"/),
      });
      await expect(database.query('INSERT INTO note VALUES (1)')).rejects.toMatchObject({
        code: 'bad-input',
        details: { sqlState: '23505' },
      });
      await expect(database.query('DELETE FROM note; SELECT 1')).rejects.toMatchObject({ code: 'bad-input' });
      expect((await database.query('SELECT count(*) FROM note')).rows).toEqual([['2']]);
    });

    test('more rows than there is room for are refused, and what the statement did is undone', async () => {
      const many = `WITH gone AS (DELETE FROM note RETURNING 1) SELECT n FROM generate_series(1, 1001) AS n, gone`;
      await expect(database.query(many)).rejects.toMatchObject({ code: 'too-large', message: expect.stringMatching(/LIMIT/) });
      expect((await database.query('SELECT count(*) FROM note')).rows).toEqual([['2']]);
      expect((await database.query('SELECT generate_series(1, 1000)')).rows).toHaveLength(1000);
      await expect(database.query(`SELECT repeat('x', 100000000)`)).rejects.toMatchObject({ code: 'too-large' });
    });

    test('a statement ends with its time, and with its caller', async () => {
      await expect(database.query('SELECT pg_sleep(60)', [], { timeoutMs: 300 })).rejects.toMatchObject({ code: 'timed-out' });
      const caller = new AbortController();
      const running = database.query('SELECT pg_sleep(60)', [], { signal: caller.signal });
      setTimeout(() => caller.abort(), 200);
      await expect(running).rejects.toMatchObject({ code: 'step-cancelled' });
    });

    test('says where it is without a password; a wrong one, and a server that is gone, are told', async () => {
      const { host, port, user, password } = server;
      expect(await database.connection()).toEqual({ engine: 'postgres', host, port, database: 'postgres', user });
      expect(JSON.stringify(await database.connection())).not.toContain(password);
      const wrong = postgresDatabase({ host, port, user, database: 'postgres', password: async () => 'wrong' });
      await expect(wrong.query('SELECT 1')).rejects.toMatchObject({
        code: 'driver-failed',
        message: expect.stringMatching(/password authentication failed/),
      });
      const gone = postgresDatabase({ host, port: 1, user, database: 'postgres', password: async () => password });
      await expect(gone.query('SELECT 1')).rejects.toMatchObject({
        code: 'driver-failed',
        message: expect.stringMatching(/ECONNREFUSED/),
      });
    });
  },
);
