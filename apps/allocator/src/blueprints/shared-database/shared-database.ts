import { SlipwayError, sha256, type JsonObject } from '@slipway/contracts';
import { scramVerifier } from '@slipway/interfaces';
import { postgresDatabase, withPostgres, type PostgresAccess, type PostgresSession } from '@slipway/interfaces/postgres';
import type { SecretRef } from '@slipway/secrets';
import type { BlueprintContext, GrantedLease, MadeResource } from '../../blueprint/blueprint.js';
import { declared } from '../../blueprint/kit/declared.js';
import type { BlueprintMaker } from '../../blueprint/kit/kit.js';
import { oneOf } from '../../blueprint/kit/one-of.js';
import { optionsOf } from '../../blueprint/kit/options.js';
import * as statements from './statements.js';

interface Options {
  host: string;
  port: number;
  user: string;
  passwordFile: string;
  database: string;
  caFile?: string;
  connections: number;
  prefix: string;
}
const OPTIONS = {
  host: { type: 'string', minLength: 1 },
  port: { type: 'integer', minimum: 1, maximum: 65_535, default: 5432 },
  user: { type: 'string', minLength: 1 },
  passwordFile: { type: 'string', pattern: '^/' },
  database: { type: 'string', default: 'postgres' },
  caFile: { type: 'string', pattern: '^/' },
  connections: { type: 'integer', minimum: 1, default: 20 },
  prefix: { type: 'string', pattern: '^[a-z][a-z0-9]{0,9}$', default: 'slipway' },
};

/** How often what somebody who is late has made meanwhile is looked for again, and what lost a race is run. */
const TRIES = 5;
/** SQLSTATEs of what is gone or still in use. */
const GONE = ['3D000', '42704'];
const IN_USE = '2BP01';
/**
 * SQLSTATEs of what lost a race against another change of ours, and works once that is over: a row of a catalogue that all databases share
 * ("tuple concurrently updated" is an internal error), a deadlock, a session that ended with its database.
 */
const LOST = ['XX000', '40P01', '57P01'];

/**
 * A database on a PostgreSQL server that several lease at once. Each has a role and a password of his own, which go with his lease, and a schema of
 * his own; what he makes in `public` is everybody's and stays. Options: the server (`host`, `port`, `caFile`) and a role there that may make
 * roles and databases (`user`, `passwordFile`, `database`); `connections` of each lease; `prefix` of all names there (two meshes need two).
 */
