import { chown, copyFile, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { JsonObject } from '@slipway/contracts';
import { ContractPlace, withEffects } from '@slipway/provisioner/testing';
import { OwnServer } from '../../server/own-server.js';
import { makeCertificates, type Certificates } from '../../testing/certificates.js';
import { LONG, databasesOf } from '../../testing/databases.js';
import { namesMissingPrograms, refusesSchemas } from '../../testing/server-tests.js';
import { mariadbProgram } from './mariadb-server.js';
import { mariadbDriver } from './mariadb.js';
import { ask, onMariadb, superuserOf } from './testing/asking.js';
import { contractDriver } from './testing/contract-driver.js';

onMariadb('databases on MariaDB', () => {
  const databases = databasesOf(contractDriver());
  const { driver, place, context, target, ensure } = databases;
  const asking = async (outputs: JsonObject, sql: string, options?: string[]) =>
    ask(outputs, (await context()).secrets, sql, options);

  test(
    'outputs say where it is, the password as a reference only; the schema stands',
    async () => {
      const { outputs, observed } = await ensure('shop', {
        schema: "CREATE TABLE a (x TEXT); INSERT INTO a VALUES ('it''s \\\\! here');",
      });
      const { port, database, user } = outputs;
      expect(outputs).toEqual({
        engine: 'mariadb',
        host: '127.0.0.1',
        port: expect.any(Number),
        database: expect.stringMatching(/^default_shop_g1_[0-9a-f]{12}_[0-9a-f]{8}$/),
        user: expect.stringMatching(/^default_shop_g1_[0-9a-f]{12}$/),
        url: `mariadb://${String(user)}@127.0.0.1:${String(port)}/${String(database)}`,
        password: 'secret://database-default.shop/g1/password#1',
        tls: false,
      });
      expect(observed).toEqual({
        exists: true,
        encoding: 'utf8mb4',
        connectionLimit: 20,
        schema: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
      expect(await asking(outputs, 'SELECT x FROM a', ['--raw'])).toBe("it's \\! here");
    },
    LONG,
  );

  test(
    'nobody else may enter, and its user may enter nothing else',
    async () => {
      const [mine, other] = [await ensure('mine'), await ensure('other')];
      for (const database of [other.outputs['database'], 'mysql', 'slipway']) {
        await expect(asking({ ...mine.outputs, database: database! }, 'SELECT 1')).rejects.toThrow(/Access denied/);
      }
      await expect(asking(mine.outputs, 'CREATE DATABASE more')).rejects.toThrow(/Access denied/);
      await expect(asking(mine.outputs, "CREATE USER more@'%'")).rejects.toThrow(/Access denied/);
      const superuser = { ...(await superuserOf(place())), socket: '', host: '127.0.0.1', port: mine.outputs['port']! };
      await expect(asking(superuser, 'SELECT 1')).rejects.toThrow(/Access denied|not allowed/);
      const users = await asking(
        await superuserOf(place()),
        "SELECT user FROM mysql.user WHERE user NOT LIKE 'default%' ORDER BY user",
      );
      expect(users.split('\n')).toEqual(['mariadb.sys', 'slipway']);
    },
    LONG,
  );

  test(
    'the limit of connections follows the definition; a destroy ends who is connected',
    async () => {
      const { outputs } = await ensure('narrow', { connectionLimit: 3 });
      const limit = "SELECT max_user_connections FROM mysql.user WHERE user = '" + String(outputs['user']) + "'";
      expect(await asking(await superuserOf(place()), limit)).toBe('3');
      expect(await ensure('narrow', { connectionLimit: 4 })).toMatchObject({ effect: 'found', observed: { connectionLimit: 4 } });
      const holding = asking(outputs, 'SELECT SLEEP(600)').catch((error: unknown) => String(error));
      const connected = `SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = '${String(outputs['user'])}'`;
      while ((await asking(await superuserOf(place()), connected)) === '0')
        await new Promise((resolve) => setTimeout(resolve, 50));
      expect(await driver.destroy(target('narrow'), await context())).toBe('destroyed');
      expect(await holding).toMatch(/Lost connection|killed|gone away/);
    },
    LONG,
  );

  refusesSchemas(databases, asking, [
    ['a mistake in the second statement', 'CREATE TABLE a (x INT); CREATE TABEL b (y INT)', /error in your SQL syntax/],
    ['a command of the client', 'CREATE TABLE a (x INT);\n\\! touch /tmp/slipway-never-made', /Unknown command/],
    ['rights for itself', 'GRANT ALL ON *.* TO CURRENT_USER', /Access denied/],
  ]);

  test(
    'what an attempt has left that died goes, also where the one that made it dies before it came to that',
    async () => {
      /** Dies right before a program is run, the n-th one with those words on its input or in its line: it changes nothing any more. */
      const dieBefore = async (epoch: number, words: string) => {
        const living = await context();
        let dead = false;
        const alive = async () => {
          if (dead) throw new Error('dead');
        };
        const { command } = withEffects(living, alive);
        const exec: typeof command.exec = async (line, options) => {
          dead ||= `${line.join(' ')} ${String(options?.input)}`.includes(words);
          return command.exec(line, options);
        };
        const dying = { ...withEffects(living, alive), command: { ...command, exec } };
        const meant = { ...target('twice'), epoch };
        await expect(driver.ensure(meant, { schema: 'CREATE TABLE a (x INT)' }, {}, dying)).rejects.toThrow('dead');
      };
      await dieBefore(1, 'CREATE TABLE a');
      await dieBefore(2, 'SELECT base FROM slipway.attempt');
      const found = await driver.ensure({ ...target('twice'), epoch: 3 }, {}, {}, await context());
      expect(found.effect).toBe('found');
      const bases = "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA WHERE SCHEMA_NAME LIKE 'default_twice%'";
      expect(await asking(await superuserOf(place()), bases)).toBe(found.outputs['database']);
    },
    LONG,
  );

  test(
    'a rotated password is in force at once, and the old one is over',
    async () => {
      const { outputs } = await ensure('rotating');
      const next = await driver.rotate!(target('rotating'), {}, {}, await context());
      expect(next.outputs).toEqual({ ...outputs, password: 'secret://database-default.rotating/g1/password#2' });
      expect(await asking(next.outputs, 'SELECT 1')).toBe('1');
      await expect(asking(outputs, 'SELECT 1')).rejects.toThrow(/Access denied/);
    },
    LONG,
  );

  test(
    'the server of our own is another user’s, its socket is for us alone; killed it comes back with all it had, ended it is gone',
    async () => {
      const { outputs } = await ensure('kept', { schema: 'CREATE TABLE a (x INT); INSERT INTO a VALUES (7)' });
      const home = `${place().root}/server`;
      const { uid, mode } = await stat(`${home}/run`);
      expect(mode & 0o777).toBe(0o700);
      if (process.getuid!() === 0) expect(uid).not.toBe(0);
      expect(await readdir(`${place().root}/passwords`)).toEqual(['admin.cnf']);

      const pid = async () => Number(await (await context()).filesystem.readFile(`${home}/run/mariadbd.pid`));
      const before = await pid();
      await contractDriver().keep!(await context());
      expect(await pid()).toBe(before);
      process.kill(before, 'SIGKILL');
      while ((await pid()) === before) await contractDriver().keep!(await context());
      expect((await driver.inspect(target('kept'), await context())).state).toBe('present');
      expect(await asking(outputs, 'SELECT x FROM a')).toBe('7');
      await driver.end!(await context());
      await expect(asking(outputs, 'SELECT 1')).rejects.toThrow(/Can't connect/);
    },
    LONG,
  );

  namesMissingPrograms(databases, /apt-get install mariadb-server.*databases\.mariadb\.server/);
});

onMariadb('a MariaDB server that the configuration names', () => {
  const PASSWORD = 'of the "administrator\\';
  let theirs: ContractPlace;
  let place: ContractPlace;
  let certificates: Certificates;
  let port: number;

  beforeAll(async () => {
    [theirs, place] = [await ContractPlace.make(), await ContractPlace.make()];
    const { outputs } = await contractDriver().ensure(theirs.target('database', 'first'), {}, {}, await theirs.context());
    port = outputs['port'] as number;
    await mkdir(join(place.folder, 'tls'));
    certificates = await makeCertificates(join(place.folder, 'tls'));
    const data = join(theirs.root, 'server', 'data');
    const { uid, gid } = await stat(data);
    const files = { ca: certificates.ca, cert: certificates.certificate, key: certificates.key };
    for (const [name, from] of Object.entries(files)) {
      await copyFile(from, join(data, `${name}.pem`));
      await chown(join(data, `${name}.pem`), uid, gid);
    }
    const { secrets } = await theirs.context();
    const superuser = await superuserOf(theirs);
    await ask(superuser, secrets, `CREATE USER administrator@'127.0.0.1' IDENTIFIED BY 'of the "administrator\\\\' REQUIRE SSL`);
    await ask(superuser, secrets, "GRANT ALL ON *.* TO administrator@'127.0.0.1' WITH GRANT OPTION");
    await contractDriver().end!(await theirs.context());
    await theirServer().start(await theirs.context());
    await writeFile(join(place.folder, 'password'), `${PASSWORD}\n`, { mode: 0o600 });
  }, LONG);
  afterAll(async () => {
    await contractDriver().end!(await theirs.context());
    await theirs.remove();
    await place.remove();
  }, LONG);

  const theirServer = () =>
    new OwnServer({
      ...mariadbProgram,
      command: (home, record) => [
        ...mariadbProgram.command(home, record),
        ...['ca', 'cert', 'key'].map((name) => `--ssl-${name}=${join(home, 'data', `${name}.pem`)}`),
      ],
    });
  const driver = (caFile = certificates.ca) => {
    const server = {
      host: 'localhost',
      port,
      user: 'administrator',
      passwordFile: join(place.folder, 'password'),
      tls: { caFile },
    };
    return mariadbDriver({ mesh: 'named', config: { server, connectionLimit: 5 } });
  };

  test(
    'makes, finds, shows and gives back databases by TLS',
    async () => {
      const context = await place.context();
      const target = place.target('database', 'shop');
      const spec = { schema: 'CREATE TABLE a (x INT); INSERT INTO a VALUES (7)' };
      const { effect, outputs, observed } = await driver().ensure(target, spec, {}, context);
      expect(effect).toBe('made');
      expect(outputs).toMatchObject({ host: 'localhost', port, tls: true, caFile: certificates.ca });
      expect(await ask(outputs, context.secrets, "SELECT x FROM a; SHOW STATUS LIKE 'Ssl_version'")).toMatch(
        /^7\nSsl_version\tTLS/,
      );
      await expect(ask({ ...outputs, tls: false }, context.secrets, 'SELECT 1', ['--skip-ssl'])).rejects.toThrow(/Access denied/);
      expect(await driver().inspect(target, context)).toEqual({ state: 'present', observed });
      expect(await driver().marks(context)).toMatchObject([{ resource: target.resource, generation: 1 }]);
      expect(await driver().destroy(target, context)).toBe('destroyed');
      await expect(driver().ensure(target, spec, {}, context)).rejects.toMatchObject({ code: 'generation-old' });
    },
    LONG,
  );

  test(
    'a server whose certificate is of another CA is not spoken to',
    async () => {
      await mkdir(join(place.folder, 'other'));
      const other = await makeCertificates(join(place.folder, 'other'));
      const untrusted = driver(other.ca).ensure(place.target('database', 'untrusted'), {}, {}, await place.context());
      await expect(untrusted).rejects.toMatchObject({ code: 'driver-failed', message: expect.stringMatching(/certificate/i) });
    },
    LONG,
  );
});
