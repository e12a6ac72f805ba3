import { expect } from '@jest/globals';
import { driverContract, type ContractPlace } from '@slipway/provisioner/testing';
import { nameOnServer } from '../../server/naming.js';
import { keptData, serverSamples } from '../../testing/server-samples.js';
import { ask, missing, superuserOf } from './testing/asking.js';
import { contractDriver } from './testing/contract-driver.js';

const schema = `
  CREATE TABLE entries (id INT AUTO_INCREMENT PRIMARY KEY, text LONGTEXT NOT NULL);
  CREATE TABLE data (kept LONGTEXT);
  CREATE VIEW seen AS SELECT LENGTH(kept) AS n FROM data;`;
const spec = { schema, connectionLimit: 7 };

driverContract('mariadb', contractDriver, {
  module: new URL('../../../dist/drivers/mariadb/testing/contract-driver.js', import.meta.url).href,
  ...serverSamples(contractDriver, ask, { spec, denied: /Access denied/ }),
  // Its databases are folders at the place.
  elsewhere: async (target, place) => {
    const users = `SELECT CONCAT('user ', User) FROM mysql.user WHERE User = '${nameOnServer('contract', target)}'`;
    const attempts = `SELECT CONCAT('attempt ', base) FROM slipway.attempt WHERE called = '${nameOnServer('contract', target)}'`;
    const said = await ask(await superuserOf(place), (await place.context()).secrets, `${users} UNION ${attempts}`);
    return said.split('\n');
  },
  foreign: async (place: ContractPlace, target) => {
    const { secrets } = await place.context();
    const superuser = await superuserOf(place);
    const name = nameOnServer('contract', target);
    await ask(superuser, secrets, `CREATE DATABASE ${name}; CREATE TABLE ${name}.precious AS SELECT 'mine' AS whose`);
    return async () => {
      expect(await ask(superuser, secrets, `SELECT whose FROM ${name}.precious`)).toBe('mine');
    };
  },
  data: {
    ...keptData(ask, '\t'),
    hostile: {
      'commands of the client': Buffer.from('\\! touch /tmp/slipway-never-made\n-- Dump completed\n'),
      'a database of others': Buffer.from('CREATE DATABASE others;\n-- Dump completed\n'),
      'rights for itself': Buffer.from('GRANT ALL ON *.* TO CURRENT_USER;\n-- Dump completed\n'),
      'files of this machine': Buffer.from(
        "CREATE TABLE t (x TEXT); LOAD DATA LOCAL INFILE '/etc/passwd' INTO TABLE t;\n-- Dump completed\n",
      ),
      'files of the server': Buffer.from(
        "CREATE TABLE t AS SELECT LOAD_FILE('/etc/passwd') AS x; SELECT x INTO OUTFILE '/tmp/slipway-never-made' FROM t;\n-- Dump completed\n",
      ),
      'only a part': Buffer.from('CREATE TABLE t (x INT);\n'),
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
