/** A thread that copies a log, or looks through one, while the process goes on with its work. */
import { setPriority } from 'node:os';
import { backup, DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';
import 'reflect-metadata';
import { causeOf, type Cause } from '@slipway/contracts';
import { auditLog } from './audit.js';

export interface AuditTask {
  file: string;
  /** Copies the log to this file first, and looks through the copy. */
  copyTo?: string;
  /** Milliseconds of rest after each page, for a look that nobody waits for. */
  restMs: number;
}
export type AuditAnswer = { events: number } | { cause: Cause };

const { file, copyTo, restMs } = workerData as AuditTask;
// On Linux this is the thread's own priority; elsewhere it would be the whole process's.
if (process.platform === 'linux' && restMs > 0) setPriority(0, 19);
const cell = new Int32Array(new SharedArrayBuffer(4));
const rest = () => void (restMs > 0 && Atomics.wait(cell, 0, 0, restMs));

async function answer(): Promise<AuditAnswer> {
  try {
    if (copyTo) await copy(copyTo);
    return { events: auditLog(copyTo ?? file, rest) };
  } catch (error) {
    return { cause: causeOf(error, 'log-unavailable') };
  }
}

const ALL_PAGES = 2 ** 31 - 1;

/** All pages in one step: one moment of the log, however much is appended meanwhile. */
async function copy(to: string): Promise<void> {
  const db = new DatabaseSync(file, { timeout: 500 });
  try {
    await backup(db, to, { rate: ALL_PAGES });
  } finally {
    db.close();
  }
}

parentPort!.postMessage(await answer());
