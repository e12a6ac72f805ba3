import { leaseDriver, provisionerService } from '@slipway/provisioner/service';
import { mariadbDriver } from './drivers/mariadb/mariadb.js';
import { postgresDriver } from './drivers/postgres/postgres.js';
import { sqliteDriver } from './drivers/sqlite/sqlite.js';

/** The sub-provisioner of databases. A new driver: its own folder, and one entry here. */
export const service = provisionerService({
  kind: 'database',
  drivers: ({ bus, config: { mesh, databases } }) => [
    sqliteDriver(),
    postgresDriver({ mesh, config: databases.postgres }),
    mariadbDriver({ mesh, config: databases.mariadb }),
    leaseDriver('database', { bus }),
  ],
});
