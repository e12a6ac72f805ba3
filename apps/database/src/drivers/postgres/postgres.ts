import { join } from 'node:path';
import { SlipwayError, type DatabaseSpec } from '@slipway/contracts';
import type { DatabasesOnServerConfig } from '@slipway/mesh';
import type { Driver, DriverContext } from '@slipway/provisioner';
import { OwnServer, LOOPBACK } from '../../server/own-server.js';
import { serverDriver, type ServerPlace } from '../../server/server-driver.js';
import { passwordIn, writeIfOther } from '../../server/password-file.js';
import { PostgresEngine, type PostgresServer } from './postgres-engine.js';
import { SUPERUSER, postgresProgram, socketOf } from './postgres-server.js';
import { programsWith } from './programs.js';
import { passwordLine } from './psql.js';

export interface PostgresOptions {
  mesh: string;
  /** `databases.postgres` of the configuration. */
  config: DatabasesOnServerConfig;
}

/** A dump by pg_dump in its custom format. */
const DUMP = 'application/x-postgresql-dump';

/**
 * Databases on PostgreSQL, on the server that the configuration names, else on one of our own. Outputs: `{engine, host, port,
 * database, user, password, url, tls, caFile?}`.
 */
export function postgresDriver({ mesh, config }: PostgresOptions): Driver<DatabaseSpec> {
  const place = config.server ? named(mesh, config.server) : own(mesh);
  return serverDriver({ name: 'postgres', mesh, connectionLimit: config.connectionLimit, place, mediaType: DUMP });
}

function own(mesh: string): ServerPlace {
  const server = new OwnServer(postgresProgram);
  const engine = async (context: DriverContext) => {
    const record = await server.start(context);
    const password = await context.secrets.read(record.superuser);
    return engineOf(context, password, {
      mesh,
      admin: { ...socketOf(server.home(context), record), user: SUPERUSER },
      books: 'postgres',
      reachedAt: { host: LOOPBACK, port: record.port },
    });
  };
  return {
    engine,
    existing: async (context) => ((await server.record(context)) ? engine(context) : undefined),
    keep: (context) => server.keep(context),
    end: (context) => server.end(context),
  };
}

function named(mesh: string, config: NonNullable<DatabasesOnServerConfig['server']>): ServerPlace {
  const engine = async (context: DriverContext) => {
    const programs = await programsWith(context.filesystem, 'psql');
    if (programs === undefined) {
      const message = 'There is no psql on this machine: install it (Debian: apt-get install postgresql-client)';
      throw new SlipwayError('driver-unavailable', message, { package: 'postgresql-client' });
    }
    const { host, port = 5432, user, database = 'postgres', tls } = config;
    return engineOf(context, await passwordIn(config.passwordFile, context), {
      mesh,
      admin: { programs, host, port, user, ...(tls && { caFile: tls.caFile }) },
      books: database,
      reachedAt: { host, port },
    });
  };
  return { engine, existing: engine, keep: async () => {}, end: async () => {} };
}

type Described = Omit<PostgresServer, 'admin' | 'passwords'> & { admin: Omit<PostgresServer['admin'], 'passwordFile'> };

async function engineOf(context: DriverContext, password: string, server: Described): Promise<PostgresEngine> {
  const { filesystem, root } = context;
  const passwords = join(root, 'passwords');
  await filesystem.mkdir(passwords, { mode: 0o700 });
  const passwordFile = join(passwords, 'admin.pgpass');
  await writeIfOther(filesystem, passwordFile, passwordLine(server.admin.user, password));
  return new PostgresEngine({ ...server, passwords, admin: { ...server.admin, passwordFile } }, context);
}
