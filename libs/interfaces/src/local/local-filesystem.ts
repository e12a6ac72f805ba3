import { randomBytes } from 'node:crypto';
import { createReadStream, type Stats } from 'node:fs';
import { chmod, lchown, link, lstat, mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { Readable } from 'node:stream';
import { SlipwayError } from '@slipway/contracts/public';
import type { FilePart, FileStat, Filesystem } from '../filesystem.js';
import { freeBytes } from './free-space.js';
import { packFolder } from './pack-folder.js';
import { unpackTar } from './unpack-tar.js';
import { WriteBehind } from './write-behind.js';

/** Bytes of a file that are read at once: each piece is a way to another thread and back. */
const PIECE = 256 * 1024;

/** Files on this machine. What it writes and renames is synced to disk, folder included, before it resolves. */
export function localFilesystem(): Filesystem {
  return {
    freeBytes: (path) => freeBytes(absolute(path)),
    writeFile,
    readFile,
    readPart,
    async openRead(path) {
      const handle = await open(absolute(path), 'r');
      return createReadStream('', { fd: handle, highWaterMark: PIECE });
    },
    async stat(path) {
      const stats = await orNull(lstat(absolute(path)));
      return stats && fileStat(stats);
    },
    async list(path) {
      try {
        return (await readdir(absolute(path))).toSorted();
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return [];
        throw error;
      }
    },
    async mkdir(path, options = {}) {
      const made = await mkdir(absolute(path), { recursive: true });
      if (made === undefined) return;
      // The umask has no say in a mode that was asked for.
      if (options.mode !== undefined) await chmod(path, options.mode);
      await syncFolder(dirname(made));
    },
    async rename(from, to) {
      await rename(absolute(from), absolute(to));
      await syncFolder(dirname(to));
    },
    chmod: (path, mode) => chmod(absolute(path), mode),
    async chown(path, uid, gid, options = {}) {
      await lchown(absolute(path), uid, gid);
      if (!options.recursive || !(await lstat(path)).isDirectory()) return;
      for (const entry of await readdir(path, { withFileTypes: true, recursive: true })) {
        await lchown(join(entry.parentPath, entry.name), uid, gid);
      }
    },
    remove: (path) => rm(absolute(path), { recursive: true, force: true, maxRetries: 3 }),
    unpack: (path, tar, options) => unpackTar(absolute(path), tar, options),
    pack: (path) => Readable.from(packFolder(absolute(path)), { objectMode: false }),
  };
}

/** Written beside, synced, then put in place in one go: nobody ever sees half a file under its name. */
async function writeFile(
  path: string,
  content: string | Uint8Array | Readable,
  options: { mode?: number; exclusive?: boolean } = {},
): Promise<void> {
  const folder = dirname(absolute(path));
  const beside = join(folder, `.${basename(path).slice(0, 100)}.${randomBytes(6).toString('hex')}.part`);
  try {
    const handle = await open(beside, 'wx', options.mode ?? 0o644);
    try {
      if (options.mode !== undefined) await handle.chmod(options.mode);
      const behind = new WriteBehind(handle);
      for await (const piece of isWhole(content) ? [content] : content) await behind.write(piece as Uint8Array | string);
      await behind.settled();
      await handle.sync();
    } finally {
      await handle.close();
    }
    // link(2) refuses a name that is taken; rename(2) replaces it.
    if (options.exclusive) await link(beside, path);
    else await rename(beside, path);
    await syncFolder(folder);
  } finally {
    await rm(beside, { force: true });
  }
}

const isWhole = (content: string | Uint8Array | Readable): content is string | Uint8Array =>
  typeof content === 'string' || content instanceof Uint8Array;

async function readFile(path: string, limit = 1024 * 1024): Promise<Buffer | null> {
  const handle = await orNull(open(absolute(path), 'r'));
  if (!handle) return null;
  try {
    // One byte more than allowed tells a file that is too large, also one that grows or has no size.
    const bytes = Buffer.alloc(Math.min(limit, (await handle.stat()).size) + 1);
    let length = 0;
    for (;;) {
      const { bytesRead } = await handle.read(bytes, length, bytes.length - length);
      length += bytesRead;
      if (bytesRead === 0) return bytes.subarray(0, length);
      if (length > limit) throw new SlipwayError('too-large', `${path} has more than ${limit} bytes`, { path, limit });
      if (length === bytes.length) return await readOn(handle, bytes, path, limit);
    }
  } finally {
    await handle.close();
  }
}

async function readPart(path: string, offset: number, bytes: number): Promise<FilePart | null> {
  const handle = await orNull(open(absolute(path), 'r'));
  if (!handle) return null;
  try {
    const { ino, birthtimeNs, size } = await handle.stat({ bigint: true });
    const content = Buffer.alloc(Math.max(0, Math.min(bytes, Number(size) - offset)));
    let length = 0;
    while (length < content.length) {
      const { bytesRead } = await handle.read(content, length, content.length - length, offset + length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    // The number of a file that is gone is soon given to another.
    return { id: `${ino}-${birthtimeNs}`, bytes: Number(size), content: content.subarray(0, length) };
  } finally {
    await handle.close();
  }
}

/** For files that are longer than they said: in `/proc`, or still growing. */
async function readOn(handle: Awaited<ReturnType<typeof open>>, begin: Buffer, path: string, limit: number): Promise<Buffer> {
  const chunks = [begin];
  let length = begin.length;
  for await (const chunk of handle.createReadStream({ autoClose: false, start: length }) as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > limit) throw new SlipwayError('too-large', `${path} has more than ${limit} bytes`, { path, limit });
  }
  return Buffer.concat(chunks);
}

async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const fileStat = (stats: Stats): FileStat => ({
  type: stats.isFile() ? 'file' : stats.isDirectory() ? 'directory' : 'other',
  mode: stats.mode & 0o7777,
  uid: stats.uid,
  gid: stats.gid,
  bytes: stats.size,
});

export function absolute(path: string): string {
  if (!isAbsolute(path)) throw new SlipwayError('bad-input', `${path} is not an absolute path`);
  return path;
}

const codeOf = (error: unknown): unknown => (error as NodeJS.ErrnoException | null)?.code;

/** `null` for what does not exist, also below something that is a file. */
async function orNull<T>(found: Promise<T>): Promise<T | null> {
  try {
    return await found;
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null;
    throw error;
  }
}
