import { closeSync, existsSync, openSync, readSync, statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { SlipwayError } from '@slipway/contracts';
import type { LogLogger } from '../adapter.js';
import { Lineage } from '../position.js';
import { failureOf, isBusy } from './failure.js';
import { HeadFile, type Head } from './head-file.js';
import { Reader } from './reader.js';
import { connect, prepare } from './schema.js';

const LOCK_TRIES = 20;

/**
 * Opens a log's file for the first time in this process: makes it when there is none, and refuses one that is not what it was:
 * `log-damaged` when it is malformed, when its newest event fails its check, or when events that were committed are
 * missing at its end.
 */
export async function inspectFile(file: string, headFile: string, logger?: LogLogger): Promise<Lineage> {
  const isNew = !existsSync(file);
  const sidecar = new HeadFile(headFile);
  try {
    const noted = sidecar.read();
    if (isNew && noted && noted.position > 0)
      throw damaged(`${file} is missing, but had come to position ${noted.position}`, { file, position: noted.position });
    if (!isNew) checkLength(file);
    const { lineage, head, issued } = await identify(file);
    checkHead(file, lineage, head, issued, noted);
    if (!noted) logger?.info({ headFile }, 'The head file is new or was half written; noting the head again');
    sidecar.advance({ logId: lineage.logId, epoch: lineage.epoch, position: head });
    checkNewest(file, lineage, head);
    return lineage;
  } finally {
    sidecar.close();
  }
}

/**
 * What SQLite leaves out: it takes the missing part of a page for zeros, and the length that the header says (file format
 * §1.3.7) for out of date. Nothing but whole pages is ever written; with no WAL the header is right.
 */
function checkLength(file: string): void {
  const header = Buffer.alloc(100);
  const fd = openSync(file, 'r');
  const read = readSync(fd, header, 0, 100, 0);
  closeSync(fd);
  const { size } = statSync(file);
  const wal = statSync(`${file}-wal`, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0) {
    if (wal > 0) throw damaged(`${file} is empty`, { file });
    return;
  }
  const pageSize = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
  const pages = header.readUInt32BE(28);
  if (read === 100 && size % pageSize === 0 && (wal > 0 || size >= pages * pageSize)) return;
  if (read === 100 && !header.toString('latin1', 0, 15).startsWith('SQLite format 3'))
    throw damaged(`${file} is not a database`, { file });
  throw damaged(`${file} was cut off: it has ${size} bytes of ${pages * pageSize}`, { file, size });
}

/** Makes the tables where there are none; reads who the log is and how far it goes. */
async function identify(file: string): Promise<{ lineage: Lineage; head: number; issued: number }> {
  for (let tries = 1; ; tries += 1) {
    let db: DatabaseSync | undefined;
    try {
      db = connect(file, 50);
      const { format, ours, newer } = prepare(db);
      if (!ours) throw new SlipwayError('config-invalid', `${file} is not a Slipway log`, { file });
      if (newer)
        throw new SlipwayError('event-too-new', `${file} has format ${format}, which a newer release wrote`, { file, format });
      return { lineage: lineageOf(db, file), ...endOf(db) };
    } catch (error) {
      if (error instanceof SlipwayError) throw error;
      if (!isBusy(error) || tries >= LOCK_TRIES) throw failureOf(error as Error, file);
    } finally {
      db?.close();
    }
    await sleep(10);
  }
}

/** Who the log is, and its lives. They have no SHA-256, but a form: a name as positions have it, and (1, 0) for the first life. */
export function lineageOf(db: DatabaseSync, file: string): Lineage {
  const rows = (sql: string): unknown[][] => {
    const select = db.prepare(sql);
    select.setReturnArrays(true);
    return select.all() as unknown as unknown[][];
  };
  const [[logId] = []] = rows('SELECT log_id FROM log');
  const epochs = rows('SELECT epoch, after FROM epochs ORDER BY epoch');
  const [[first, before] = []] = epochs;
  if (!/^[A-Za-z0-9-]+$/.test(String(logId)) || first !== 1 || before !== 0 || !epochs.flat().every(Number.isSafeInteger))
    throw damaged(`${file} is damaged: its name or its epochs are not what was written`, { file });
  return new Lineage(
    String(logId),
    epochs.map(([epoch, after]) => ({ epoch: Number(epoch), after: BigInt(after as number) })),
  );
}

/**
 * The newest position that is there, and the newest that was ever given. One statement, as others may append meanwhile: two
 * would see two moments, and an event between them would be taken for one that is missing.
 */
function endOf(db: DatabaseSync): { head: number; issued: number } {
  const { head, issued } = db
    .prepare(
      "SELECT (SELECT max(position) FROM events) AS head, (SELECT seq FROM sqlite_sequence WHERE name = 'events') AS issued",
    )
    .get()!;
  return { head: Number(head ?? 0), issued: Number(issued ?? 0) };
}

function checkHead(file: string, lineage: Lineage, head: number, issued: number, noted: Head | null): void {
  const known = noted ?? { logId: lineage.logId, epoch: lineage.epoch, position: 0 };
  if (known.logId !== lineage.logId || known.epoch !== lineage.epoch)
    throw damaged(`${file} was replaced by another copy; put it there with "npx slipway restore", which begins a new epoch`, {
      file,
    });
  const had = Math.max(issued, known.position);
  if (head < had)
    throw damaged(`${file} ends at position ${head}, but had come to ${had}: its last ${had - head} events are cut off`, {
      file,
      position: lineage.position(head),
      had: lineage.position(had),
    });
}

function checkNewest(file: string, lineage: Lineage, head: number): void {
  if (head === 0) return;
  const reader = new Reader(file, lineage);
  try {
    reader.all(head - 1, head, 1, {});
  } catch (error) {
    throw error instanceof SlipwayError ? error : failureOf(error as Error, file);
  } finally {
    reader.close();
  }
}

const damaged = (message: string, details: Record<string, string | number>) => new SlipwayError('log-damaged', message, details);
