import type { Generation } from '../../server/engine.js';
import { text } from './psql.js';

/** SQLSTATEs of our own refusals. */
export const OVER = 'SW001';
export const FOREIGN = 'SW002';

const OURS = 'Slipway: what it has made on this server, and what it has given back';
const SCHEMA_DONE = 'Made by Slipway, its schema is complete';

/** One number for all that decides: decisions are short, and one at a time. */
const LOCK = '8317987319222330741';

/** A decision: one statement, which the server carries out whole or not at all. `answer` holds what it gives back. */
const decision = (body: string, declare = ''): string => `
DO $slipway$
DECLARE
  known text;
  answer text := '';
  ${declare}
BEGIN
  PERFORM pg_advisory_xact_lock(${LOCK});
  ${body}
  PERFORM set_config('slipway.answer', coalesce(answer, ''), false);
END $slipway$;
SELECT current_setting('slipway.answer');`;

/** The rows, made where they are not there yet. */
const BOOKS = `
  IF to_regnamespace('slipway') IS NULL THEN
    CREATE SCHEMA slipway;
    COMMENT ON SCHEMA slipway IS '${OURS}';
    CREATE TABLE slipway.generation (
      mesh text, environment text, name text, generation integer, epoch integer NOT NULL,
      called text NOT NULL UNIQUE,
      state text NOT NULL CHECK (state IN ('building', 'made', 'destroyed')),
      at timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (mesh, environment, name, generation));
  ELSIF obj_description('slipway'::regnamespace) IS DISTINCT FROM '${OURS}' THEN
    RAISE EXCEPTION 'the schema slipway of database % carries no mark of ours', current_database() USING ERRCODE = '${FOREIGN}';
  END IF;`;

const keyOf = (mesh: string, { resource }: Generation): string =>
  `mesh = ${text(mesh)} AND environment = ${text(resource.environment)} AND name = ${text(resource.name)}`;

const READ = (mesh: string, one: Generation): string => `
  SELECT state INTO known FROM slipway.generation WHERE ${keyOf(mesh, one)} AND generation = ${one.generation};`;

/** Throws OVER. */
const ASSERT_NOT_OVER = (mesh: string, one: Generation): string => `
  IF known = 'destroyed' THEN
    RAISE EXCEPTION 'generation ${one.generation} was given back' USING ERRCODE = '${OVER}';
  END IF;
  SELECT max(generation) INTO newest FROM slipway.generation WHERE ${keyOf(mesh, one)};
  IF newest > ${one.generation} THEN
    RAISE EXCEPTION 'generation % stands here already', newest USING ERRCODE = '${OVER}';
  END IF;`;

/** Whether it is made, and a later epoch was there. */
const LATER = (mesh: string, one: Generation): string => `EXISTS (SELECT FROM slipway.generation
    WHERE ${keyOf(mesh, one)} AND generation = ${one.generation} AND state = 'made' AND epoch > ${one.epoch})`;

/** Throws FOREIGN. */
const ASSERT_OURS = ({ name }: Generation): string => `
  IF known IS NULL AND (EXISTS (SELECT FROM pg_roles WHERE rolname = '${name}')
      OR EXISTS (SELECT FROM pg_database WHERE datname = '${name}')) THEN
    RAISE EXCEPTION 'role or database ${name} carries no mark of ours' USING ERRCODE = '${FOREIGN}';
  END IF;`;

const columns = (mesh: string, { resource, generation, epoch, name }: Generation): string =>
  `${text(mesh)}, ${text(resource.environment)}, ${text(resource.name)}, ${generation}, ${epoch}, '${name}'`;

