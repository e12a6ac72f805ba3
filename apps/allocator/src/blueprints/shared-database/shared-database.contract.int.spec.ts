import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { JsonObject } from '@slipway/contracts';
import type { Database } from '@slipway/interfaces';
import { withPostgres } from '@slipway/interfaces/postgres';
import { startPostgres, whyNoPostgres, type TestPostgres } from '@slipway/interfaces/testing';
import type { SecretRef } from '@slipway/secrets';
import type { MadeResource } from '../../blueprint/blueprint.js';
import { makeBlueprint } from '../../blueprint/load.js';
import { BlueprintPlace, blueprintContract, type Holding } from '../../blueprint/testing/index.js';
import { databaseName, sharedDatabase } from './shared-database.js';

const missing = whyNoPostgres();
let server: TestPostgres;
beforeAll(async () => {
  if (missing === undefined) server = await startPostgres();
}, 120_000);
afterAll(() => server?.stop());

const make = () => {
  const { host, port, user, passwordFile } = server;
  return makeBlueprint(sharedDatabase, {
    name: 'SharedDatabase',
    location: 'local',
    options: { host, port, user, passwordFile },
  });
};
const ask = async (sql: string) => {
  const { host, port, user, password } = server;
  const access = { host, port, user, database: 'postgres', password: async () => password };
  return withPostgres(access, (session) => session.run(sql));
};
const called = ({ id }: MadeResource) => databaseName('slipway', id);
const roles = (name: string) => ask(`SELECT rolname FROM pg_roles WHERE rolname LIKE '${name}%'`);

async function use(holding: Holding): Promise<() => Promise<unknown>> {
  const database = await holding.interface<Database>('database');
  await database.query('CREATE TABLE IF NOT EXISTS mine (text text)');
  await database.query('INSERT INTO mine VALUES ($1)', [holding.lease.id]);
  return () => database.query('SELECT * FROM mine');
}

