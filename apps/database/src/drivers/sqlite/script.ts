/**
 * What runs in a Node of its own at the place: `make`, `adopt`, `copy` and `look`, told by one JSON object on its input and
 * answered by one on its output. A text, so that it can be carried to a host where there is nothing but a Node. Exit code 2: what
 * it was given is not valid.
 *
 * `copy` writes all pages in one read transaction beside, whoever else writes meanwhile. `adopt` takes a file that came from
 * outside: it is checked as https://sqlite.org/security.html says before anything else is done with it, and runs none of what its
 * schema holds.
 *
 * `look`, which `make` and `adopt` end with (a Node less to start), opens read-only and gives: whether the file exists, SQLite's own check, journal mode, and the SHA-256 of the schema.
 */
export const SCRIPT = `
import { createHash } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { DatabaseSync, backup, constants } from 'node:sqlite';

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
  return done(db);
}

/** \`checked\`: the check was done just now. */
function done(db, checked) {
  const { tables: count } = db.prepare('SELECT count(*) AS tables ' + tables).get();
  db.close();
  sync(task.path);
  return { tables: count, observed: look(checked) };
}

function sync(path) {
  const file = openSync(path, 'r');
  fsyncSync(file);
  closeSync(file);
}

async function copy() {
  const db = new DatabaseSync(task.path, { readOnly: true, timeout: 60_000 });
  const pages = await backup(db, task.to, { rate: 2 ** 31 - 1 });
  db.close();
  return { pages };
}

function adopt() {
  const head = Buffer.alloc(16);
  const file = openSync(task.path, 'r');
  readSync(file, head, 0, 16, 0);
  closeSync(file);
  if (head.toString('latin1') !== 'SQLite format 3\\0') refuse('it is no SQLite database');
  let db;
  try {
    db = new DatabaseSync(task.path, { defensive: true, enableForeignKeyConstraints: false });
    db.exec('PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0');
    const problems = problemsOf(db);
    if (problems.join() !== 'ok') refuse(problems.join('; '));
    db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    return done(db, true);
  } catch (error) {
    // Of SQLite: the file itself; a disk that is full or broken says so by other codes (https://sqlite.org/rescode.html).
    if ([1, 11, 26].includes(error.errcode & 255)) refuse(error.message);
    throw error;
  }
}

const problemsOf = (db) => db.prepare('PRAGMA integrity_check(3)').all().map((row) => row.integrity_check);

function refuse(reason) {
  console.error(reason);
  process.exit(2);
}

function look(checked = false) {
  if (!existsSync(task.path)) return { exists: false, integrity: 'the file is gone' };
  let db;
  try {
    db = new DatabaseSync(task.path, { readOnly: true });
    const problems = checked ? ['ok'] : problemsOf(db);
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
  console.log(JSON.stringify(await { make, adopt, copy, look }[task.do]()));
} catch (error) {
  console.error(error.message);
  process.exit(1);
}
`;
