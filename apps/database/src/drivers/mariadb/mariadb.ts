import { join } from 'node:path';
import { SlipwayError, type DatabaseSpec } from '@slipway/contracts';
import type { DatabasesOnServerConfig } from '@slipway/mesh';
import type { Driver, DriverContext } from '@slipway/provisioner';
import { OwnServer, LOOPBACK } from '../../server/own-server.js';
import { passwordIn, writeIfOther } from '../../server/password-file.js';
import { serverDriver, type ServerPlace } from '../../server/server-driver.js';
import { optionsFor } from './client.js';
import { MariadbEngine, type MariadbServer } from './mariadb-engine.js';
import { SUPERUSER, folderOf, mariadbProgram, socketIn } from './mariadb-server.js';

export interface MariadbOptions {
  mesh: string;
  /** `databases.mariadb` of the configuration. */
  config: DatabasesOnServerConfig;
}

/** A dump by mariadb-dump: statements. */
const DUMP = 'application/x-mariadb-dump';

/**
 * Databases on MariaDB, on the server that the configuration names, else on one of our own. Outputs: `{engine, host, port,
 * database, user, password, url, tls, caFile?}`.
 */
export function mariadbDriver({ mesh, config }: MariadbOptions): Driver<DatabaseSpec> {
  const place = config.server ? named(mesh, config.server) : own(mesh);
  return serverDriver({ name: 'mariadb', mesh, connectionLimit: config.connectionLimit, place, mediaType: DUMP });
}

function own(mesh: string): ServerPlace {
  const server = new OwnServer(mariadbProgram);
  const engine = async (context: DriverContext) => {
    const record = await server.start(context);
    return engineOf(context, SUPERUSER, await context.secrets.read(record.superuser), {
      mesh,
      address: { socket: socketIn(server.home(context)) },
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
  const { host, port = 3306, user, passwordFile, tls } = config;
  const engine = async (context: DriverContext) =>
    engineOf(context, user, await passwordIn(passwordFile, context), {
      mesh,
      address: {
        host,
        port,
        protocol: 'tcp',
        ...(tls ? { 'ssl-ca': tls.caFile, 'ssl-verify-server-cert': 1 } : { 'skip-ssl': 1 }),
      },
      reachedAt: { host, port },
      ...(tls && { caFile: tls.caFile }),
    });
  return { engine, existing: engine, keep: async () => {}, end: async () => {} };
}

async function engineOf(
  context: DriverContext,
  user: string,
  password: string,
  server: Omit<MariadbServer, 'programs' | 'admin' | 'passwords'>,
): Promise<MariadbEngine> {
  const { filesystem, root } = context;
  const programs = await folderOf('mariadb', context);
  if (programs === undefined) {
    const message = 'There is no client mariadb on this machine: install it (Debian: apt-get install mariadb-client)';
    throw new SlipwayError('driver-unavailable', message, { package: 'mariadb-client' });
  }
  const passwords = join(root, 'passwords');
  await filesystem.mkdir(passwords, { mode: 0o700 });
  const optionFile = join(passwords, 'admin.cnf');
  await writeIfOther(filesystem, optionFile, optionsFor({ ...server.address, user, password }));
  return new MariadbEngine({ ...server, programs, passwords, admin: { programs, optionFile } }, context);
}
