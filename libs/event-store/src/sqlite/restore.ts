import { closeSync, copyFileSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { SlipwayError, systemClock, type Clock } from '@slipway/contracts';
import { nextEpoch } from '../position.js';
import { auditLog } from './audit.js';
import { failureOf, isBusy } from './failure.js';
import { HEAD_FILE, LOG_FILE } from './files.js';
import { HeadFile } from './head-file.js';
import { lineageOf } from './inspection.js';
import { refuseNetworkFolder } from './place.js';
import { connect } from './schema.js';

export interface Restored {
  logId: string;
  epoch: number;
  events: number;
  /** Where the log that stood there before was moved to; `null` when there was none. */
  replaced: string | null;
}

/**
 * Puts a backup in the place of the log in a folder, as a new epoch: positions up to the backup's head still hold, those
 * beyond it (that were given after the backup was made) are `gone` from now on. The backup is looked through first;
 * `log-damaged` then, and nothing was changed. The log that stood there is moved aside, never deleted; while a process has
 * it open it is `not-possible`.
 */
export function restoreLog({ from, folder, clock = systemClock }: { from: string; folder: string; clock?: Clock }): Restored {
  if (!existsSync(from)) throw new SlipwayError('not-found', `There is no backup ${from}`, { file: from });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  refuseNetworkFolder(folder);
  const [file, headFile, copy] = [join(folder, LOG_FILE), join(folder, HEAD_FILE), join(folder, `${LOG_FILE}.restoring`)];
  removeDatabase(copy);
  try {
    copyFileSync(from, copy);
    const events = auditLog(copy);
    const latest = Math.max(letGoOf(file), notedEpoch(headFile));
    const { logId, epoch, head } = beginEpoch(copy, latest, clock.now());
    const replaced = existsSync(file) || existsSync(headFile) ? moveAside(folder, epoch) : null;
    syncFile(copy);
    renameSync(copy, file);
    const sidecar = new HeadFile(headFile);
    sidecar.write({ logId, epoch, position: head });
    sidecar.close();
    syncFile(folder);
    return { logId, epoch, events, replaced };
  } finally {
    removeDatabase(copy);
  }
}

/** Makes the copy's next life, after all that its own log has ever had as far as is known here. */
function beginEpoch(file: string, latest: number, nowMs: number): { logId: string; epoch: number; head: number } {
  const db = connect(file, 500);
  try {
    const { logId, epoch: last } = lineageOf(db, file);
    const { head } = db.prepare('SELECT coalesce(max(position), 0) AS head FROM events').get() as { head: number };
    const epoch = nextEpoch(Math.max(last, latest), nowMs);
    db.prepare('INSERT INTO epochs VALUES (?, ?)').run(epoch, head);
    return { logId, epoch, head };
  } finally {
    db.close();
  }
}

/**
 * Makes sure that nobody has the log open (who had it would go on writing to a file that has no name any more), and
 * returns its newest epoch; 0 when it is not there or too damaged to say.
 */
function letGoOf(file: string): number {
  if (!existsSync(file)) return 0;
  let db: DatabaseSync | undefined;
  try {
    db = connect(file, 200);
    const { last } = db.prepare('SELECT max(epoch) AS last FROM epochs').get() as { last: number };
    // Leaving WAL mode takes the file for oneself: it fails as long as any other connection exists.
    db.exec('PRAGMA journal_mode = DELETE');
    return last;
  } catch (error) {
    if (isBusy(error))
      throw new SlipwayError(
        'not-possible',
        `${file} is open in another process; stop Slipway first`,
        { file },
        { cause: error },
      );
    if (failureOf(error as Error, file).code === 'log-damaged') return 0;
    throw failureOf(error as Error, file);
  } finally {
    db?.close();
  }
}

function notedEpoch(headFile: string): number {
  if (!existsSync(headFile)) return 0;
  const sidecar = new HeadFile(headFile);
  try {
    return sidecar.read()?.epoch ?? 0;
  } finally {
    sidecar.close();
  }
}

function moveAside(folder: string, epoch: number): string {
  const aside = join(folder, `replaced-${epoch}`);
  mkdirSync(aside, { mode: 0o700 });
  for (const name of [LOG_FILE, `${LOG_FILE}-wal`, `${LOG_FILE}-shm`, HEAD_FILE])
    if (existsSync(join(folder, name))) renameSync(join(folder, name), join(aside, name));
  return aside;
}

function removeDatabase(file: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(file + suffix, { force: true });
}

function syncFile(file: string): void {
  const fd = openSync(file, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
