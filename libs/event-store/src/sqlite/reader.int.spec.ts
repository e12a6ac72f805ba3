import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { Reader } from './reader.js';
import { inspectFile } from './inspection.js';

/** Holds the log for itself for a moment, as a process does that recovers it or leaves it last. */
const HOLDER = `
  const { DatabaseSync } = require('node:sqlite');
  const { parentPort, workerData } = require('node:worker_threads');
  const db = new DatabaseSync(workerData);
  db.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE held (n); ROLLBACK');
  parentPort.postMessage('held');
  setTimeout(() => db.close(), 300);
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-reader-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('opens a log that another process holds for itself for a moment', async () => {
  const file = join(folder, 'log.sqlite');
  const lineage = await inspectFile(file, join(folder, 'head'));
  const holder = new Worker(HOLDER, { eval: true, workerData: file });
  await once(holder, 'message');
  const reader = new Reader(file, lineage);
  expect(reader.head()).toBe(0);
  reader.close();
  await once(holder, 'exit');
});
