import { randomBytes } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Blobs } from '@slipway/blobs';
import { SlipwayError, type SnapshotManifest } from '@slipway/contracts';
import { assertRoom, freeBytes } from '@slipway/interfaces';
import { readArchive, readManifest, type ArchiveLimits } from './read-archive.js';
import { archiveBytes, writeArchive } from './write-archive.js';

/** Archives of snapshots as files of this machine. */
export interface ArchiveFiles {
  /**
   * Writes one of what `holder` has, whole or not at all, durably; what is there is replaced, and what writers of it that died have
   * left beside it is removed. The folder is made. Throws `no-space`.
   */
  write(manifest: SnapshotManifest, holder: string, path: string): Promise<void>;
  /** Removes one, durably, and what its writers have left beside it; nothing when it is not there. Who writes it just now fails. */
  remove(path: string): Promise<void>;
  /** The manifest of one; nothing else of it is read. Throws `not-found` and `archive-invalid`. */
  look(path: string): Promise<SnapshotManifest>;
  /** Gives `holder` all parts of one. Throws `not-found`, `archive-invalid`, `no-space`. */
  read(path: string, holder: string): Promise<SnapshotManifest>;
}

/** `free`: bytes that are free where a path is. */
export const archiveFiles = (blobs: Blobs, limits: ArchiveLimits = {}, free = freeBytes): ArchiveFiles => ({
  async write(manifest, holder, path) {
    const folder = dirname(path);
    await mkdir(folder, { recursive: true });
    await sweep(path);
    assertRoom(folder, archiveBytes(manifest), await free(folder));
    const beside = join(folder, `.${basename(path)}.${randomBytes(6).toString('hex')}.part`);
    try {
      // Others on this machine have no business in somebody's data.
      const file = await open(beside, 'wx', 0o600);
      try {
        for await (const piece of writeArchive(manifest, blobs.of(holder))) await file.writeFile(piece as Buffer);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(beside, path);
      await sync(folder);
    } finally {
      await rm(beside, { force: true });
    }
  },
  async remove(path) {
    // Before the archive itself: who is just about to give it its name can't any more.
    await sweep(path);
    await rm(path, { force: true });
    await sync(dirname(path)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  },
  look: async (path) => readManifest(await streamOf(path)),
  read: async (path, holder) => readArchive(await streamOf(path), blobs.of(holder), { limits }),
});

/** What stands behind an archive's name in that of its unfinished file. */
const UNFINISHED = /^\.[0-9a-f]{12}\.part$/;

/** Removes unfinished files of an archive, and nothing else. */
async function sweep(path: string): Promise<void> {
  const [folder, start] = [dirname(path), `.${basename(path)}`];
  const there = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  const left = there.filter((one) => one.isFile() && one.name.startsWith(start) && UNFINISHED.test(one.name.slice(start.length)));
  for (const { name } of left) await rm(join(folder, name), { force: true });
}

async function streamOf(path: string): Promise<AsyncIterable<Uint8Array>> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR') throw error;
    throw new SlipwayError('not-found', `There is no archive ${path}`, { path });
  });
  if (!(await file.stat()).isFile()) {
    await file.close();
    throw new SlipwayError('not-found', `${path} is no file`, { path });
  }
  return createReadStream('', { fd: file, highWaterMark: 256 * 1024 });
}

async function sync(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
