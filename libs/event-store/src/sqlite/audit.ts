import { DatabaseSync } from 'node:sqlite';
import { SlipwayError } from '@slipway/contracts';
import { lineageOf } from './inspection.js';
import { Reader } from './reader.js';

const PAGE = 500;

/**
 * Looks at a whole log: that SQLite's tables and indexes agree (`PRAGMA integrity_check`; a flipped bit in an index hides
 * events, which no read can notice), that every event has its SHA-256, and that no position and no revision is missing.
 * Throws `log-damaged`. It blocks, so it runs in a thread or where nothing else does. Returns how many events there are.
 */
export function auditLog(file: string, rest: () => void = () => {}): number {
  const db = new DatabaseSync(file, { timeout: 500 });
  try {
    const reader = new Reader(file, lineageOf(db, file));
    try {
      walk(reader, rest);
    } finally {
      reader.close();
    }
    const problems = db
      .prepare('PRAGMA integrity_check(3)')
      .all()
      .map((row) => String(row.integrity_check));
    if (problems[0] !== 'ok') throw damaged(file, problems.join('; '));
    const gap = db
      .prepare(
        'SELECT stream, count(*) AS events, max(revision) AS last FROM events GROUP BY stream HAVING events <> last + 1 LIMIT 1',
      )
      .get();
    if (gap) throw damaged(file, `${gap.stream} has ${gap.events} events, but the last one has revision ${gap.last}`);
    return Number(db.prepare('SELECT count(*) AS events FROM events').get()!.events);
  } catch (error) {
    if (error instanceof SlipwayError) throw error;
    throw damaged(file, (error as Error).message);
  } finally {
    db.close();
  }
}

/** Reads every event, which checks it. */
function walk(reader: Reader, rest: () => void): void {
  const head = reader.head();
  for (let position = 0; position < head; rest()) position = reader.all(position, head, PAGE, {}).position;
}

const damaged = (file: string, reason: string) =>
  new SlipwayError('log-damaged', `${file} is damaged: ${reason}`, { file, reason });
