/** Apart from the rest: who needs no PostgreSQL loads no client of it. */
export { postgresDatabase } from './postgres-database.js';
export { withPostgres, type PostgresAccess, type PostgresSession } from './postgres-session.js';
