import { constants } from 'node:fs';
import { lstat, open, type FileHandle } from 'node:fs/promises';
import { resolve, sep } from 'node:path';
import { Readable } from 'node:stream';
import { SlipwayError } from '@slipway/contracts/public';
import type { Filesystem } from '../filesystem.js';
import { localFilesystem } from './local-filesystem.js';
import { wayBelow } from './way-below.js';

const { O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY } = constants;

/**
 * Files on this machine (Linux) below a folder, whose users may be no friends of ours: what leads out of it is refused (`bad-input`), by its
 * name or by a link, also by one that is put there while we look. Each folder on the way is opened below the one before and held while
 * something is done in it (`/proc/self/fd`, proc(5)); no link is followed.
 */
export function confinedFilesystem(folder: string): Filesystem {
  const files = localFilesystem();

  const wayOf = (path: string): string[] => {
    const way = wayBelow(folder, resolve(folder, path));
    if (way === undefined) throw new SlipwayError('bad-input', `${path} is not below ${folder}`, { path });
    return way === '' ? [] : way.split(sep);
  };

  /** Works on the last of a path in the folder that it stands in. */
  async function inFolder<T>(path: string, work: (there: string) => Promise<T>): Promise<T> {
    const way = wayOf(path);
    if (way.length === 0) return work(folder);
    const held = await folderAt(folder, way.slice(0, -1), path);
    try {
      return await work(`${shown(held)}/${way.at(-1)}`);
    } finally {
      await held.close();
    }
  }

  /** Works on what stands there itself: no link, and nothing that keeps a reader waiting. */
  const itself = <T>(path: string, work: (there: string) => Promise<T>): Promise<T> =>
    inFolder(path, async (there) => {
      const handle = await open(there, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((error: unknown) =>
        throwLink(error, there, path),
      );
      try {
        if ((await handle.stat()).isFIFO()) throw new SlipwayError('bad-input', `${path} is no file`, { path });
        return await work(shown(handle));
      } finally {
        await handle.close();
      }
    });

  const orNull = <T>(found: Promise<T | null>): Promise<T | null> =>
    found.catch((error: unknown) => {
      if (isMissing(error)) return null;
      throw error;
    });

  const mkdir: Filesystem['mkdir'] = async (path, options) => {
    const way = wayOf(path);
    for (let length = 1; length <= way.length; length += 1) {
      const last = length === way.length;
      await inFolder(way.slice(0, length).join(sep), (there) => files.mkdir(there, last ? options : undefined));
    }
  };

  return {
    writeFile: (path, content, options) => inFolder(path, (there) => files.writeFile(there, content, options)),
    readFile: (path, limit) => orNull(itself(path, (there) => files.readFile(there, limit))),
    readPart: (path, offset, bytes) => orNull(itself(path, (there) => files.readPart(there, offset, bytes))),
    openRead: (path) => itself(path, (there) => files.openRead(there)),
    stat: (path) => orNull(inFolder(path, (there) => files.stat(there))),
    list: async (path) => (await orNull(itself(path, (there) => files.list(there)))) ?? [],
    mkdir,
    rename: (from, to) => inFolder(from, (there) => inFolder(to, (then) => files.rename(there, then))),
    chmod: (path, mode) => itself(path, (there) => files.chmod(there, mode)),
    chown: (path, uid, gid, options) =>
      options?.recursive
        ? itself(path, (there) => files.chown(`${there}/.`, uid, gid, options))
        : inFolder(path, (there) => files.chown(there, uid, gid)),
    remove: (path) =>
      inFolder(path, (there) => files.remove(there)).catch((error: unknown) => {
        if (!isMissing(error)) throw error;
      }),
    async unpack(path, tar, options) {
      await mkdir(path);
      await itself(path, (there) => files.unpack(there, tar, options));
    },
    pack: (path) => Readable.from(packed(folder, wayOf(path), path, files), { objectMode: false }),
    freeBytes: () => files.freeBytes(folder),
  };
}

/** The folder at the end of a way, held open. */
async function folderAt(folder: string, way: readonly string[], path: string): Promise<FileHandle> {
  let held = await open(folder, O_DIRECTORY);
  for (const name of way) {
    const above = held;
    const there = `${shown(above)}/${name}`;
    try {
      held = await open(there, O_DIRECTORY | O_NOFOLLOW).catch((error: unknown) => throwLink(error, there, path));
    } finally {
      await above.close();
    }
  }
  return held;
}

/** The file or folder by a name that nobody can lead elsewhere. */
const shown = ({ fd }: FileHandle): string => `/proc/self/fd/${fd}`;

async function* packed(folder: string, way: readonly string[], path: string, files: Filesystem): AsyncGenerator<Uint8Array> {
  const held = await folderAt(folder, way, path);
  try {
    yield* files.pack(`${shown(held)}/.`) as AsyncIterable<Uint8Array>;
  } finally {
    await held.close();
  }
}

/** A link says ELOOP, or ENOTDIR where a folder is opened. */
async function throwLink(error: unknown, there: string, path: string): Promise<never> {
  const link = codeOf(error) === 'ELOOP' || (codeOf(error) === 'ENOTDIR' && (await isLink(there)));
  throw link ? new SlipwayError('bad-input', `${path} leads through a link, which is not followed`, { path }) : error;
}

const isLink = (there: string): Promise<boolean> =>
  lstat(there).then(
    (stats) => stats.isSymbolicLink(),
    () => false,
  );
const isMissing = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(codeOf(error));
const codeOf = (error: unknown): string => String((error as NodeJS.ErrnoException | null)?.code);
