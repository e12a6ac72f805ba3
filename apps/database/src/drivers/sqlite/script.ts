/**
 * What runs in a Node of its own at the place: `make` and `look`, told by one JSON object on its input and answered by one
 * on its output. A text, so that it can be carried to a host where there is nothing but a Node. Exit code 2: the schema is not
 * valid.
 *
 * `look` opens read-only and gives: whether the file exists, SQLite's own check, journal mode, and the SHA-256 of the schema.
 */
export const SCRIPT = `
import { createHash } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { DatabaseSync, constants } from 'node:sqlite';

const task = JSON.parse(await text(process.stdin));
const tables = "FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\\\_%' ESCAPE '\\\\'";

// A schema stays in its one transaction and in its own file.
const REFUSED = [constants.SQLITE_TRANSACTION, constants.SQLITE_ATTACH, constants.SQLITE_DETACH];

function make() {
  const db = new DatabaseSync(task.path);
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN IMMEDIATE');
  try {
    db.setAuthorizer((action) => (REFUSED.includes(action) ? constants.SQLITE_DENY : constants.SQLITE_OK));
    db.exec(task.schema);
    db.setAuthorizer(null);
  } catch (error) {
    console.error(error.message);
    process.exit(2);
  }
  db.exec('COMMIT');
  const answer = db.prepare('SELECT count(*) AS tables ' + tables).get();
  db.close();
  const file = openSync(task.path, 'r');
  fsyncSync(file);
  closeSync(file);
  return answer;
}

function look() {
  if (!existsSync(task.path)) return { exists: false, integrity: 'the file is gone' };
  let db;
  try {
    db = new DatabaseSync(task.path, { readOnly: true });
    const problems = db.prepare('PRAGMA integrity_check(3)').all().map((row) => row.integrity_check);
    const schema = db.prepare("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name").all();
    return {
      exists: true,
      integrity: problems.join('; '),
      journal: db.prepare('PRAGMA journal_mode').get().journal_mode,
      schema: createHash('sha256').update(schema.map((row) => row.sql).join(';\\n')).digest('hex'),
    };
  } catch (error) {
    return { exists: true, integrity: error.message };
  } finally {
    db?.close();
  }
}

try {
  console.log(JSON.stringify(task.do === 'make' ? make() : look()));
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
`;
