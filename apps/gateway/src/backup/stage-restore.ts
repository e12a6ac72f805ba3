import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { access, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { Worker } from 'node:worker_threads';
import { SlipwayError } from '@slipway/contracts';
import { badInput } from '@slipway/mesh';
import { extract } from 'tar-stream';
import { LOG_ENTRY, MANIFEST, blobOf, isEntryName, readManifest, type Entry, type Manifest } from './manifest.js';
import type { RestoreLogAnswer } from './restore-log.worker.js';

/** A list of a million blobs is smaller. */
const LARGEST_MANIFEST = 256 * 1024 * 1024;
/** The thread runs what was built. */
const WORKER = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/backup/restore-log.worker.js' : './restore-log.worker.js',
  import.meta.url,
);

export interface Restored {
  /** Events of the restored log. */
  events: number;
  /** It begins this epoch: positions that were given after the backup are gone. */
  epoch: number;
}

/**
 * Takes a backup in, checks all of it, and leaves it at `<dataFolder>/restore/` (`log/` as a new epoch, `blobs/`,
 * `secrets/`, `models/`, as in the data folder) with the marker `ready`, for the daemon to put in place at its next start. Nothing that is in use is touched. Throws `bad-input`, `log-damaged` or `blob-damaged`
 * naming the entry that is wrong; then nothing is left behind.
 */
export async function stageRestore(dataFolder: string, archive: Readable): Promise<Restored> {
  const staged = join(dataFolder, 'restore');
  if (await exists(join(staged, 'ready'))) {
    throw new SlipwayError('not-possible', 'A restore is staged already; start the mesh again to make it take effect');
  }
  const folder = join(dataFolder, `restore-${randomUUID()}.part`);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  try {
    const { entries, manifest } = await unpack(archive, folder);
    compare(entries, manifest);
    const restored = await restoreLog(folder);
    await rm(staged, { recursive: true, force: true });
    await syncTree(folder);
    await rename(folder, staged);
    await markReady(staged);
    await syncFolder(dataFolder);
    return restored;
  } catch (error) {
    throw namedFault(error);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Files as the archive has them, each with what was really written. */
async function unpack(archive: Readable, folder: string): Promise<{ entries: Map<string, Entry>; manifest: Manifest }> {
  const entries = new Map<string, Entry>();
  const spellings = new Set<string>();
  let manifest: Manifest | undefined;
  const tar = extract();
  archive.once('error', (error) => tar.destroy(error));
  archive.pipe(tar as unknown as NodeJS.WritableStream);
  for await (const entry of tar) {
    const { name, type } = entry.header;
    if (type !== 'file') throw badInput([{ field: shown(name), reason: `is a ${type}: a backup holds files only` }]);
    // Two names that one file system takes for the same must not overwrite each other.
    if (spellings.has(name.toLowerCase())) throw badInput([{ field: shown(name), reason: 'stands there twice' }]);
    spellings.add(name.toLowerCase());
    if (name === MANIFEST) manifest = readManifest(await textOf(entry));
    else if (isEntryName(name)) entries.set(name, await keep(entry, name, folder));
    else throw badInput([{ field: shown(name), reason: 'is no name of a backup' }]);
  }
  if (!manifest) throw badInput([{ field: MANIFEST, reason: 'is missing: the archive is cut off, or no backup' }]);
  return { entries, manifest };
}

async function keep(entry: AsyncIterable<unknown>, name: string, folder: string): Promise<Entry> {
  const file = join(folder, name);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const hash = createHash('sha256');
  let bytes = 0;
  await pipeline(
    Readable.from(entry),
    async function* (chunks: AsyncIterable<Buffer>) {
      for await (const chunk of chunks) {
        hash.update(chunk);
        bytes += chunk.length;
        yield chunk;
      }
    },
    createWriteStream(file, { flags: 'wx', mode: 0o600, flush: true }),
  );
  return { name, bytes, sha256: hash.digest('hex') };
}

async function textOf(entry: AsyncIterable<unknown>): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of entry as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > LARGEST_MANIFEST) throw badInput([{ field: MANIFEST, reason: 'is too large' }]);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** The archive must hold what its manifest says: all of it, nothing else, each as it was. */
function compare(entries: ReadonlyMap<string, Entry>, manifest: Manifest): void {
  for (const { name, bytes, sha256 } of manifest.entries) {
    const found = entries.get(name);
    if (!found) throw badInput([{ field: shown(name), reason: 'is missing' }]);
    if (found.bytes !== bytes || found.sha256 !== sha256)
      throw badInput([{ field: shown(name), reason: 'is damaged: its SHA-256 is not what the manifest says' }]);
    const promised = blobOf(name);
    if (promised !== null && promised !== sha256)
      throw new SlipwayError('blob-damaged', `${name} does not have the content its name promises`);
  }
  const listed = new Set(manifest.entries.map(({ name }) => name));
  for (const name of entries.keys()) {
    if (!listed.has(name)) throw badInput([{ field: shown(name), reason: 'stands not in the manifest' }]);
  }
  if (!listed.has(LOG_ENTRY)) throw badInput([{ field: LOG_ENTRY, reason: 'is missing' }]);
}

/** Looks through the log's copy, event by event, and makes it a log that begins a new epoch; in a thread of its own. */
async function restoreLog(folder: string): Promise<Restored> {
  const copy = join(folder, 'events.copy');
  await rename(join(folder, LOG_ENTRY), copy);
  const worker = new Worker(WORKER, { workerData: { from: copy, folder: join(folder, dirname(LOG_ENTRY)) } });
  const answer = await new Promise<RestoreLogAnswer>((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  if ('failed' in answer) throw SlipwayError.from(answer.failed);
  await rm(copy);
  return { events: answer.restored.events, epoch: answer.restored.epoch };
}

/** What the disk or the archive's format refuses, in words of ours. */
function namedFault(error: unknown): unknown {
  if (error instanceof SlipwayError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return new SlipwayError('not-possible', 'The disk is full: the backup has no room beside what is there');
  if (code?.startsWith('E') && !code.startsWith('ERR_')) return error;
  return badInput([{ field: 'archive', reason: `is damaged, or no whole tar: ${message}` }]);
}

const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
const shown = (name: string): string => name.replace(/[^\x20-\x7e]/g, '?').slice(0, 200);

async function markReady(staged: string): Promise<void> {
  const marker = await open(join(staged, 'ready'), 'wx', 0o600);
  await marker.sync();
  await marker.close();
  await syncFolder(staged);
}

async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) await syncTree(join(folder, entry.name));
  }
  await syncFolder(folder);
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
