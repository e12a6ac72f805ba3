import { DatabaseSync } from 'node:sqlite';

const PAGE = 50;
const LIMITS = { name: 60, message: 1000 };

/** The entries in their SQLite database. */
export function openEntries(file) {
  const database = new DatabaseSync(file);
  database.exec('PRAGMA busy_timeout = 2000');
  const insert = database.prepare('INSERT INTO entry (name, message, visitor, written_at) VALUES (?, ?, ?, ?)');
  const newest = database.prepare(
    'SELECT id, name, message, visitor, written_at AS writtenAt FROM entry ORDER BY id DESC LIMIT ?',
  );
  const count = database.prepare('SELECT count(*) AS entries FROM entry');
  return {
    add: ({ name, message, visitor }) => Number(insert.run(name, message, visitor, new Date().toISOString()).lastInsertRowid),
    newest: () => newest.all(PAGE),
    count: () => count.get().entries,
    /** Why the database cannot be used; undefined when it can. */
    problem: () => {
      try {
        newest.all(1);
        return undefined;
      } catch (error) {
        return error.message;
      }
    },
    close: () => database.close(),
  };
}

/** An entry from a body, a form's or JSON; or the problem with it, in words. */
export function readEntry(body, contentType) {
  const fields = contentType.startsWith('application/json') ? parseJson(body) : Object.fromEntries(new URLSearchParams(body));
  if (fields === undefined) return { problem: 'The entry is not a JSON object.' };
  const entry = {};
  for (const [field, limit] of Object.entries(LIMITS)) {
    const text = typeof fields[field] === 'string' ? fields[field].replaceAll('\r\n', '\n').trim() : '';
    const length = [...text].length;
    if (length === 0) return { problem: `Please fill in your ${field}.` };
    if (length > limit) return { problem: `Your ${field} has ${length} characters; there is room for ${limit}.` };
    entry[field] = text;
  }
  return { entry };
}

function parseJson(body) {
  try {
    const value = JSON.parse(body);
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
