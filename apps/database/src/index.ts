import { provisionerService } from '@slipway/provisioner';
import { sqliteDriver } from './drivers/sqlite/sqlite.js';

/** The sub-provisioner of databases. A new driver: its own folder, and one entry here. */
export const service = provisionerService({ kind: 'database', drivers: () => [sqliteDriver()] });
