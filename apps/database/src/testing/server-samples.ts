import { randomBytes, randomUUID } from 'node:crypto';
import { expect } from '@jest/globals';
import type { DatabaseSpec, JsonObject } from '@slipway/contracts';
import type { Driver } from '@slipway/provisioner';
import type { DataSamples, DriverSamples } from '@slipway/provisioner/testing';
import type { Ask } from './databases.js';

/** What the contract suite needs to know of a driver of databases on servers. `denied`: what a server says to who has no password. */
export const serverSamples = (
  makeDriver: () => Driver<DatabaseSpec>,
  ask: Ask,
  { spec, denied }: { spec: JsonObject; denied: RegExp },
): Omit<DriverSamples, 'module'> => ({
  make: 'contractDriver',
  // The first one at a place makes the server, which is told by a test of its own: it is made once, and serves all tests.
  lasting: true,
  prepare: async (place) => {
    const first = place.target('database', 'first');
    await makeDriver().ensure(first, {}, {}, await place.context());
    await makeDriver().destroy(first, await place.context());
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
    await expect(ask({ ...outputs, password: 'secret://stranger#1' }, secrets, 'SELECT 1')).rejects.toThrow(denied);
  },
  byHand: [
    {
      what: 'a table is added',
      change: async ({ outputs }, place) => {
        await ask(outputs, (await place.context()).secrets, 'CREATE TABLE by_hand (n integer)');
      },
      drift: 'changed',
      fields: ['schema'],
    },
  ],
  points: 2,
  simulated: 4,
});

const content = randomBytes(60_000).toString('hex');

/** Data in a table `data`, seen by a view `seen`; the client puts `between` between two columns. */
export const keptData = (ask: Ask, between: string): DataSamples => ({
  put: async ({ outputs }, place) => {
    await ask(outputs, (await place.context()).secrets, `INSERT INTO data VALUES ('${content}')`);
  },
  has: async ({ outputs }, place) => {
    const { secrets } = await place.context();
    expect(await ask(outputs, secrets, 'SELECT kept, n FROM data, seen')).toBe(`${content}${between}${content.length}`);
  },
});
