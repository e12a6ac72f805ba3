import type { Generation } from '../../server/engine.js';
import { text } from './client.js';

/** SQLSTATEs of our own refusals. */
export const OVER = '45001';
export const FOREIGN = '45002';

const OURS = 'Slipway: what it has made on this server, and what it has given back';

/** How long a decision waits for another one, in seconds. */
const WAIT_SECONDS = 60;

/**
 * A decision: one compound statement under a lock of the server's, which ends with it or with its connection. DDL commits by
 * itself here, so what a decision says in the rows comes first, and doing it again mends what a crash left out.
 */
const decision = (body: string): string => `
DELIMITER //
BEGIN NOT ATOMIC
  DECLARE known VARCHAR(16);
  DECLARE answer VARCHAR(255) DEFAULT '';
  DECLARE newest INT;
  IF GET_LOCK('slipway', ${WAIT_SECONDS}) <> 1 THEN
    SIGNAL SQLSTATE '45003' SET MESSAGE_TEXT = 'other decisions take too long';
  END IF;
  ${body}
  SELECT COALESCE(answer, '');
  DO RELEASE_LOCK('slipway');
END//`;

const refuse = (state: string, message: string): string => `SIGNAL SQLSTATE '${state}' SET MESSAGE_TEXT = '${message}';`;

/** The rows, made where they are not there yet. */
const BOOKS = `
  IF EXISTS (SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = 'slipway' AND SCHEMA_COMMENT <> '${OURS}') THEN
    ${refuse(FOREIGN, 'the database slipway carries no mark of ours')}
  END IF;
  CREATE DATABASE IF NOT EXISTS slipway COMMENT '${OURS}';
  CREATE TABLE IF NOT EXISTS slipway.generation (
    mesh VARCHAR(63), environment VARCHAR(63), name VARCHAR(63), generation INT, epoch INT NOT NULL,
    called VARCHAR(64) NOT NULL UNIQUE, made_in VARCHAR(64),
    state VARCHAR(16) NOT NULL, at TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (mesh, environment, name, generation)) ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
  CREATE TABLE IF NOT EXISTS slipway.attempt (base VARCHAR(64) PRIMARY KEY, called VARCHAR(64) NOT NULL)
    ENGINE = InnoDB CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;`;

const keyOf = (mesh: string, { resource }: Generation): string =>
  `mesh = ${text(mesh)} AND environment = ${text(resource.environment)} AND name = ${text(resource.name)}`;

const READ = (mesh: string, one: Generation): string => `
  SET known = (SELECT state FROM slipway.generation WHERE ${keyOf(mesh, one)} AND generation = ${one.generation});`;

/** Throws OVER. */
const ASSERT_NOT_OVER = (mesh: string, one: Generation): string => `
  IF known = 'destroyed' THEN
    ${refuse(OVER, `generation ${one.generation} was given back`)}
  END IF;
  SET newest = (SELECT MAX(generation) FROM slipway.generation WHERE ${keyOf(mesh, one)});
  IF newest > ${one.generation} THEN
    ${refuse(OVER, 'a newer generation stands here already')}
  END IF;`;

/** Whether it is made, and a later epoch was there. */
const LATER = (mesh: string, one: Generation): string => `EXISTS (SELECT 1 FROM slipway.generation
    WHERE ${keyOf(mesh, one)} AND generation = ${one.generation} AND state = 'made' AND epoch > ${one.epoch})`;

const userExists = ({ name }: Generation): string => `EXISTS (SELECT 1 FROM mysql.user WHERE user = '${name}')`;

const baseExists = ({ name }: Generation): string =>
  `EXISTS (SELECT 1 FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '${name}' OR LEFT(SCHEMA_NAME, ${name.length + 1}) = '${name}_')`;

/** Throws FOREIGN. */
const ASSERT_OURS = (one: Generation): string => `
  IF known IS NULL AND (${userExists(one)} OR ${baseExists(one)}) THEN
    ${refuse(FOREIGN, `user or database ${one.name} carries no mark of ours`)}
  END IF;`;

const columns = (mesh: string, { resource, generation, epoch, name }: Generation): string =>
  `${text(mesh)}, ${text(resource.environment)}, ${text(resource.name)}, ${generation}, ${epoch}, '${name}'`;

/** Gives back the state. */
export const reserve = (mesh: string, one: Generation, hash: string, connections: number, tls: boolean): string =>
  decision(`${BOOKS}${READ(mesh, one)}${ASSERT_NOT_OVER(mesh, one)}${ASSERT_OURS(one)}
  INSERT INTO slipway.generation (mesh, environment, name, generation, epoch, called, state)
    VALUES (${columns(mesh, one)}, 'building')
    ON DUPLICATE KEY UPDATE epoch = GREATEST(epoch, VALUES(epoch));
  CREATE USER IF NOT EXISTS '${one.name}'@'%';
  IF NOT ${LATER(mesh, one)} THEN
    ${alterUser(one, hash, connections, tls)}
  END IF;
  SET answer = COALESCE(known, 'building');`);

const alterUser = ({ name }: Generation, hash: string, connections: number, tls: boolean): string =>
  `ALTER USER '${name}'@'%' IDENTIFIED VIA mysql_native_password USING '${hash}'
      REQUIRE ${tls ? 'SSL' : 'NONE'} WITH MAX_USER_CONNECTIONS ${connections} ACCOUNT UNLOCK;`;

