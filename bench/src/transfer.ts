import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import type { SlipwayClient } from '@slipway/client';
import type { RequestView } from '@slipway/contracts/http';
import { TestMesh, root } from '@slipway/testing';
import { atLeast, atMost, beside, median, type Figure } from './figure.js';

const BENCH = 'transfer';
const MIB = 1024 ** 2;

export const transferNotes = {
  about:
    'A guestbook with so much in its storage and as much in its SQLite database (half of it random, half of it text) is exported, and ' +
    'imported under another name, by a whole mesh in one process: from the request until its end, the instance’s stop and start included; ' +
    'against `tar | zstd -3`, `sqlite3 .backup | zstd -3` and the way back with a check of the database (`bench/shell/transfer.sh`). Both end when ' +
    'all is on the disk. Memory is what the mesh’s process (VmRSS) holds at most meanwhile, above what it held idle.',
  notMeasured:
    'An import takes its database in as a file from strangers: its SHA-256, then integrity_check (by hand: quick_check), which ' +
    'begins when the file is on the disk; by hand all is synced once at the end, and nothing is hashed. Not measured: other ' +
    'databases, archives over the network, many small files, machines with more cores.',
};

/** What it costs to take a service’s data out and in. */
export async function transferBench({ short }: { short: boolean }): Promise<Figure[]> {
  const half = short ? 64 : 512;
  const whole = `${(2 * half) / 1024} GiB`;
  const times = { export: [] as number[], import: [] as number[], out: [] as number[], in: [] as number[] };
  let memory = 0;
  const folder = mkdtempSync(join(tmpdir(), 'slipway-bench-transfer-'));
  const mesh = await TestMesh.start();
  try {
    const client = mesh.client();
    await ended(client, client.provision({ ownerId: 'ada', instanceId: 'shop', definition: 'guestbook' }));
    const paths = {
      storage: await pathOf(client, 'storages', 'shop-data'),
      database: await pathOf(client, 'databases', 'shop-db'),
    };
    fillFolder(paths.storage, half);
    fillDatabase(paths.database, half);
    await sleep(short ? 1_000 : 5_000);
    for (let round = 0; round < (short ? 1 : 3); round++) {
      const watched = watchMemory(mesh.hostOf('storage').pid!);
      const exported = await timed(() => ended(client, client.export({ instanceId: 'shop' })));
      const { snapshot } = exported.result.result as { snapshot: string };
      const job = { ownerId: 'ada', instanceId: 'copy', snapshot, snapshotId: true };
      const imported = await timed(() => ended(client, client.import(job)));
      memory = Math.max(memory, watched());
      times.export.push(exported.ms);
      times.import.push(imported.ms);
      await ended(client, client.deprovision({ instanceId: 'copy' }));
      await client.snapshots.delete(snapshot);

      const [archive, target] = [join(folder, 'archive'), join(folder, 'target')];
      mkdirSync(archive);
      times.out.push((await timed(async () => byHand('out', paths.storage, paths.database, archive))).ms);
      times.in.push((await timed(async () => byHand('in', archive, target))).ms);
      for (const path of [archive, target]) rmSync(path, { recursive: true });
    }
  } finally {
    await mesh.remove();
    rmSync(folder, { recursive: true, force: true });
  }
  const [exporting, importing, out, back] = [times.export, times.import, times.out, times.in].map(median) as [
    number,
    number,
    number,
    number,
  ];
  return [
    atLeast(BENCH, `export of ${whole}, of tar, zstd and sqlite3`, out / exporting, 0.7),
    atLeast(BENCH, `import of ${whole}, of zstd, tar and sqlite3`, back / importing, 0.7),
    atMost(BENCH, `memory above idle, at most, while ${whole} goes out and in`, memory, 100, 'MB'),
    beside(BENCH, `export of ${whole}`, exporting, 'ms'),
    beside(BENCH, `import of ${whole}`, importing, 'ms'),
  ];
}

async function ended(client: SlipwayClient, asked: Promise<{ requestId: string }>): Promise<RequestView> {
  const request = await client.wait((await asked).requestId, { timeoutMs: 600_000 });
  if (request.status !== 'succeeded') throw new Error(`A request ended ${request.status}: ${request.cause?.message}`);
  return request;
}

async function timed<T>(work: () => Promise<T>): Promise<{ result: T; ms: number }> {
  const began = performance.now();
  const result = await work();
  return { result, ms: performance.now() - began };
}

const pathOf = async (client: SlipwayClient, kind: 'storages' | 'databases', name: string): Promise<string> =>
  String((await client[kind].get(name)).outputs['path']);

function byHand(...words: string[]): void {
  const { status, stderr } = spawnSync('sh', [join(root, 'bench/shell/transfer.sh'), ...words], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`By hand it ended with ${status}: ${stderr}`);
}

/** Half of it can't be compressed. The same on every run. */
function block(n: number): Buffer {
  const bytes = Buffer.alloc(MIB, `Entry ${n}: somebody was here and left a few words for those who come later.\n`);
  for (let at = 0; at < MIB / 2; at += 32) createHash('sha256').update(`${n} ${at}`).digest().copy(bytes, at);
  return bytes;
}

function fillFolder(folder: string, mebibytes: number): void {
  for (let file = 0; file < 8; file++) {
    const open = openSync(join(folder, `file-${file}`), 'w');
    for (let n = 0; n < mebibytes / 8; n++) writeSync(open, block(file * mebibytes + n));
    closeSync(open);
  }
}

function fillDatabase(file: string, mebibytes: number): void {
  const db = new DatabaseSync(file, { timeout: 10_000 });
  db.exec('CREATE TABLE filler (n INTEGER PRIMARY KEY, data BLOB NOT NULL)');
  const insert = db.prepare('INSERT INTO filler (data) VALUES (?)');
  for (let n = 0; n < mebibytes; n++) insert.run(block(-1 - n));
  db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  db.close();
}

/** Looks at a process's memory until it is called; the most it held above what it held at first, in MB. */
function watchMemory(pid: number): () => number {
  const held = () => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) / 1024;
  const idle = held();
  let most = idle;
  const timer = setInterval(() => (most = Math.max(most, held())), 50);
  return () => {
    clearInterval(timer);
    return Math.max(0, most - idle);
  };
}
