import { fork } from 'node:child_process';
import { chown, readFile, readdir, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ContractPlace, streamed } from '@slipway/provisioner/testing';
import { sqliteDriver } from './sqlite.js';

describe('databases as SQLite files', () => {
  const driver = sqliteDriver();
  let place: ContractPlace;
  beforeEach(async () => {
    place = await ContractPlace.make();
  });
  afterEach(() => place.remove());

  const target = (name = 'shop-db', generation = 1) => place.target('database', name, generation);
  const ensure = async (schema?: string, meant = target()) =>
    driver.ensure(meant, schema === undefined ? {} : { schema }, {}, await place.context());

  test('the schema stands, the journal is a WAL, the outputs name path and URL', async () => {
    const { outputs, observed } = await ensure('CREATE TABLE a (x); CREATE INDEX a_x ON a (x); INSERT INTO a VALUES (7);');
    const path = String(outputs['path']);
    expect(outputs).toEqual({ path, url: `sqlite:${path}` });
    expect(observed).toEqual({ exists: true, integrity: 'ok', journal: 'wal', schema: expect.stringMatching(/^[0-9a-f]{64}$/) });
    const database = new DatabaseSync(path, { readOnly: true });
    expect(database.prepare('SELECT x FROM a').all()).toEqual([{ x: 7 }]);
    database.close();
  });

  test('without a schema an empty database is made', async () => {
    const { outputs } = await ensure();
    const database = new DatabaseSync(String(outputs['path']));
    expect(database.prepare('SELECT count(*) AS n FROM sqlite_schema').get()).toEqual({ n: 0 });
    database.close();
  });

  test.each([
    ['a mistake in the second statement', 'CREATE TABLE a (x); CREATE TABEL b (y)', /syntax error/],
    ['a COMMIT of its own', 'CREATE TABLE a (x); COMMIT', /not authorized/],
    ['another database', "ATTACH '/tmp/slipway-never-made.sqlite' AS other", /not authorized/],
    ['a constraint that fails', 'CREATE TABLE a (x UNIQUE); INSERT INTO a VALUES (1), (1)', /UNIQUE/],
  ])('a schema with %s is refused by name, and nothing stands', async (_what, schema, reason) => {
    await expect(ensure(schema)).rejects.toMatchObject({
      code: 'spec-invalid',
      details: { fields: [{ field: 'schema', reason: expect.stringMatching(reason) }] },
    });
    expect(await driver.inspect(target(), await place.context())).toEqual({ state: 'absent', observed: {} });
    expect(await readdir(`${place.root}/default.shop-db`)).toEqual([]);
    expect((await ensure('CREATE TABLE a (x)')).effect).toBe('made');
  });

  test('a database that was damaged since is not found well, and is named', async () => {
    const { outputs } = await ensure(
      `CREATE TABLE a (x); INSERT INTO a VALUES ${Array(3000).fill("('long enough text')").join()}`,
    );
    const path = String(outputs['path']);
    await truncate(path, 20_000);
    await expect(ensure()).rejects.toMatchObject({ code: 'driver-failed', message: expect.stringContaining(path) });
    const { state, observed } = await driver.inspect(target(), await place.context());
    expect({ state, integrity: observed['integrity'] }).toMatchObject({
      state: 'present',
      integrity: expect.not.stringMatching(/^ok$/),
    });
  });

  test('drift shows: a schema that was changed, a file that is gone', async () => {
    const { outputs, observed } = await ensure('CREATE TABLE a (x)');
    const database = new DatabaseSync(String(outputs['path']));
    database.exec('CREATE TABLE b (y)');
    database.close();
    const changed = await driver.inspect(target(), await place.context());
    expect(changed.observed).toEqual({ ...observed, schema: expect.not.stringMatching(String(observed['schema'])) });
    const { filesystem } = await place.context();
    await filesystem.remove(String(outputs['path']));
    expect((await driver.inspect(target(), await place.context())).observed).toMatchObject({ exists: false });
  });

  test('looking at it leaves it to its owner, files beside it too', async () => {
    const { outputs } = await ensure('CREATE TABLE a (x)');
    const path = String(outputs['path']);
    const uid = process.getuid!() === 0 ? 12_345 : process.getuid!();
    const folder = dirname(path);
    await chown(folder, uid, uid);
    await chown(path, uid, uid);
    await driver.inspect(target(), await place.context());
    for (const name of await readdir(folder)) expect((await stat(`${folder}/${name}`)).uid).toBe(uid);
  });

  test('the schema stands in no argument of the program that makes it', async () => {
    const context = await place.context();
    const lines: unknown[] = [];
    const command = {
      ...context.command,
      exec: (line: readonly string[], options?: Parameters<typeof context.command.exec>[1]) => {
        lines.push(line, options?.env);
        return context.command.exec(line, options);
      },
    };
    await driver.ensure(target(), { schema: 'CREATE TABLE canary_4711 (x)' }, {}, { ...context, command });
    expect(JSON.stringify(lines)).not.toContain('canary_4711');
  });

  test('what is read out while others write is of one moment, and the writers go on', async () => {
    const { outputs } = await ensure('CREATE TABLE accounts (id INTEGER PRIMARY KEY, money INTEGER NOT NULL)');
    const path = String(outputs['path']);
    const database = new DatabaseSync(path);
    const fill = database.prepare('INSERT INTO accounts (money) VALUES (100)');
    database.exec('BEGIN');
    for (let n = 0; n < 5_000; n += 1) fill.run();
    database.exec('COMMIT');
    const writer = fork(fileURLToPath(new URL('./testing/transfers.mjs', import.meta.url)), [path], { execArgv: [] });
    try {
      await new Promise((resolve) => writer.once('message', resolve));
      const moneys = new Set<number>();
      for (let round = 0; round < 3; round += 1) {
        const context = await place.context();
        const pieces: Uint8Array[] = [];
        for await (const piece of await driver.portable!.export(target(), {}, context)) pieces.push(piece);
        const copy = `${place.folder}/copy.sqlite`;
        await writeFile(copy, Buffer.concat(pieces));
        const copied = new DatabaseSync(copy, { readOnly: true });
        expect(copied.prepare('SELECT sum(money) AS all_of_it, count(*) AS accounts FROM accounts').get()).toEqual({
          all_of_it: 500_000,
          accounts: 5_000,
        });
        moneys.add(Number(copied.prepare('SELECT money FROM accounts WHERE id = 1').get()!['money']));
        copied.close();
        await rm(copy);
      }
      expect(writer.exitCode).toBeNull();
      // Somebody did write in between.
      expect(database.prepare('SELECT money FROM accounts WHERE id = 1').get()!['money']).not.toBe(100);
      expect(moneys.has(100)).toBe(false);
    } finally {
      const ended = new Promise((resolve) => writer.once('exit', resolve));
      writer.kill();
      await ended;
      database.close();
    }
  });

  test('a database that comes with a schema of its own runs none of it while it is taken in', async () => {
    const made = `${place.folder}/hostile.sqlite`;
    const hostile = new DatabaseSync(made);
    hostile.exec(`
      CREATE TABLE entries (id INTEGER PRIMARY KEY, text TEXT);
      INSERT INTO entries (text) VALUES ('kept');
      CREATE VIEW v AS SELECT load_extension('/tmp/slipway-evil.so');
      CREATE TRIGGER t AFTER INSERT ON entries BEGIN SELECT load_extension('/tmp/slipway-evil.so'); END;
    `);
    hostile.close();
    const content = await readFile(made);
    const context = await place.context();
    const { mediaType } = driver.portable!;
    const data = { mediaType, contentBytes: content.length, open: async () => Readable.from([content]) };
    const from = streamed(data, context.filesystem);
    const { outputs, observed } = await driver.ensure(target(), {}, {}, { ...context, from });
    expect(observed).toMatchObject({ integrity: 'ok', journal: 'wal' });
    const taken = new DatabaseSync(String(outputs['path']));
    expect(taken.prepare('SELECT text FROM entries').all()).toEqual([{ text: 'kept' }]);
    expect(() => taken.prepare('SELECT * FROM v').all()).toThrow(/not authorized|no such|disabled|unsafe/);
    taken.close();
  });
});