export const sharedDatabase: BlueprintMaker = (settings) => {
  const options = optionsOf<Options>(settings, OPTIONS, ['host', 'user', 'passwordFile']);

  const nameOf = ({ id }: MadeResource): string => databaseName(options.prefix, id);
  const roleOf = (lease: GrantedLease, resource: MadeResource): string =>
    `${nameOf(resource)}_l${lease.id.split('-').at(-1)}_${lease.token}`;

  async function accessTo(
    database: string,
    { filesystem }: BlueprintContext,
  ): Promise<Omit<PostgresAccess, 'user' | 'password'>> {
    const { host, port, caFile } = options;
    return { host, port, database, ...(caFile !== undefined && { ca: await fileOf(caFile, filesystem) }) };
  }

  /** As who may do anything there. */
  async function administer<T>(
    context: BlueprintContext,
    database: string,
    work: (session: PostgresSession) => Promise<T>,
  ): Promise<T> {
    const { user, passwordFile } = options;
    const password = async () => (await fileOf(passwordFile, context.filesystem)).replace(/\r?\n$/, '');
    const access = { ...(await accessTo(database, context)), user, password };
    return withPostgres(access, work, { signal: context.signal, timeoutMs: 300_000 }).catch((error: unknown) => {
      throw refusal(error);
    });
  }

  /** One statement, announced; it changes the same when it is run again. */
  const change = async (context: BlueprintContext, sql: string, database = options.database): Promise<void> => {
    await context.changing(sql.slice(0, 40));
    for (let tries = 1; ; tries += 1)
      try {
        await administer(context, database, (session) => session.run(sql));
        return;
      } catch (error) {
        if (!LOST.includes(String(stateOf(error))) || tries === TRIES) throw error;
      }
  };

  /** Role and database, until nobody who is late has made them once more. */
  async function removeRole(context: BlueprintContext, role: string, before: () => Promise<void>): Promise<void> {
    await change(context, statements.bury(role));
    for (let tries = 1; ; tries += 1) {
      await before();
      try {
        await change(context, statements.dropRole(role));
        return;
      } catch (error) {
        if (stateOf(error) !== IN_USE || tries === TRIES) throw error;
      }
    }
  }

  const takeBack = (context: BlueprintContext, role: string, name: string) =>
    removeRole(context, role, () =>
      change(context, statements.clear(role, name), name).catch((error: unknown) => {
        if (!GONE.includes(String(stateOf(error)))) throw error;
      }),
    );

  return declared(
    settings,
    { type: 'database', interfaces: ['database'], capacity: 10 },
    {
      async allocate(resource, context) {
        const name = nameOf(resource);
        await change(context, statements.markDatabase(name));
        const has = await administer(context, options.database, (session) => session.run(statements.hasDatabase(name)));
        if (has.length === 0)
          await change(context, statements.createDatabase(name)).catch((error: unknown) => {
            // Another call of ours was faster.
            if (stateOf(error) !== '42P04' && stateOf(error) !== '23505') throw asOver(error);
          });
        await change(context, statements.closeDatabase(name)).catch((error: unknown) => {
          throw asOver(error);
        });
        return { outputs: { database: name } };
      },

      async manage(resource, context) {
        const name = nameOf(resource);
        try {
          await administer(context, name, (session) => session.run('SELECT 1'));
          return { state: 'well' };
        } catch (error) {
          context.signal.throwIfAborted();
          return { state: 'broken', reason: (error as Error).message };
        }
      },

      async destroy(resource, context) {
        const name = nameOf(resource);
        await removeRole(context, name, async () => {
          const leases = await administer(context, options.database, (session) => session.run(statements.rolesOf(name)));
          for (const [role] of leases) await takeBack(context, String(role), name);
          await change(context, statements.dropDatabase(name));
        });
        await context.secrets.empty(secretOf(resource));
      },

      async prepare(lease, resource, context) {
        const [name, role] = [nameOf(resource), roleOf(lease, resource)];
        const secret = secretOf(resource, lease);
        try {
          const password = await context.secrets.read(await context.secrets.ensure(secret));
          await change(context, statements.admit(role, name, scramVerifier(password), options.connections));
          await change(context, statements.furnish(role, name), name);
        } catch (error) {
          const told = asOver(error);
          if (told instanceof SlipwayError && told.code === 'generation-old') await context.secrets.empty(secret);
          throw told;
        }
      },

      async takeBack(lease, resource, context) {
        await takeBack(context, roleOf(lease, resource), nameOf(resource));
        await context.secrets.empty(secretOf(resource, lease));
      },

      async gives(lease, resource) {
        const { host, port, caFile } = options;
        const [database, user] = [nameOf(resource), roleOf(lease, resource)];
        return {
          ...{ engine: 'postgres', host, port, database, user, password: passwordOf(resource, lease) },
          url: `postgres://${user}@${host.includes(':') ? `[${host}]` : host}:${port}/${database}`,
          tls: caFile !== undefined,
          ...(caFile !== undefined && { caFile }),
        };
      },

      async interface(kind, lease, resource, context) {
        const password = () => context.secrets.read(passwordOf(resource, lease));
        const access = { ...(await accessTo(nameOf(resource), context)), user: roleOf(lease, resource), password };
        return oneOf(kind, { database: postgresDatabase(access, context.signal) });
      },
    },
  );
};

/** On the server, of a resource: no two ids have the same, however long they are. */
export const databaseName = (prefix: string, id: string): string =>
  `${prefix}_${id.split('-').at(-1)}_${sha256(id).slice(0, 12)}`;

/** Name of the secrets of a resource, or of one lease on it. */
const secretOf = ({ id }: MadeResource, lease?: GrantedLease): string =>
  lease ? `leased/${id}/${lease.id}/t${lease.token}` : `leased/${id}`;

/** Made once for each acquisition: the first version, or none any more. */
const passwordOf = (resource: MadeResource, lease: GrantedLease): SecretRef => `secret://${secretOf(resource, lease)}#1`;

async function fileOf(path: string, filesystem: BlueprintContext['filesystem']): Promise<string> {
  const content = await filesystem.readFile(path, 64 * 1024);
  if (content) return content.toString();
  throw new SlipwayError('driver-failed', `The file ${path} is not there`, { path });
}

const stateOf = (error: unknown): unknown => (error as { details?: JsonObject }).details?.['sqlState'];

/** What the server refuses in our own name. */
function refusal(error: unknown): unknown {
  const code = { [statements.OVER]: 'generation-old', [statements.FOREIGN]: 'foreign' }[String(stateOf(error))];
  return code === undefined ? error : new SlipwayError(code as 'foreign', (error as Error).message);
}

/** That its owner is gone means that it was given back. */
const asOver = (error: unknown): unknown =>
  GONE.includes(String(stateOf(error))) ? new SlipwayError('generation-old', (error as Error).message) : error;
