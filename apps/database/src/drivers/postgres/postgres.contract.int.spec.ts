import { randomBytes, randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import { driverContract, type ContractPlace } from '@slipway/provisioner/testing';
import { nameOnServer } from '../../server/naming.js';
import { ask, missing, superuserOf } from './testing/asking.js';
import { contractDriver } from './testing/contract-driver.js';

const schema = `
  CREATE TABLE entries (id SERIAL PRIMARY KEY, text TEXT NOT NULL);
  CREATE TABLE data (kept TEXT);
  CREATE VIEW seen AS SELECT length(kept) AS n FROM data;`;
const spec = { schema, connectionLimit: 7 };
const content = randomBytes(60_000).toString('hex');

driverContract('postgres', contractDriver, {
  module: new URL('../../../dist/drivers/postgres/testing/contract-driver.js', import.meta.url).href,
  make: 'contractDriver',
  // The first one at a place makes the server, which is told by a test of its own.
  prepare: async (place) => {
    const first = place.target('database', 'first');
    await contractDriver().ensure(first, {}, {}, await place.context());
    await contractDriver().destroy(first, await place.context());
    return { spec };
  },
  works: async ({ outputs }, place) => {
    const { secrets } = await place.context();
    expect(await ask(outputs, secrets, "INSERT INTO entries (text) VALUES ('kept') RETURNING text")).toBe('kept');
  },
  gone: async ({ outputs }, place) => {
    const { secrets } = await place.context();
    await expect(ask(outputs, secrets, 'SELECT 1')).rejects.toMatchObject({ code: 'secret-missing' });
    await secrets.put('stranger', randomUUID());
    await expect(ask({ ...outputs, password: 'secret://stranger#1' }, secrets, 'SELECT 1')).rejects.toThrow(
      /authentication failed/,
    );
  },
  elsewhere: async (target, place) => {
    const name = nameOnServer('contract', target);
    const names = `SELECT 'database ' || datname FROM pg_database WHERE datname = '${name}'
      UNION ALL SELECT 'role ' || rolname FROM pg_roles WHERE rolname = '${name}'`;
    return (await ask(await superuserOf(place), (await place.context()).secrets, names)).split('\n');
  },
  foreign: async (place: ContractPlace, target) => {
    const { secrets } = await place.context();
    const name = nameOnServer('contract', target);
    const superuser = await superuserOf(place);
    await ask(superuser, secrets, `CREATE DATABASE ${name}`);
    await ask({ ...superuser, database: name }, secrets, "CREATE TABLE precious AS SELECT 'mine'::text AS whose");
    return async () => {
      expect(await ask({ ...superuser, database: name }, secrets, 'SELECT whose FROM precious')).toBe('mine');
    };
  },
  data: {
    put: async ({ outputs }, place) => {
      await ask(outputs, (await place.context()).secrets, `INSERT INTO data VALUES ('${content}')`);
    },
    has: async ({ outputs }, place) => {
      const { secrets } = await place.context();
      expect(await ask(outputs, secrets, 'SELECT kept, n FROM data, seen')).toBe(`${content}|${content.length}`);
    },
    hostile: {
      'statements instead of an archive': Buffer.from('\\! touch /tmp/slipway-never-made\nCREATE TABLE data (kept text);\n'),
    },
  },
  changed: {
    spec: { ...spec, connectionLimit: 9 },
    holds: async ({ observed }) => expect(observed).toMatchObject({ connectionLimit: 9 }),
  },
  points: 2,
  simulated: 6,
  missing,
});
