import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readFile, readdir, rm, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { SlipwayError, instant, sha256 } from '@slipway/contracts';
import type { Runtime } from '@slipway/mesh';
import { pack, type Pack } from 'tar-stream';
import type { Views } from '../views/port.js';
import { LOG_ENTRY, MANIFEST, MODELS_ENTRY, blobOf, isEntryName, type Entry, type Manifest } from './manifest.js';

/**
 * A consistent copy of all that cannot be made again, as one tar, while everything goes on. Log first: what its events
 * name (blobs, secrets) was stored before they were appended, so it is found afterwards.
 * The models are a convenience; the keys are never in it.
 */
export async function writeBackup(runtime: Runtime, views: Views, release: string): Promise<Readable> {
  const { backupLog, cacheFolder, config, store, clock } = runtime;
  if (!backupLog) throw new SlipwayError('not-possible', 'The event log is a server of its own; back it up with its own tools');
  const copies = join(cacheFolder, `backup-${randomUUID()}`);
  await mkdir(copies, { recursive: true, mode: 0o700 });
  const head = { logId: store.info().logId, position: await store.head() };
  try {
    // Models before the log: they must not know more than it does.
    await views.snapshotTo(join(copies, 'views.sqlite'));
    await backupLog(join(copies, 'events.sqlite'));
  } catch (error) {
    await rm(copies, { recursive: true, force: true });
    throw error;
  }
  const tar = pack();
  const manifest: Manifest = {
    format: 'slipway-backup',
    version: 1,
    createdAt: instant(clock.now()),
    release,
    mesh: config.mesh,
    ...head,
    entries: [],
    damagedBlobs: [],
    goneBlobs: [],
  };
  void fill(tar, manifest, copies, config.dataFolder).catch((error: Error) => {
    runtime.logger.error({ err: error }, 'A backup broke off');
    tar.destroy(error);
  });
  return Readable.from(tar);
}

async function fill(tar: Pack, manifest: Manifest, copies: string, dataFolder: string): Promise<void> {
  try {
    await addCopy(tar, manifest, LOG_ENTRY, join(copies, 'events.sqlite'));
    await addCopy(tar, manifest, MODELS_ENTRY, join(copies, 'views.sqlite'));
  } finally {
    await rm(copies, { recursive: true, force: true });
  }
  for await (const name of filesBelow(dataFolder, 'blobs')) {
    const file = join(dataFolder, name);
    const promised = blobOf(name);
    if (promised === null) continue;
    const opened = await openUnlessGone(file);
    if (!opened) {
      manifest.goneBlobs.push(promised);
      continue;
    }
    try {
      if ((await digestOf(opened)) === promised) await addFile(tar, manifest, name, opened);
      else manifest.damagedBlobs.push(promised);
    } finally {
      await opened.close();
    }
  }
  for await (const name of filesBelow(dataFolder, 'secrets')) {
    if (isEntryName(name)) await addSmallFile(tar, manifest, name, join(dataFolder, name));
  }
  await write(tar, MANIFEST, Buffer.from(JSON.stringify(manifest, null, 2)));
  tar.finalize();
}

async function addCopy(tar: Pack, manifest: Manifest, name: string, path: string): Promise<void> {
  const file = await open(path);
  try {
    await addFile(tar, manifest, name, file);
  } finally {
    await file.close();
  }
}

/** Streams a file that does not change, as fast as whoever takes the backup reads; that its name goes meanwhile is no matter. */
async function addFile(tar: Pack, manifest: Manifest, name: string, file: FileHandle): Promise<void> {
  const { size } = await file.stat();
  const hash = createHash('sha256');
  const entry = tar.entry({ name, size, mode: 0o600, mtime: new Date(manifest.createdAt) });
  const event = (what: 'drain' | 'finish') => new Promise<void>((resolve) => entry.once(what, () => resolve()));
  const brokenOff = new Promise<never>((_, reject) => entry.once('close', () => reject(new Error('Nobody takes it any more'))));
  brokenOff.catch(() => {});
  for await (const chunk of contentOf(file)) {
    hash.update(chunk);
    if (!entry.write(chunk)) await Promise.race([event('drain'), brokenOff]);
  }
  const finished = event('finish');
  entry.end(null);
  await Promise.race([finished, brokenOff]);
  manifest.entries.push({ name, bytes: size, sha256: hash.digest('hex') });
}

/** Takes a file as it is at one moment: a secret may be replaced or emptied meanwhile. */
async function addSmallFile(tar: Pack, manifest: Manifest, name: string, file: string): Promise<void> {
  const content = await readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (!content) return;
  await write(tar, name, content);
  manifest.entries.push({ name, bytes: content.length, sha256: sha256(content) } satisfies Entry);
}

function write(tar: Pack, name: string, content: Buffer): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    tar.entry({ name, mode: 0o600 }, content, (error) => (error ? reject(error) : resolve()));
  });
}

async function digestOf(file: FileHandle): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of contentOf(file)) hash.update(chunk);
  return hash.digest('hex');
}

/** From its beginning; it stays open. */
const contentOf = (file: FileHandle): AsyncIterable<Buffer> => file.createReadStream({ start: 0, autoClose: false });

/** What a deleted snapshot has had goes while everything goes on. */
const openUnlessGone = (path: string): Promise<FileHandle | undefined> =>
  open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  });

/** Names of files below a folder, with `/` and relative to `root`; none when it is not there. */
async function* filesBelow(root: string, name: string): AsyncGenerator<string> {
  const entries = await readdir(join(root, name), { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  for (const entry of entries) {
    const path = `${name}/${entry.name}`;
    if (entry.isDirectory()) yield* filesBelow(root, path);
    else if (entry.isFile()) yield path;
  }
}
