import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, stat } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import type { JsonObject } from '@slipway/contracts';
import { ContractPlace } from '@slipway/provisioner/testing';
import { LONG, databasesOf } from '../../testing/databases.js';
import { namesMissingPrograms, refusesSchemas } from '../../testing/server-tests.js';
import { ask, onPostgres } from './testing/asking.js';
import { contractDriver } from './testing/contract-driver.js';

onPostgres('databases on PostgreSQL', () => {
  const databases = databasesOf(contractDriver());
  const { driver, place, context, target, ensure } = databases;
  const asking = async (outputs: JsonObject, sql: string) => ask(outputs, (await context()).secrets, sql);

  test(
    'outputs say where it is, the password as a reference only; the schema stands',
    async () => {
      const { outputs, observed } = await ensure('shop', {
        schema: "CREATE TABLE a (x text); CREATE INDEX a_x ON a (x); INSERT INTO a VALUES ('it''s $slipway$ \\! :x \\gset');",
      });
      const { port, database } = outputs;
      expect(outputs).toEqual({
        engine: 'postgres',
        host: '127.0.0.1',
        port: expect.any(Number),
        database: expect.stringMatching(/^default_shop_g1_[0-9a-f]{12}$/),
        user: database,
        url: `postgres://${String(database)}@127.0.0.1:${String(port)}/${String(database)}`,
        password: 'secret://database-default.shop/g1/password#1',
        tls: false,
      });
      expect(observed).toEqual({
        exists: true,
        encoding: 'UTF8',
        connectionLimit: 20,
        openToOthers: false,
        schema: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
      expect(await asking(outputs, 'SELECT x FROM a')).toBe("it's $slipway$ \\! :x \\gset");
    },
    LONG,
  );

  test(
    'nobody else may enter, and its role may enter nothing else',
    async () => {
      const [mine, other] = [await ensure('mine'), await ensure('other')];
      expect(await asking(mine.outputs, 'SELECT current_user')).toBe(mine.outputs['user']);
      for (const database of [other.outputs['database'], 'postgres', 'template1']) {
        await expect(asking({ ...mine.outputs, database: database! }, 'SELECT 1')).rejects.toThrow(/permission denied|rejects/);
      }
      await expect(asking(mine.outputs, 'CREATE DATABASE more')).rejects.toThrow(/permission denied/);
      await expect(asking(mine.outputs, 'CREATE ROLE more')).rejects.toThrow(/permission denied/);
      await expect(asking(mine.outputs, "COPY (SELECT 1) TO PROGRAM 'true'")).rejects.toThrow(/permission denied|must be/);
      await expect(asking({ ...mine.outputs, user: 'slipway', database: 'postgres' }, 'SELECT 1')).rejects.toThrow(/rejects/);
    },
    LONG,
  );

  test(
    'more connections than it may have are refused; the limit follows the definition',
    async () => {
      const { outputs } = await ensure('narrow', { connectionLimit: 1 });
      const { secrets } = await context();
      const tooMany = /too many connections/;
      const hold = async (): Promise<string> => {
        const said = await ask(outputs, secrets, 'SELECT pg_sleep(600)').catch((error: unknown) => String(error));
        return tooMany.test(said) ? hold() : said;
      };
      const holding = hold();
      const refused = async (): Promise<string> => {
        const said = await ask(outputs, secrets, 'SELECT 1').catch((error: unknown) => String(error));
        await new Promise((resolve) => setTimeout(resolve, 100));
        return said === '1' ? refused() : said;
      };
      expect(await refused()).toMatch(tooMany);
      const wider = await ensure('narrow', { connectionLimit: 2 });
      expect(wider).toMatchObject({ effect: 'found', observed: { connectionLimit: 2 } });
      expect(await asking(outputs, 'SELECT 1')).toBe('1');
      // A destroy ends who is connected.
      expect(await driver.destroy(target('narrow'), await context())).toBe('destroyed');
      expect(await holding).toMatch(/terminating connection|closed/);
    },
    LONG,
  );

  refusesSchemas(databases, asking, [
    ['a mistake in the second statement', 'CREATE TABLE a (x int); CREATE TABEL b (y int)', /syntax error/],
    ['a COMMIT of its own', 'CREATE TABLE a (x int); COMMIT', /transaction commands/],
    ['a role of all rights', 'SET ROLE slipway', /permission denied/],
    ['a constraint that fails', 'CREATE TABLE a (x int UNIQUE); INSERT INTO a VALUES (1), (1)', /unique constraint/],
  ]);

  test(
    'drift shows: a schema that was changed',
    async () => {
      const { outputs, observed } = await ensure('drifting', { schema: 'CREATE TABLE a (x int)' });
      await asking(outputs, 'CREATE TABLE b (y int)');
      const changed = await driver.inspect(target('drifting'), await context());
      expect(changed.observed).toEqual({ ...observed, schema: expect.not.stringMatching(String(observed['schema'])) });
    },
    LONG,
  );

  test(
    'a rotated password is in force at once, or with the next ensure, and the old one is over',
    async () => {
      const { outputs } = await ensure('rotating');
      const { secrets } = await context();
      await secrets.put('database-default.rotating/g1/password', 'another-one-of-enough-letters');
      const next = await ensure('rotating');
      expect(next).toMatchObject({ effect: 'found', outputs: { password: 'secret://database-default.rotating/g1/password#2' } });
      expect(await asking(next.outputs, 'SELECT 1')).toBe('1');
      await expect(asking(outputs, 'SELECT 1')).rejects.toThrow(/authentication failed/);
      const rotated = await driver.rotate!(target('rotating'), {}, {}, await context());
      expect(rotated.outputs).toEqual({ ...next.outputs, password: 'secret://database-default.rotating/g1/password#3' });
      expect(await asking(rotated.outputs, 'SELECT 1')).toBe('1');
    },
    LONG,
  );

  test(
    'the server of our own runs as another user, its socket is for us alone, and no password lies about in clear but ours',
    async () => {
      await ensure('shop');
      const home = `${place().root}/server`;
      const { uid, mode } = await stat(`${home}/run`);
      expect(mode & 0o777).toBe(0o700);
      if (process.getuid!() === 0) expect(uid).not.toBe(0);
      expect(await readdir(`${home}/run`)).not.toContain('password');
      expect(await readdir(`${place().root}/passwords`)).toEqual(['admin.pgpass']);
      expect((await stat(`${place().root}/passwords/admin.pgpass`)).mode & 0o777).toBe(0o600);
    },
    LONG,
  );

  namesMissingPrograms(databases, /apt-get install postgresql.*databases\.postgres\.server/);
});

onPostgres('a PostgreSQL server of our own', () => {
  const { driver, place, context, target } = databasesOf(contractDriver());

  const postmaster = async () => {
    const { filesystem } = await context();
    return Number(String(await filesystem.readFile(`${place().root}/server/data/postmaster.pid`)).split('\n')[0]);
  };
  const shop = () => target('shop');

  test(
    'two at once make one; killed, it comes back with all it had; ended, it comes back when it is needed',
    async () => {
      const [first, second] = await Promise.all(
        [1, 2].map(async () => contractDriver().ensure(shop(), { schema: 'CREATE TABLE a (x int)' }, {}, await context())),
      );
      expect(first!.outputs).toEqual(second!.outputs);
      const { outputs } = first!;
      const { secrets } = await context();
      await ask(outputs, secrets, 'INSERT INTO a VALUES (7)');

      // Another of us, as after a kill -9 of ours: it is there, and is left alone.
      const before = await postmaster();
      await contractDriver().keep!(await context());
      expect(await postmaster()).toBe(before);

      process.kill(before, 'SIGKILL');
      await gone(before);
      // Its orphans hold on for a moment; the service looks again and again.
      while ((await postmaster()) === before) await contractDriver().keep!(await context());
      expect((await driver.inspect(shop(), await context())).state).toBe('present');
      expect(await ask(outputs, secrets, 'SELECT x FROM a')).toBe('7');

      await driver.end!(await context());
      await expect(ask(outputs, secrets, 'SELECT 1')).rejects.toThrow(/refused/);
      await driver.end!(await context());
      expect((await driver.inspect(shop(), await context())).state).toBe('present');
      expect(await ask(outputs, secrets, 'SELECT x FROM a')).toBe('7');
    },
    LONG,
  );

  test(
    'is neither made nor started by looking where none was needed',
    async () => {
      const empty = await ContractPlace.make();
      expect(await driver.inspect(shop(), await empty.context())).toEqual({ state: 'absent', observed: {} });
      expect(await driver.marks(await empty.context())).toEqual([]);
      await driver.keep!(await empty.context());
      await driver.end!(await empty.context());
      expect(await readdir(empty.root)).toEqual([]);
      await empty.remove();
    },
    LONG,
  );

  test(
    'a port that was taken meanwhile is told with what the server says',
    async () => {
      await driver.ensure(shop(), {}, {}, await context());
      const { port } = JSON.parse(String(await (await context()).filesystem.readFile(`${place().root}/server/server.json`))) as {
        port: number;
      };
      await driver.end!(await context());
      const squatter = spawn(process.execPath, [
        '-e',
        `require('net').createServer().listen(${port}, '127.0.0.1', () => console.log('on'))`,
      ]);
      await once(squatter.stdout, 'data');
      squatter.unref();
      await expect(driver.keep!(await context())).rejects.toMatchObject({
        code: 'driver-failed',
        message: expect.stringMatching(/postgres in .* does not run: .*could not bind/s),
      });
      squatter.kill();
      await once(squatter, 'exit');
      await driver.keep!(await context());
    },
    LONG,
  );
});

async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