/** Gives back the state. */
export const reserve = (mesh: string, one: Generation, verifier: string, connections: number): string =>
  decision(
    `${BOOKS}${READ(mesh, one)}${ASSERT_NOT_OVER(mesh, one)}${ASSERT_OURS(one)}
  INSERT INTO slipway.generation AS kept (mesh, environment, name, generation, epoch, called, state)
    VALUES (${columns(mesh, one)}, 'building')
    ON CONFLICT (mesh, environment, name, generation) DO UPDATE SET epoch = greatest(kept.epoch, excluded.epoch);
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '${one.name}') THEN
    CREATE ROLE ${one.name} LOGIN;
    EXECUTE format('COMMENT ON ROLE ${one.name} IS %L', ${text(describe(mesh, one))});
  END IF;
  IF NOT ${LATER(mesh, one)} THEN
    ALTER ROLE ${one.name} LOGIN CONNECTION LIMIT ${connections} PASSWORD '${verifier}';
  END IF;
  GRANT ${one.name} TO CURRENT_USER;
  answer := coalesce(known, 'building');`,
    'newest integer;',
  );

/** Throws OVER. Of something that is made. */
export const admit = (mesh: string, one: Generation, verifier: string, connections: number): string =>
  decision(
    `${READ(mesh, one)}${ASSERT_NOT_OVER(mesh, one)}
  IF ${LATER(mesh, one)} THEN
    RAISE EXCEPTION 'generation ${one.generation} is changed under a later epoch than ${one.epoch}' USING ERRCODE = '${OVER}';
  END IF;
  UPDATE slipway.generation SET epoch = ${one.epoch} WHERE ${keyOf(mesh, one)} AND generation = ${one.generation};
  ALTER ROLE ${one.name} LOGIN CONNECTION LIMIT ${connections} PASSWORD '${verifier}';`,
    'newest integer;',
  );

/** Fails (42704) where the role is gone: nothing is made of a generation that was given back (E2). */
export const createDatabase = ({ name }: Generation): string => `
SELECT NOT EXISTS (SELECT FROM pg_database WHERE datname = '${name}') AS missing \\gset
\\if :missing
CREATE DATABASE ${name} OWNER ${name} TEMPLATE template0 ENCODING 'UTF8' ALLOW_CONNECTIONS false;
\\endif`;

/** Gives back `t` where its role has made anything in the database, and it is not noted that this was the schema. */
export const filled = ({ name }: Generation): string => `
SELECT EXISTS (SELECT FROM pg_shdepend JOIN pg_database ON pg_database.oid = dbid
  WHERE datname = '${name}' AND deptype = 'o' AND shobj_description(pg_database.oid, 'pg_database') IS DISTINCT FROM '${SCHEMA_DONE}');`;

export const drop = ({ name }: Generation): string => `DROP DATABASE IF EXISTS ${name} WITH (FORCE);`;

/** Nobody but its role may enter, and only now anybody at all. Gives back the state. */
export const openDatabase = (mesh: string, one: Generation): string =>
  decision(
    `${READ(mesh, one)}${ASSERT_NOT_OVER(mesh, one)}
  answer := known;
  IF known = 'building' THEN
    REVOKE ALL ON DATABASE ${one.name} FROM PUBLIC;
    IF shobj_description((SELECT oid FROM pg_database WHERE datname = '${one.name}'), 'pg_database') IS NULL THEN
      EXECUTE format('COMMENT ON DATABASE ${one.name} IS %L', ${text(describe(mesh, one))});
    END IF;
    ALTER DATABASE ${one.name} ALLOW_CONNECTIONS true;
  END IF;`,
    'newest integer;',
  );

/** In the database, as its role: the schema once, in one transaction with the note that it is done. Gives back nothing. */
export const runSchema = ({ name }: Generation, schema: string): string => `
DO $slipway$
BEGIN
  PERFORM pg_advisory_xact_lock(${LOCK});
  IF shobj_description((SELECT oid FROM pg_database WHERE datname = '${name}'), 'pg_database') = '${SCHEMA_DONE}' THEN
    RETURN;
  END IF;
  ${schema.trim() === '' ? '' : `EXECUTE ${text(schema)};`}
  COMMENT ON DATABASE ${name} IS '${SCHEMA_DONE}';
END $slipway$;`;

/** Gives back `made` or `found`. */
export const complete = (mesh: string, one: Generation): string =>
  decision(
    `${READ(mesh, one)}${ASSERT_NOT_OVER(mesh, one)}
  answer := CASE known WHEN 'made' THEN 'found' ELSE 'made' END;
  UPDATE slipway.generation SET state = 'made', at = now() WHERE ${keyOf(mesh, one)} AND generation = ${one.generation};`,
    'newest integer;',
  );

