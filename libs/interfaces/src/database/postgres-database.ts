import type { Database } from './database.js';
import { withPostgres, type PostgresAccess } from './postgres-session.js';

/** A database of a PostgreSQL server. Each statement has a connection of its own, so that what was taken back is taken back at once. */
export function postgresDatabase(access: PostgresAccess, signal?: AbortSignal): Database {
  const { host, port, database, user } = access;
  return {
    query: (sql, parameters = [], options = {}) =>
      withPostgres(access, (session) => session.query(sql, parameters), { ...(signal && { signal }), ...options }),
    connection: async () => ({ engine: 'postgres', host, port, database, user }),
  };
}
