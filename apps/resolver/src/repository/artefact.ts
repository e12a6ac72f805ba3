import { createReadStream } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { pack, type Pack } from 'tar-stream';

/** One file or folder of an artefact, by its path within. */
export interface ArtefactEntry {
  path: string;
  kind: 'file' | 'folder';
  bytes: number;
  /** Whether it may be executed: all that is kept of its permissions. */
  executable: boolean;
}

const MAX_ENTRIES = 50_000;

/**
 * All that an artefact consists of, in one order on every machine. Throws for what is neither file nor folder: a link
 * could lead out of the package, and a device or socket is no content.
 */
export async function listArtefact(folder: string): Promise<ArtefactEntry[]> {
  const entries: ArtefactEntry[] = [];
  const walk = async (within: string): Promise<void> => {
    for (const name of (await readdir(join(folder, within))).toSorted()) {
      const path = within === '' ? name : `${within}/${name}`;
      const found = await lstat(join(folder, path));
      if (!found.isFile() && !found.isDirectory())
        throw new Error(
          `${path} is ${found.isSymbolicLink() ? 'a link' : 'neither file nor folder'}; an artefact holds files and folders only`,
        );
      const isFile = found.isFile();
      const executable = isFile && (found.mode & 0o100) !== 0;
      entries.push({ path, kind: isFile ? 'file' : 'folder', bytes: isFile ? found.size : 0, executable });
      if (entries.length > MAX_ENTRIES) throw new Error(`has more than ${MAX_ENTRIES} files and folders`);
      if (!isFile) await walk(path);
    }
  };
  await walk('');
  return entries;
}

/**
 * An artefact as a tar archive (POSIX.1-2001, ustar with pax headers where needed), streamed. The same content gives the
 * same bytes on every machine: sorted, without owners and times. Fails when a file changes while it is read.
 */
export function packArtefact(folder: string, entries: readonly ArtefactEntry[]): Readable {
  const archive = pack();
  const fill = async () => {
    for (const entry of entries) await (entry.kind === 'folder' ? addFolder(archive, entry) : addFile(archive, folder, entry));
    archive.finalize();
  };
  fill().catch((error: Error) => archive.destroy(error));
  return Readable.from(archive);
}

const UNMARKED = { mtime: new Date(0), uid: 0, gid: 0, uname: '', gname: '' };

function addFolder(archive: Pack, { path }: ArtefactEntry): Promise<void> {
  return new Promise((resolve, reject) => {
    archive.entry({ ...UNMARKED, name: `${path}/`, type: 'directory', mode: 0o755 }, (error) =>
      error ? reject(error) : resolve(),
    );
  });
}

async function addFile(archive: Pack, folder: string, { path, bytes, executable }: ArtefactEntry): Promise<void> {
  const mode = executable ? 0o755 : 0o644;
  await new Promise<void>((resolve, reject) => {
    const sink = archive.entry({ ...UNMARKED, name: path, type: 'file', mode, size: bytes }, (error) =>
      error ? reject(error) : resolve(),
    );
    pipeline(createReadStream(join(folder, path)), sink).catch(reject);
  });
}