/** Throws OVER. Of something that is made. */
export const admit = (mesh: string, one: Generation, hash: string, connections: number, tls: boolean): string =>
  decision(`${READ(mesh, one)}${ASSERT_NOT_OVER(mesh, one)}
  IF ${LATER(mesh, one)} THEN
    ${refuse(OVER, `generation ${one.generation} is changed under a later epoch than ${one.epoch}`)}
  END IF;
  UPDATE slipway.generation SET epoch = ${one.epoch} WHERE ${keyOf(mesh, one)} AND generation = ${one.generation};
  ${alterUser(one, hash, connections, tls)}`);

/** Makes a database for one attempt, open to nobody but its user: none where the generation is not to be made (E2). Gives back the state. */
export const begin = (mesh: string, one: Generation, base: string): string =>
  decision(`${READ(mesh, one)}${ASSERT_NOT_OVER(mesh, one)}
  SET answer = known;
  IF known = 'building' THEN
    INSERT INTO slipway.attempt (base, called) VALUES ('${base}', '${one.name}');
    CREATE DATABASE ${base} CHARACTER SET utf8mb4;
    GRANT ALL ON \`${base.replaceAll('_', '\\_')}\`.* TO '${one.name}'@'%';
  END IF;`);

/** Gives back `made` or `found`. */
export const complete = (mesh: string, one: Generation, base: string): string =>
  decision(`${READ(mesh, one)}${ASSERT_NOT_OVER(mesh, one)}
  SET answer = IF(known = 'made', 'found', 'made');
  UPDATE slipway.generation SET state = 'made', made_in = '${base}', at = CURRENT_TIMESTAMP
    WHERE ${keyOf(mesh, one)} AND generation = ${one.generation} AND state = 'building';`);

/** Gives back what was known of it before. */
export const bury = (mesh: string, one: Generation): string =>
  decision(`${BOOKS}${READ(mesh, one)}${ASSERT_OURS(one)}
  INSERT INTO slipway.generation (mesh, environment, name, generation, epoch, called, state)
    VALUES (${columns(mesh, one)}, 'destroyed')
    ON DUPLICATE KEY UPDATE state = 'destroyed', made_in = NULL, at = CURRENT_TIMESTAMP, epoch = GREATEST(epoch, VALUES(epoch));
  ALTER USER IF EXISTS '${one.name}'@'%' ACCOUNT LOCK;
  SET answer = known;`);

/** Databases of attempts, one a line; all but the one that it was made in. */
export const attempts = ({ name }: Generation): string => `
SELECT base FROM slipway.attempt LEFT JOIN slipway.generation USING (called) WHERE called = '${name}' AND base <> COALESCE(made_in, '');`;

/** Removes the database of an attempt, ending who is in it. */
export const discard = ({ name }: Generation, base: string): string =>
  decision(`
  IF NOT EXISTS (SELECT 1 FROM slipway.generation WHERE made_in = '${base}') THEN
    DROP DATABASE IF EXISTS ${base};
    IF ${userExists({ name } as Generation)} THEN
      BEGIN
        DECLARE CONTINUE HANDLER FOR 1141 BEGIN END;
        REVOKE ALL ON \`${base.replaceAll('_', '\\_')}\`.* FROM '${name}'@'%';
      END;
    END IF;
    DELETE FROM slipway.attempt WHERE base = '${base}';
  END IF;`);

/** Who is connected would keep what is to be dropped. */
export const endConnections = ({ name }: Generation): string => `KILL USER '${name}'@'%';`;

export const dropUser = ({ name }: Generation): string => `DROP USER IF EXISTS '${name}'@'%';`;

/** Gives back 1 where there are rows. */
export const KEPT = `SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'slipway' AND TABLE_NAME = 'generation';`;

/** Whether anything is there; where there are rows also the state, and the database that it was made in. */
export const there = (one: Generation): string => `SELECT ${userExists(one)} OR ${baseExists(one)};`;
export const known = (mesh: string, one: Generation): string =>
  `SELECT CONCAT_WS(' ', state, made_in) FROM slipway.generation WHERE ${keyOf(mesh, one)} AND generation = ${one.generation};`;

/** Gives back rows as JSON, one a line. */
export const marks = (mesh: string): string => `
SELECT JSON_OBJECT('environment', environment, 'name', name, 'generation', generation, 'called', called)
FROM slipway.generation
WHERE mesh = ${text(mesh)} AND (state <> 'destroyed' OR called IN (SELECT user FROM mysql.user) OR called IN (SELECT called FROM slipway.attempt))
ORDER BY environment, name, generation;`;

/** Gives back the database as JSON; nothing where there is none. */
export const look = ({ name }: Generation, base: string): string => `
SET SESSION group_concat_max_len = 1073741824;
SELECT JSON_OBJECT('encoding', DEFAULT_CHARACTER_SET_NAME,
  'connectionLimit', (SELECT max_user_connections FROM mysql.user WHERE user = '${name}' AND host = '%'),
  'schema', (SELECT SHA2(COALESCE(GROUP_CONCAT(CONCAT_WS(' ', TABLE_NAME, ORDINAL_POSITION, COLUMN_NAME, COLUMN_TYPE, IS_NULLABLE, COLUMN_KEY)
    ORDER BY TABLE_NAME, ORDINAL_POSITION SEPARATOR '\\n'), ''), 256) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = '${base}'))
FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = '${base}';`;
