import { createReadStream } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream } from 'node:stream/web';
import type { SentPackage } from '@slipway/client';
import { pack, type Pack } from 'tar-stream';
import { UsageError } from '../../exit.js';

const FILE = /\.(yaml|yml|json)$/;
const ARCHIVE = /\.(tar|tar\.gz|tgz)$/;

/**
 * A content package of this machine, as it is sent: a file, a folder (packed here) or an archive. Throws a `UsageError` for what is
 * none of these, and for what no package holds.
 */
export async function packageAt(path: string): Promise<SentPackage> {
  const found = await lstat(path).catch(() => null);
  const file = named(basename(resolve(path)));
  if (found?.isDirectory()) return { body: streamed(await packed(path)), type: 'application/x-tar', file: `${file}.tar` };
  if (!found?.isFile()) throw new UsageError(`There is no file or folder ${path}.`);
  if (ARCHIVE.test(path)) return { body: streamed(createReadStream(path)), type: 'application/x-tar', file };
  if (FILE.test(path)) return { body: streamed(createReadStream(path)), type: 'application/yaml', file };
  throw new UsageError(`${path} is neither YAML nor JSON nor a tar: name it .yaml, .json, .tar or .tar.gz, or give a folder.`);
}

/** As the gateway takes a file's name. */
const named = (file: string): string =>
  file
    .replaceAll(/[^A-Za-z0-9._-]/g, '-')
    .replace(/^[^A-Za-z0-9]+/, '')
    .slice(0, 90) || 'package';

const streamed = (content: Readable): globalThis.ReadableStream<Uint8Array> =>
  Readable.toWeb(content) as ReadableStream<Uint8Array> as globalThis.ReadableStream<Uint8Array>;

/** All below a folder. What is in it is looked at before anything is sent. */
async function packed(folder: string): Promise<Readable> {
  const entries: { name: string; folder: boolean; bytes: number; mode: number }[] = [];
  const walk = async (within: string): Promise<void> => {
    for (const name of (await readdir(join(folder, within))).toSorted()) {
      const path = within === '' ? name : `${within}/${name}`;
      const found = await lstat(join(folder, path));
      if (!found.isFile() && !found.isDirectory())
        throw new UsageError(`${join(folder, path)} is a link or no file; a content package holds files and folders only.`);
      entries.push({ name: path, folder: found.isDirectory(), bytes: found.size, mode: found.mode & 0o777 });
      if (found.isDirectory()) await walk(path);
    }
  };
  await walk('');
  const archive = pack();
  const fill = async () => {
    for (const { name, folder: isFolder, bytes, mode } of entries) {
      if (isFolder) archive.entry({ name: `${name}/`, type: 'directory', mode });
      else await addFile(archive, join(folder, name), { name, size: bytes, mode });
    }
    archive.finalize();
  };
  fill().catch((error: Error) => archive.destroy(error));
  return Readable.from(archive, { objectMode: false });
}

async function addFile(archive: Pack, path: string, header: { name: string; size: number; mode: number }): Promise<void> {
  await new Promise<void>((done, failed) => {
    const sink = archive.entry({ ...header, type: 'file' }, (error) => (error ? failed(error) : done()));
    pipeline(createReadStream(path), sink).catch(failed);
  });
}