/** Gives back what was known of it before. */
export const bury = (mesh: string, one: Generation): string =>
  decision(
    `${BOOKS}${READ(mesh, one)}${ASSERT_OURS(one)}
  INSERT INTO slipway.generation AS kept (mesh, environment, name, generation, epoch, called, state)
    VALUES (${columns(mesh, one)}, 'destroyed')
    ON CONFLICT (mesh, environment, name, generation)
      DO UPDATE SET state = 'destroyed', at = now(), epoch = greatest(kept.epoch, excluded.epoch);
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = '${one.name}') THEN
    ALTER ROLE ${one.name} NOLOGIN;
  END IF;
  answer := known;`,
  );

/** Gives back `t` when anything of it was there. Fails (2BP01) when a late call has made the database once more. */
export const clear = ({ name }: Generation): string => `
${EXISTS(name)}
DROP DATABASE IF EXISTS ${name} WITH (FORCE);
DO $slipway$
BEGIN
  PERFORM pg_advisory_xact_lock(${LOCK});
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = '${name}') THEN
    DROP OWNED BY ${name};
    DROP ROLE ${name};
  END IF;
END $slipway$;`;

const EXISTS = (name: string): string => `
SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = '${name}') OR EXISTS (SELECT FROM pg_database WHERE datname = '${name}');`;

/** What follows only where there are rows. */
const IF_BOOKS = (statements: string, otherwise = ''): string => `
SELECT to_regclass('slipway.generation') IS NOT NULL AS kept \\gset
\\if :kept
${statements}
\\else
${otherwise}
\\endif`;

/** Gives back the state, or an empty line; and whether role or database are there. */
export const standing = (mesh: string, one: Generation): string => `
${IF_BOOKS(
  `SELECT coalesce(max(state), '') FROM slipway.generation WHERE ${keyOf(mesh, one)} AND generation = ${one.generation};`,
  `SELECT '';`,
)}
${EXISTS(one.name)}`;

/** Gives back rows as JSON, one a line. */
export const marks = (mesh: string): string =>
  IF_BOOKS(`
SELECT json_build_object('environment', environment, 'name', name, 'generation', generation, 'called', called)
FROM slipway.generation
WHERE mesh = ${text(mesh)} AND (state <> 'destroyed' OR EXISTS (SELECT FROM pg_roles WHERE rolname = called)
  OR EXISTS (SELECT FROM pg_database WHERE datname = called))
ORDER BY environment, name, generation;`);

/** Gives back the database as JSON; nothing where there is none. */
export const look = ({ name }: Generation): string => `
SELECT json_build_object(
  'exists', true,
  'encoding', pg_encoding_to_char(encoding),
  'connectionLimit', rolconnlimit,
  'openToOthers', has_database_privilege('public', datname, 'CONNECT') OR NOT datallowconn)
FROM pg_database JOIN pg_roles ON pg_roles.oid = datdba AND rolname = '${name}' AND rolcanlogin
WHERE datname = '${name}';`;

/** In the database: SHA-256 of its relations and their columns. */
export const SCHEMA_HASH = `
SELECT encode(sha256(convert_to(coalesce(string_agg(line, E'\\n' ORDER BY line COLLATE "C"), ''), 'UTF8')), 'hex')
FROM (
  SELECT format('%s %I.%I %s %I %s %s', relkind, nspname, relname, attnum, attname, format_type(atttypid, atttypmod), attnotnull) AS line
  FROM pg_class
    JOIN pg_namespace ON pg_namespace.oid = relnamespace
    LEFT JOIN pg_attribute ON attrelid = pg_class.oid AND attnum > 0 AND NOT attisdropped
  WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema' AND relkind IN ('r', 'p', 'v', 'm', 'S', 'i', 'f')
) AS lines;`;

const describe = (mesh: string, { resource, generation }: Generation): string =>
  `Slipway ${mesh}: database ${resource.environment}.${resource.name}, generation ${generation}`;
