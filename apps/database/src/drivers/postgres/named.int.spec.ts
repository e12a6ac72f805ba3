import { chown, copyFile, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import type { JsonObject } from '@slipway/contracts';
import { ContractPlace } from '@slipway/provisioner/testing';
import { makeCertificates, type Certificates } from '../../testing/certificates.js';
import { LONG } from '../../testing/databases.js';
import { ask, onPostgres, superuserOf } from './testing/asking.js';
import { contractDriver } from './testing/contract-driver.js';
import { postgresDriver } from './postgres.js';

const PASSWORD = 'of the :administrator\\, who may not do everything';

onPostgres('a PostgreSQL server that the configuration names', () => {
  /** Where the server stands that others run: one of ours, given TLS and an administrator who is no superuser. */
  let theirs: ContractPlace;
  let place: ContractPlace;
  let certificates: Certificates;
  let port: number;
  let superuser: JsonObject;

  beforeAll(async () => {
    [theirs, place] = [await ContractPlace.make(), await ContractPlace.make()];
    const first = theirs.target('database', 'first');
    const { outputs } = await contractDriver().ensure(first, {}, {}, await theirs.context());
    port = outputs['port'] as number;
    const { filesystem, secrets } = await theirs.context();
    const home = join(theirs.root, 'server');
    superuser = await superuserOf(theirs);
    await ask(superuser, secrets, `CREATE ROLE administrator LOGIN CREATEDB CREATEROLE PASSWORD '${PASSWORD}'`);
    await ask(superuser, secrets, 'CREATE DATABASE books OWNER administrator');

    await mkdir(join(place.folder, 'tls'));
    certificates = await makeCertificates(join(place.folder, 'tls'));
    const data = join(home, 'data');
    const { uid, gid } = await stat(data);
    for (const [from, to] of [
      [certificates.certificate, 'server.crt'],
      [certificates.key, 'server.key'],
    ] as const) {
      await copyFile(from, join(data, to));
      await filesystem.chmod(join(data, to), 0o600);
      await chown(join(data, to), uid, gid);
    }
    await writeFile(join(data, 'pg_hba.conf'), 'local all all scram-sha-256\nhostssl all all 127.0.0.1/32 scram-sha-256\n');
    await ask(superuser, secrets, 'ALTER SYSTEM SET ssl = on');
    await ask(superuser, secrets, 'SELECT pg_reload_conf()');
    await writeFile(join(place.folder, 'password'), `${PASSWORD}\n`, { mode: 0o600 });
  }, LONG);
  afterAll(async () => {
    await contractDriver().end!(await theirs.context());
    await theirs.remove();
    await place.remove();
  }, LONG);

  const driver = (caFile = certificates.ca, mesh = 'named') => {
    const passwordFile = join(place.folder, 'password');
    const server = { host: 'localhost', port, user: 'administrator', passwordFile, database: 'books', tls: { caFile } };
    return postgresDriver({ mesh, config: { server, connectionLimit: 5 } });
  };
  const target = (name = 'shop', generation = 1) => place.target('database', name, generation);

  test(
    'makes, finds, shows and gives back databases by TLS, without all rights on the server',
    async () => {
      const context = await place.context();
      const spec = { schema: 'CREATE TABLE a (x int); INSERT INTO a VALUES (7)' };
      const { effect, outputs, observed } = await driver().ensure(target(), spec, {}, context);
      expect(effect).toBe('made');
      expect(outputs).toMatchObject({ host: 'localhost', port, tls: true, caFile: certificates.ca });
      const encrypted = 'SELECT x, ssl FROM a, pg_stat_ssl WHERE pid = pg_backend_pid()';
      expect(await ask(outputs, context.secrets, encrypted)).toBe('7|t');
      await expect(ask(outputs, context.secrets, 'SELECT 1', { PGSSLMODE: 'disable' })).rejects.toThrow(/no encryption/);
      expect(await driver().ensure(target(), spec, {}, context)).toEqual({ effect: 'found', outputs, observed });
      expect(await driver().inspect(target(), context)).toEqual({ state: 'present', observed });
      expect(await driver().marks(context)).toEqual([
        { resource: target().resource, generation: 1, where: expect.stringContaining(String(outputs['database'])) },
      ]);
      expect(await driver().destroy(target(), context)).toBe('destroyed');
      expect(await driver().inspect(target(), context)).toEqual({ state: 'destroyed', observed: {} });
      await expect(driver().ensure(target(), spec, {}, context)).rejects.toMatchObject({ code: 'generation-old' });
    },
    LONG,
  );

  test(
    'two meshes share it without knowing of each other',
    async () => {
      const context = await place.context();
      const [one, two] = [driver(certificates.ca, 'one'), driver(certificates.ca, 'two')];
      const [mine, others] = [
        await one.ensure(target('both'), {}, {}, context),
        await two.ensure(target('both'), {}, {}, context),
      ];
      expect(mine.outputs['database']).not.toBe(others.outputs['database']);
      await one.destroy(target('both'), context);
      expect((await two.inspect(target('both'), context)).state).toBe('present');
    },
    LONG,
  );

  test(
    'a server whose certificate is of another CA is not spoken to',
    async () => {
      await mkdir(join(place.folder, 'other'));
      const other = await makeCertificates(join(place.folder, 'other'));
      await expect(driver(other.ca).ensure(target('untrusted'), {}, {}, await place.context())).rejects.toMatchObject({
        code: 'driver-failed',
        message: expect.stringMatching(/certificate verify failed/),
      });
    },
    LONG,
  );

  test(
    'a schema slipway that is not ours is foreign, and is not touched',
    async () => {
      const { secrets } = await theirs.context();
      await ask(superuser, secrets, 'CREATE DATABASE taken OWNER administrator');
      await ask({ ...superuser, database: 'taken' }, secrets, 'CREATE SCHEMA slipway CREATE TABLE generation (precious text)');
      const passwordFile = join(place.folder, 'password');
      const server = { host: 'localhost', port, user: 'administrator', passwordFile, tls: { caFile: certificates.ca } };
      const taken = postgresDriver({ mesh: 'named', config: { server: { ...server, database: 'taken' }, connectionLimit: 5 } });
      const context = await place.context();
      await expect(taken.ensure(target('x'), {}, {}, context)).rejects.toMatchObject({ code: 'foreign' });
      await expect(taken.destroy(target('x'), context)).rejects.toMatchObject({ code: 'foreign' });
    },
    LONG,
  );
});
