import { REMEMBERED_DAYS } from '../../blueprint/kit/old-tombstones.js';

/** SQLSTATE of our own refusals. */
export const OVER = 'SL001';
export const FOREIGN = 'SL002';

/** One number for all who decide in a database: decisions are short, and one at a time, since catalogues refuse what two change at once. */
const LOCK = 5_227_104_496_221;
const TAKE_TURNS = `PERFORM pg_advisory_xact_lock(${LOCK});`;

const MARK = 'Slipway: leased';

/** A text in a statement, whatever it holds. */
export const text = (value: string): string => `convert_from(decode('${Buffer.from(value).toString('hex')}', 'hex'), 'UTF8')`;

/** One decision, which the server carries out whole or not at all. */
const decision = (body: string): string => `DO $decision$
BEGIN
  ${TAKE_TURNS}
  IF to_regnamespace('slipway_leased') IS NULL THEN
    CREATE SCHEMA slipway_leased;
    COMMENT ON SCHEMA slipway_leased IS '${MARK}';
    CREATE TABLE slipway_leased.given_back (name text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now());
  ELSIF obj_description('slipway_leased'::regnamespace) IS DISTINCT FROM '${MARK}' THEN
    RAISE EXCEPTION 'the schema slipway_leased carries no mark of ours' USING ERRCODE = '${FOREIGN}';
  END IF;
  ${body}
END $decision$`;

const ASSERT_NOT_OVER = (name: string): string => `IF EXISTS (SELECT FROM slipway_leased.given_back WHERE name = '${name}') THEN
    RAISE EXCEPTION '% was given back', '${name}' USING ERRCODE = '${OVER}';
  END IF;`;

const IS_OURS = (role: string): string =>
  `shobj_description((SELECT oid FROM pg_roles WHERE rolname = '${role}'), 'pg_authid') IS NOT DISTINCT FROM '${MARK}'`;

const ASSERT_OURS = (
  role: string,
): string => `IF EXISTS (SELECT FROM pg_roles WHERE rolname = '${role}') AND NOT ${IS_OURS(role)} THEN
    RAISE EXCEPTION 'role % carries no mark of ours', '${role}' USING ERRCODE = '${FOREIGN}';
  END IF;`;

/** The mark of a database is its owner, who stands before it. Throws OVER, FOREIGN. */
export const markDatabase = (name: string): string =>
  decision(`${ASSERT_NOT_OVER(name)} ${ASSERT_OURS(name)}
  IF EXISTS (SELECT FROM pg_database WHERE datname = '${name}' AND NOT EXISTS (SELECT FROM pg_roles WHERE oid = datdba AND rolname = '${name}')) THEN
    RAISE EXCEPTION 'database % carries no mark of ours', '${name}' USING ERRCODE = '${FOREIGN}';
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${name}') THEN
    CREATE ROLE ${name} NOLOGIN;
    COMMENT ON ROLE ${name} IS '${MARK}';
    GRANT ${name} TO CURRENT_USER;
  END IF;`);

/** Fails (42704) where its owner is gone: nothing is made of what was given back. */
export const createDatabase = (name: string): string =>
  `CREATE DATABASE ${name} OWNER ${name} TEMPLATE template0 ENCODING 'UTF8'`;
export const hasDatabase = (name: string): string => `SELECT FROM pg_database WHERE datname = '${name}'`;
export const closeDatabase = (name: string): string => decision(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC;`);

/** From now on nothing of this name is made any more; of those that were buried long ago nobody asks. Throws FOREIGN. */
export const bury = (role: string): string =>
  decision(`${ASSERT_OURS(role)}
  INSERT INTO slipway_leased.given_back (name) VALUES ('${role}') ON CONFLICT DO NOTHING;
  DELETE FROM slipway_leased.given_back WHERE at < now() - interval '${REMEMBERED_DAYS} days';
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = '${role}') THEN
    ALTER ROLE ${role} NOLOGIN PASSWORD NULL;
  END IF;
  PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${role}';`);

export const dropDatabase = (name: string): string => `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`;
export const dropRole = (role: string): string => decision(`DROP ROLE IF EXISTS ${role};`);
/** Roles of leases on a database. */
export const rolesOf = (name: string): string =>
  `SELECT rolname FROM pg_roles WHERE rolname LIKE '${name.replaceAll('_', '\\_')}\\_l%'`;

/** Who leases: a member of the owner, with a password of which the server keeps a verifier only. Throws OVER, FOREIGN. */
export const admit = (role: string, name: string, verifier: string, connections: number): string =>
  decision(`${ASSERT_NOT_OVER(name)} ${ASSERT_NOT_OVER(role)} ${ASSERT_OURS(role)}
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${role}') THEN
    CREATE ROLE ${role} LOGIN;
    COMMENT ON ROLE ${role} IS '${MARK}';
    GRANT ${role} TO CURRENT_USER;
    GRANT ${name} TO ${role};
  END IF;
  ALTER ROLE ${role} LOGIN CONNECTION LIMIT ${connections} PASSWORD '${verifier}';`);

/** One change in the database of a resource, like a decision. */
const within = (body: string): string => `DO $within$
BEGIN
  ${TAKE_TURNS}
  ${body}
END $within$`;

/** In the database: a schema of his own, which goes with him, and before what all share. */
export const furnish = (role: string, name: string): string =>
  within(`CREATE SCHEMA IF NOT EXISTS ${role} AUTHORIZATION ${role};
  GRANT ALL ON SCHEMA public TO ${name};
  ALTER DEFAULT PRIVILEGES FOR ROLE ${role} IN SCHEMA public GRANT ALL ON TABLES TO ${name};
  ALTER DEFAULT PRIVILEGES FOR ROLE ${role} IN SCHEMA public GRANT ALL ON SEQUENCES TO ${name};
  ALTER ROLE ${role} IN DATABASE ${name} SET search_path = ${role}, public;`);

/** In the database: what is his own goes, what he made for all stays with its owner. */
export const clear = (role: string, name: string): string =>
  within(`DROP SCHEMA IF EXISTS ${role} CASCADE;
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = '${role}') THEN
    REASSIGN OWNED BY ${role} TO ${name};
    DROP OWNED BY ${role};
  END IF;`);
