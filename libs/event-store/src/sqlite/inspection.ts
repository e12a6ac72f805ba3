import { existsSync } from 'node:fs';
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

/** Makes the tables where there are none; reads who the log is and how far it goes. */
async function identify(file: string): Promise<{ lineage: Lineage; head: number; issued: number }> {
  for (let tries = 1; ; tries += 1) {
    let db: DatabaseSync | undefined;
    try {
      db = connect(file, 50);
      const { logId, ours, format } = prepare(db);
      if (!ours) throw new SlipwayError('config-invalid', `${file} is not a Slipway log`, { file });
      if (!logId)
        throw new SlipwayError('event-too-new', `${file} has format ${format}, which a newer release wrote`, { file, format });
      return { lineage: lineageOf(db, logId), ...endOf(db) };
    } catch (error) {
      if (error instanceof SlipwayError) throw error;
      if (!isBusy(error) || tries >= LOCK_TRIES) throw failureOf(error as Error, file);
    } finally {
      db?.close();
    }
    await sleep(10);
  }
}

export function lineageOf(db: DatabaseSync, logId: string): Lineage {
  const epochs = db.prepare('SELECT epoch, after FROM epochs ORDER BY epoch').all();
  return new Lineage(
    logId,
    epochs.map(({ epoch, after }) => ({ epoch: Number(epoch), after: BigInt(after as number) })),
  );
}

/** The newest position that is there, and the newest that was ever given. */
function endOf(db: DatabaseSync): { head: number; issued: number } {
  const { head } = db.prepare('SELECT max(position) AS head FROM events').get()!;
  const issued = db.prepare("SELECT seq FROM sqlite_sequence WHERE name = 'events'").get();
  return { head: Number(head ?? 0), issued: Number(issued?.seq ?? 0) };
}

function checkHead(file: string, lineage: Lineage, head: number, issued: number, noted: Head | null): void {
  const known = noted ?? { logId: lineage.logId, epoch: lineage.epoch, position: 0 };
  if (known.logId !== lineage.logId || known.epoch > lineage.epoch)
    throw damaged(`${file} was replaced by another copy; put it there with "slipway restore", which begins a new epoch`, {
      file,
    });
  const had = Math.max(issued, known.epoch === lineage.epoch ? known.position : 0);
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
