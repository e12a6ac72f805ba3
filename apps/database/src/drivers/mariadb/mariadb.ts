import type { DatabaseSpec } from '@slipway/contracts';
import type { Driver, DriverContext } from '@slipway/provisioner';
import { LOOPBACK } from '../../server/own-server.js';
import { ourAccess, passwordIn } from '../../server/password-file.js';
import { serverDriver, type OnServerOptions } from '../../server/server-driver.js';
import { clientMissing, serverPlace, type Ways } from '../../server/server-place.js';
import { optionsFor } from './client.js';
import { MariadbEngine, type MariadbServer } from './mariadb-engine.js';
import { SUPERUSER, folderOf, mariadbProgram, socketIn } from './mariadb-server.js';

/** A dump by mariadb-dump: statements. */
const DUMP = 'application/x-mariadb-dump';

/**
 * Databases on MariaDB, on the server that the configuration names, else on one of our own. Outputs: `{engine, host, port,
 * database, user, password, url, tls, caFile?}`.
 */
export function mariadbDriver({ mesh, config }: OnServerOptions): Driver<DatabaseSpec> {
  const place = serverPlace(mariadbProgram, config.server, waysTo(mesh));
  return serverDriver({ name: 'mariadb', mesh, config, place, mediaType: DUMP });
}

const waysTo = (mesh: string): Ways => ({
  own: ({ home, record, password }, context) =>
    engineOf(context, SUPERUSER, password, {
      mesh,
      address: { socket: socketIn(home) },
      reachedAt: { host: LOOPBACK, port: record.port },
    }),
  async named({ host, port = 3306, user, passwordFile, tls }, context) {
    return engineOf(context, user, await passwordIn(passwordFile, context), {
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
  },
});

async function engineOf(
  context: DriverContext,
  user: string,
  password: string,
  server: Omit<MariadbServer, 'programs' | 'admin' | 'passwords'>,
): Promise<MariadbEngine> {
  const programs = await folderOf('mariadb', context);
  if (programs === undefined) throw clientMissing('client mariadb', 'mariadb-client');
  const { passwords, file } = await ourAccess('admin.cnf', optionsFor({ ...server.address, user, password }), context);
  return new MariadbEngine({ ...server, programs, passwords, admin: { programs, optionFile: file } }, context);
}
