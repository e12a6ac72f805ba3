import { join } from 'node:path';
import { SlipwayError, type JsonObject } from '@slipway/contracts';
import type { Database, Filesystem } from '@slipway/interfaces';
import type { BlueprintContext, MadeResource } from '../blueprint/blueprint.js';
import { declared } from '../blueprint/kit/declared.js';
import { leaseFolder, resourceFolder, type Ground } from '../blueprint/kit/folders.js';
import type { BlueprintMaker } from '../blueprint/kit/kit.js';
import { oneOf } from '../blueprint/kit/one-of.js';
import { onPlace } from '../blueprint/kit/on-place.js';
import { optionsOf } from '../blueprint/kit/options.js';

interface Options {
  storage: JsonObject;
  database: JsonObject;
}
const OPTIONS = { storage: { type: 'object', default: {} }, database: { type: 'object', default: {} } };

/** All that is ours in the database goes, and an empty schema of our name is there again. Two at once do it one after the other. */
const EMPTY = `DO $empty$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext(current_user));
  DROP OWNED BY CURRENT_USER;
  EXECUTE format('CREATE SCHEMA %I', current_user);
END $empty$`;

/**
 * What a test run needs: a storage and a database (PostgreSQL), both leased or neither. Who leases it finds both empty. Options: `storage` and
 * `database` (attributes of each).
 */
export const testScaffold: BlueprintMaker = (settings) => {
  const wanted = optionsOf<Options>(settings, OPTIONS);
  return declared(
    settings,
    {
      type: 'test-scaffold',
      interfaces: ['filesystem', 'database'],
      needs: {
        storage: { type: 'storage', attributes: wanted.storage },
        database: { type: 'database', attributes: wanted.database },
      },
    },
    {
      async allocate(resource, { signal }) {
        await resourceFolder(resource, { ...(await groundOf(resource)), signal }).make({ id: resource.id }, async () => {});
        return { outputs: {} };
      },

      async manage(resource, { signal }) {
        if (!(await resourceFolder(resource, await groundOf(resource)).stands()))
          return { state: 'broken', reason: 'its folder is gone from its storage' };
        await (await held<Database>(resource, 'database')).query('SELECT 1', [], { signal });
        return { state: 'well' };
      },

      async destroy(resource, context) {
        const { filesystem, root } = await groundOf(resource);
        const folder = resourceFolder(resource, { filesystem, root });
        await folder.remove();
        await filesystem.remove(join(folder.beside, 'leases'));
        await empty(resource, context);
      },

      async prepare(lease, resource, { signal }) {
        const ground = await groundOf(resource);
        await leaseFolder(lease, resource, { ...ground, signal }).make({ id: lease.id }, (staging) =>
          ground.filesystem.mkdir(join(staging, 'data')),
        );
      },

      async takeBack(lease, resource, context) {
        await leaseFolder(lease, resource, await groundOf(resource)).remove();
        await empty(resource, context);
      },

      async interface(name, lease, resource, { command, signal }) {
        const ground = await groundOf(resource);
        const mine = leaseFolder(lease, resource, ground);
        await mine.assertPresent();
        const { filesystem } = onPlace(
          { command, filesystem: ground.filesystem },
          { folder: mine.data, home: mine.data, variables: {}, signal },
        );
        const on = await held<Database>(resource, 'database');
        const database: Database = {
          connection: () => on.connection(),
          async query(sql, parameters, options) {
            await mine.assertPresent();
            return on.query(sql, parameters, { signal, ...options });
          },
        };
        return oneOf(name, { filesystem, database });
      },
    },
  );
};

async function held<Kind extends object>({ id, needs }: MadeResource, role: 'storage' | 'database'): Promise<Kind> {
  const found = needs[role];
  if (found) return found.interface<Kind>(role === 'storage' ? 'filesystem' : 'database');
  throw new SlipwayError('not-possible', `${id} needs a ${role}, and holds none`);
}

const groundOf = async (resource: MadeResource): Promise<Ground> => ({
  filesystem: await held<Filesystem>(resource, 'storage'),
  root: '.',
});

async function empty(resource: MadeResource, context: BlueprintContext): Promise<void> {
  const database = await held<Database>(resource, 'database');
  await context.changing('empty the database');
  await database.query(EMPTY, [], { signal: context.signal });
}
