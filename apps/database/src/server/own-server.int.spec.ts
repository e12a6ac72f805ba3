import { readdir } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { ContractPlace, seeded, withEffects } from '@slipway/provisioner/testing';
import { missing as noMariadb } from '../drivers/mariadb/testing/asking.js';
import { contractDriver as mariadb } from '../drivers/mariadb/testing/contract-driver.js';
import { missing as noPostgres } from '../drivers/postgres/testing/asking.js';
import { contractDriver as postgres } from '../drivers/postgres/testing/contract-driver.js';

const LONG = 300_000;

const ENGINES = [
  { name: 'postgres', make: postgres, missing: noPostgres, points: 4 },
  { name: 'mariadb', make: mariadb, missing: noMariadb, points: 3 },
];

for (const { name, make, missing, points } of ENGINES) {
  const [suite, why] = missing === undefined ? [describe, ''] : [describe.skip, ` (skipped: ${missing})`];
  suite(`a ${name} server of our own${why}`, () => {
    const random = seeded(`a ${name} server that is made`);
    const driver = make();
    let place: ContractPlace;
    beforeEach(async () => {
      place = await ContractPlace.make();
    });
    afterEach(async () => {
      await driver.end!(await place.context());
      await place.remove();
    }, LONG);

    const target = () => place.target('database', 'shop');
    /** Nothing happens from this effect on (from 1), as when its maker is killed. */
    const dying = async (at: number) => {
      let effects = 0;
      const context = withEffects(await place.context(), async () => {
        effects += 1;
        if (effects >= at) throw new Error('dead');
      });
      await driver.ensure(target(), {}, {}, context).catch(() => {});
      return effects;
    };

    test(
      'whose maker dies at any point is made whole by the next who needs it',
      async () => {
        const count = await dying(Infinity);
        const [first, ...others] = Array.from({ length: points }, () => 1 + Math.floor(random() * count));
        for (const at of [first!, ...others]) {
          await driver.end!(await place.context());
          await place.remove();
          place = await ContractPlace.make();
          await dying(at);
          expect((await driver.ensure(target(), {}, {}, await place.context())).effect).toMatch(/made|found/);
          expect((await driver.inspect(target(), await place.context())).state).toBe('present');
          expect((await readdir(place.root)).filter((entry) => entry.endsWith('.staging'))).toEqual([]);
        }
      },
      LONG,
    );
  });
}