/** The password is remembered: a secret that is gone would prove nothing of the server. */
async function standOn({ place }: Holding, outputs: JsonObject): Promise<() => Promise<unknown>> {
  const { host, port } = server;
  expect(outputs).toEqual({
    ...{ engine: 'postgres', host, port, tls: false },
    ...{ database: expect.any(String), user: expect.any(String) },
    password: expect.stringMatching(/^secret:\/\/leased\/\S+#1$/),
    url: `postgres://${String(outputs['user'])}@${host}:${port}/${String(outputs['database'])}`,
  });
  const password = await place.secrets.read(outputs['password'] as SecretRef);
  const access = { host, port, database: String(outputs['database']), user: String(outputs['user']) };
  const logIn = (sql: string) => withPostgres({ ...access, password: async () => password }, (session) => session.run(sql));
  await logIn('CREATE TABLE stood (text text)');
  return () => logIn('SELECT * FROM stood');
}

blueprintContract('SharedDatabase', make, {
  ...(missing !== undefined && { missing }),
  works: async (resource) =>
    expect(await ask(`SELECT datname FROM pg_database WHERE datname = '${called(resource)}'`)).toHaveLength(1),
  async gone(resource) {
    expect(await ask(`SELECT datname FROM pg_database WHERE datname = '${called(resource)}'`)).toEqual([]);
    expect(await roles(called(resource))).toEqual([]);
  },
  use,
  standOn,
  async takenBack({ resource, lease }) {
    expect(await roles(`${called(resource)}_l${lease.id.split('-').at(-1)}`)).toEqual([]);
  },
  foreign: {
    put: async (resource) => void (await ask(`CREATE ROLE ${called(resource)} LOGIN`)),
    stands: async (resource) => expect(await roles(called(resource))).toEqual([[called(resource)]]),
  },
  breaks: [
    {
      what: 'its database was dropped',
      by: async (resource) => void (await ask(`DROP DATABASE ${called(resource)}`)),
      reason: /database "slipway_\d+_\w+" does not exist/,
    },
  ],
  points: 3,
});

(missing === undefined ? describe : describe.skip)(
  `a shared database${missing === undefined ? '' : ` (skipped: ${missing})`}`,
  () => {
    test('everybody has a role of his own; what is made in public is everybody’s and outlives him, what is his own does not', async () => {
      const place = await BlueprintPlace.make();
      const blueprint = make();
      const context = await place.context(blueprint);
      const resource = place.resource(blueprint, {});
      await blueprint.allocate!(resource, context);
      const leased = async () => {
        const lease = place.lease();
        await blueprint.prepare!(lease, resource, context);
        return { lease, database: (await blueprint.interface('database', lease, resource, context)) as Database };
      };
      const [one, other] = [await leased(), await leased()];
      await one.database.query('CREATE TABLE public.shared (text text)');
      await one.database.query('CREATE TABLE own (text text)');
      await other.database.query('INSERT INTO public.shared VALUES ($1)', ['of the other']);
      const schema = (await one.database.query('SELECT current_schema()')).rows[0]![0];
      await expect(other.database.query(`SELECT * FROM ${String(schema)}.own`)).rejects.toMatchObject({
        message: expect.stringMatching(/permission denied/),
      });
      const { user } = await one.database.connection();
      expect((await other.database.connection()).user).not.toBe(user);

      const waiting = one.database.query('SELECT pg_sleep(60)');
      waiting.catch(() => {});
      for (let begun = false; !begun;)
        begun = (await ask(`SELECT FROM pg_stat_activity WHERE usename = '${user}' AND query LIKE '%sleep%'`)).length > 0;
      await blueprint.takeBack!(one.lease, resource, context);
      await expect(waiting).rejects.toThrow();
      await expect(one.database.query('SELECT 1')).rejects.toMatchObject({ code: 'secret-missing' });
      expect((await other.database.query('SELECT text FROM public.shared')).rows).toEqual([['of the other']]);
      await blueprint.destroy!(resource, context);
      await place.remove();
    }, 60_000);

    test('it is remembered for a month which leases were given back, and not for ever', async () => {
      const place = await BlueprintPlace.make();
      const blueprint = make();
      const context = await place.context(blueprint);
      const resource = place.resource(blueprint, {});
      await blueprint.allocate!(resource, context);
      const [first, second] = [place.lease(), place.lease()];
      const comeAndGo = async (lease: typeof first) => {
        await blueprint.prepare!(lease, resource, context);
        await blueprint.takeBack!(lease, resource, context);
      };
      await comeAndGo(first);
      await ask(
        `INSERT INTO slipway_leased.given_back VALUES ('old', now() - interval '31 days'), ('young', now() - interval '29 days')`,
      );
      await comeAndGo(second);
      const known = (await ask('SELECT name FROM slipway_leased.given_back')).flatMap((row) => Object.values(row));
      expect(known).toEqual(expect.arrayContaining(['young']));
      expect(known).not.toContain('old');
      expect(known.length).toBeGreaterThanOrEqual(3);
      await blueprint.destroy!(resource, context);
      await place.remove();
    }, 60_000);

    test('many come and go at once, each called several times: the server’s catalogues refuse what two change at once', async () => {
      const place = await BlueprintPlace.make();
      const blueprint = make();
      const context = await place.context(blueprint);
      const resource = place.resource(blueprint, {});
      const leases = Array.from({ length: 8 }, () => place.lease());
      const thrice = (work: () => Promise<unknown>) => Promise.all([work(), work(), work()]);
      await thrice(() => blueprint.allocate!(resource, context));
      await Promise.all(leases.map((lease) => thrice(() => blueprint.prepare!(lease, resource, context))));
      expect(await roles(`${called(resource)}_l`)).toHaveLength(leases.length);
      await Promise.all(leases.map((lease) => thrice(() => blueprint.takeBack!(lease, resource, context))));
      expect(await roles(`${called(resource)}_l`)).toEqual([]);
      await thrice(() => blueprint.destroy!(resource, context));
      expect(await roles(called(resource))).toEqual([]);
      await place.remove();
    }, 60_000);
  },
);

test('what a lease gives names the CA and brackets an address of IPv6, as what the driver of databases gives does', async () => {
  const place = await BlueprintPlace.make();
  try {
    const [caFile, host] = ['/etc/slipway/ca.pem', '::1'];
    const blueprint = makeBlueprint(sharedDatabase, {
      name: 'Encrypted',
      location: 'local',
      options: { host, port: 5433, user: 'slipway', passwordFile: '/etc/slipway/password', caFile },
    });
    const outputs = await blueprint.gives!(place.lease(), place.resource(blueprint, {}), await place.context(blueprint));
    const { user, database } = outputs;
    expect(outputs).toMatchObject({ host, port: 5433, tls: true, caFile, url: `postgres://${user}@[::1]:5433/${database}` });
  } finally {
    await place.remove();
  }
});
