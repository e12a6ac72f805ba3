import { expect } from '@jest/globals';
import { driverContract, type ContractPlace } from '@slipway/provisioner/testing';
import { nameOnServer } from '../../server/naming.js';
import { keptData, serverSamples } from '../../testing/server-samples.js';
import { ask, missing, superuserOf } from './testing/asking.js';
import { contractDriver } from './testing/contract-driver.js';

const schema = `
  CREATE TABLE entries (id SERIAL PRIMARY KEY, text TEXT NOT NULL);
  CREATE TABLE data (kept TEXT);
  CREATE VIEW seen AS SELECT length(kept) AS n FROM data;`;
const spec = { schema, connectionLimit: 7 };

driverContract('postgres', contractDriver, {
  module: new URL('../../../dist/drivers/postgres/testing/contract-driver.js', import.meta.url).href,
  ...serverSamples(contractDriver, ask, { spec, denied: /authentication failed/ }),
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
    ...keptData(ask, '|'),
    hostile: {
      'statements instead of an archive': Buffer.from('\\! touch /tmp/slipway-never-made\nCREATE TABLE data (kept text);\n'),
    },
  },
  changed: {
    spec: { ...spec, connectionLimit: 9 },
    holds: async ({ observed }) => expect(observed).toMatchObject({ connectionLimit: 9 }),
  },
  points: 2,
  simulated: 8,
  missing,
});
