import { constants } from 'node:fs';
import { open, readdir, readlink, type FileHandle } from 'node:fs/promises';
import { SlipwayError } from '@slipway/contracts/public';
import { PortableEntries, targetProblem } from '../tar/portable-entries.js';
import { TAR_END, tarHeader, tarPadding } from '../tar/tar-header.js';

const CHUNK = 256 * 1024;

/**
 * All below a folder as a tar stream, in the order of names: files, folders, symbolic links, with modes and times, without
 * owners. What could not be unpacked at every place is refused by name (`not-portable`); sockets and pipes hold no data and
 * are left out.
 *
 * K1. Every step down is taken from an open folder and follows no link, so that who owns what is read cannot lead us out of it
 *     while we read.
 * K2. One chunk of one file is in memory at a time.
 */
export async function* packFolder(path: string): AsyncGenerator<Uint8Array> {
  const entries = new PortableEntries();
  yield* folder(await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW), '', entries);
  yield TAR_END;
}

async function* folder(handle: FileHandle, name: string, entries: PortableEntries): AsyncGenerator<Uint8Array> {
  const below = `/proc/self/fd/${handle.fd}`;
  try {
    if (name !== '') {
      const { mode, mtimeMs } = await handle.stat();
      yield tarHeader({ name: added(entries, name, 'directory'), type: 'directory', mode, mtime: mtimeMs / 1_000 });
    }
    const found = await readdir(below, { withFileTypes: true, encoding: 'buffer' });
    for (const entry of found.toSorted((a, b) => Buffer.compare(a.name, b.name))) {
      const inner = nameOf(name, entry.name);
      const path = `${below}/${entry.name.toString()}`;
      if (entry.isSymbolicLink()) yield link(inner, await readlink(path), entries);
      else if (entry.isDirectory()) {
        const next = await open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
        yield* folder(next, inner, entries);
      } else if (entry.isFile()) {
        yield* file(await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK), inner, entries);
      } else if (!entry.isSocket() && !entry.isFIFO()) throw refused(inner, 'it is a device');
    }
  } finally {
    await handle.close();
  }
}

async function* file(handle: FileHandle, name: string, entries: PortableEntries): AsyncGenerator<Uint8Array> {
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw refused(name, 'it was replaced while it was read');
    const { size, mode, mtimeMs } = stat;
    yield tarHeader({ name: added(entries, name, 'file'), type: 'file', mode, mtime: mtimeMs / 1_000, size });
    for (let left = size; left > 0;) {
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(Math.min(CHUNK, left)));
      if (bytesRead === 0) throw refused(name, 'it became shorter while it was read');
      left -= bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
    yield tarPadding(size);
  } finally {
    await handle.close();
  }
}

function link(name: string, target: string, entries: PortableEntries): Uint8Array {
  const problem = targetProblem(name, target);
  if (problem !== undefined) throw refused(name, `${problem}: ${JSON.stringify(target)}`);
  return tarHeader({ name: added(entries, name, 'symlink', target), type: 'symlink', mode: 0o777, mtime: 0, target });
}

function added(entries: PortableEntries, name: string, type: 'file' | 'directory' | 'symlink', linkname?: string): string {
  try {
    return entries.add({ name, type, ...(linkname !== undefined && { linkname }) });
  } catch (error) {
    throw refused(name, String((error as SlipwayError).details?.['reason']));
  }
}

/** A name is bytes to the place; what is no UTF-8 could not be written elsewhere as it is. */
function nameOf(folderName: string, bytes: Buffer): string {
  const text = bytes.toString();
  if (!Buffer.from(text).equals(bytes)) throw refused(`${folderName}/${text}`, 'its name is no UTF-8');
  return folderName === '' ? text : `${folderName}/${text}`;
}

const refused = (name: string, reason: string): SlipwayError =>
  new SlipwayError('not-portable', `${JSON.stringify(name)} cannot be read out: ${reason}`, { entry: name, reason });
