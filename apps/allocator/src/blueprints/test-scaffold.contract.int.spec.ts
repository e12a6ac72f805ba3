import { afterAll, beforeAll, expect } from '@jest/globals';
import type { Database, Filesystem } from '@slipway/interfaces';
import { startPostgres, whyNoPostgres, type TestPostgres } from '@slipway/interfaces/testing';
import type { MadeResource } from '../blueprint/blueprint.js';
import { makeBlueprint } from '../blueprint/load.js';
import { blueprintContract, type BlueprintPlace } from '../blueprint/testing/index.js';
import { hostStorage } from './host-storage.js';
import { sharedDatabase } from './shared-database/shared-database.js';
import { testScaffold } from './test-scaffold.js';
import { onLocalHost } from './testing/on-local-host.js';

const missing = whyNoPostgres();
let server: TestPostgres;
beforeAll(async () => {
  if (missing === undefined) server = await startPostgres();
}, 120_000);
afterAll(() => server?.stop());

async function needs(place: BlueprintPlace): Promise<MadeResource['needs']> {
  const { host, port, user, passwordFile } = server;
  const storages = makeBlueprint(hostStorage, { name: 'HostStorage', location: 'local', options: {} });
  const options = { host, port, user, passwordFile };
  const databases = makeBlueprint(sharedDatabase, { name: 'SharedDatabase', location: 'local', options });
  return {
    storage: await place.hold(storages, { sizeMiB: 10 }, await onLocalHost(place)),
    database: await place.hold(databases),
  };
}
const storageOf = (resource: MadeResource) => resource.needs['storage']!.interface<Filesystem>('filesystem');
const tables = async (resource: MadeResource) => {
  const database = await resource.needs['database']!.interface<Database>('database');
  return (await database.query('SELECT tablename FROM pg_tables WHERE tableowner = current_user')).rows;
};

blueprintContract('TestScaffold', () => makeBlueprint(testScaffold, { name: 'TestScaffold', location: 'local', options: {} }), {
  ...(missing !== undefined && { missing }),
  needs,
  works: async (resource) => expect(await (await storageOf(resource)).list(resource.id)).toContain('g1'),
  async gone(resource) {
    const filesystem = await storageOf(resource);
    expect((await filesystem.list(resource.id)).filter((name) => name !== 'g1')).toEqual([]);
    expect((await filesystem.stat(`${resource.id}/g1`))?.type).not.toBe('directory');
    expect(await tables(resource)).toEqual([]);
  },
  async use({ interface: get }) {
    const filesystem = await get<Filesystem>('filesystem');
    const database = await get<Database>('database');
    // Whoever was here before has left nothing.
    expect(await filesystem.list('.')).toEqual([]);
    await database.query('CREATE TABLE run (id int)');
    await filesystem.writeFile('report', 'green');
    return async () => {
      await database.query('INSERT INTO run VALUES (1)');
      return filesystem.readFile('report');
    };
  },
  takenBack: async ({ resource }) => expect(await tables(resource)).toEqual([]),
  breaks: [
    {
      what: 'its folder was removed from the storage',
      by: async (resource) => (await storageOf(resource)).remove(resource.id),
      reason: /its folder is gone/,
    },
  ],
  points: 1,
});
