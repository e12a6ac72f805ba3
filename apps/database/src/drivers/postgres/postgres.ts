import type { DatabaseSpec } from '@slipway/contracts';
import type { Driver, DriverContext } from '@slipway/provisioner';
import { LOOPBACK } from '../../server/own-server.js';
import { ourAccess, passwordIn } from '../../server/password-file.js';
import { serverDriver, type OnServerOptions } from '../../server/server-driver.js';
import { clientMissing, serverPlace, type Ways } from '../../server/server-place.js';
import { PostgresEngine, type PostgresServer } from './postgres-engine.js';
import { SUPERUSER, postgresProgram, socketOf } from './postgres-server.js';
import { programsWith } from './programs.js';
import { passwordLine } from './psql.js';

/** A dump by pg_dump in its custom format. */
const DUMP = 'application/x-postgresql-dump';

/**
 * Databases on PostgreSQL, on the server that the configuration names, else on one of our own. Outputs: `{engine, host, port,
 * database, user, password, url, tls, caFile?}`.
 */
export function postgresDriver({ mesh, config }: OnServerOptions): Driver<DatabaseSpec> {
  const place = serverPlace(postgresProgram, config.server, waysTo(mesh));
  return serverDriver({ name: 'postgres', mesh, config, place, mediaType: DUMP });
}

const waysTo = (mesh: string): Ways => ({
  own: ({ home, record, password }, context) =>
    engineOf(context, password, {
      mesh,
      admin: { ...socketOf(home, record), user: SUPERUSER },
      books: 'postgres',
      reachedAt: { host: LOOPBACK, port: record.port },
    }),
  async named({ host, port = 5432, user, passwordFile, database = 'postgres', tls }, context) {
    const programs = await programsWith(context.filesystem, 'psql');
    if (programs === undefined) throw clientMissing('psql', 'postgresql-client');
    return engineOf(context, await passwordIn(passwordFile, context), {
      mesh,
      admin: { programs, host, port, user, ...(tls && { caFile: tls.caFile }) },
      books: database,
      reachedAt: { host, port },
    });
  },
});

type Described = Omit<PostgresServer, 'admin' | 'passwords'> & { admin: Omit<PostgresServer['admin'], 'passwordFile'> };

async function engineOf(context: DriverContext, password: string, server: Described): Promise<PostgresEngine> {
  const { passwords, file } = await ourAccess('admin.pgpass', passwordLine(server.admin.user, password), context);
  return new PostgresEngine({ ...server, passwords, admin: { ...server.admin, passwordFile: file } }, context);
}
