import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, readFile, readdir, rm, stat } from 'node:fs/promises';
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
  };
  void fill(tar, manifest, copies, config.dataFolder).catch((error: Error) => {
    runtime.logger.error({ err: error }, 'A backup broke off');
    tar.destroy(error);
  });
  return Readable.from(tar);
}

async function fill(tar: Pack, manifest: Manifest, copies: string, dataFolder: string): Promise<void> {
  try {
    await addFile(tar, manifest, LOG_ENTRY, join(copies, 'events.sqlite'));
    await addFile(tar, manifest, MODELS_ENTRY, join(copies, 'views.sqlite'));
  } finally {
    await rm(copies, { recursive: true, force: true });
  }
  for await (const name of filesBelow(dataFolder, 'blobs')) {
    const file = join(dataFolder, name);
    const promised = blobOf(name);
    if (promised === null) continue;
    if ((await digestOf(file)) === promised) await addFile(tar, manifest, name, file);
    else manifest.damagedBlobs.push(promised);
  }
  for await (const name of filesBelow(dataFolder, 'secrets')) {
    if (isEntryName(name)) await addSmallFile(tar, manifest, name, join(dataFolder, name));
  }
  await write(tar, MANIFEST, Buffer.from(JSON.stringify(manifest, null, 2)));
  tar.finalize();
}

/** Streams a file that does not change, as fast as whoever takes the backup reads. */
async function addFile(tar: Pack, manifest: Manifest, name: string, file: string): Promise<void> {
  const { size } = await stat(file);
  const hash = createHash('sha256');
  const entry = tar.entry({ name, size, mode: 0o600, mtime: new Date(manifest.createdAt) });
  const event = (what: 'drain' | 'finish') => new Promise<void>((resolve) => entry.once(what, () => resolve()));
  const brokenOff = new Promise<never>((_, reject) => entry.once('close', () => reject(new Error('Nobody takes it any more'))));
  brokenOff.catch(() => {});
  for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
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

async function digestOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(file)) hash.update(chunk as Buffer);
  return hash.digest('hex');
}

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
