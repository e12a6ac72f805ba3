import { join } from 'node:path';
import type { Filesystem } from '@slipway/interfaces';

/** Folders that hold a folder per version: Debian's. */
const BY_VERSION = '/usr/lib/postgresql';
const PLAIN = ['/usr/local/bin', '/usr/bin'];

/** The folder of the newest PostgreSQL programs that has this one: `initdb` for a server, `psql` for a client. */
export async function programsWith(files: Filesystem, program: string): Promise<string | undefined> {
  const versions = (await files.list(BY_VERSION)).filter((name) => /^\d+$/.test(name)).toSorted((a, b) => Number(b) - Number(a));
  const folders = [...versions.map((version) => join(BY_VERSION, version, 'bin')), ...PLAIN];
  for (const folder of folders) if ((await files.stat(join(folder, program))) !== null) return folder;
  return undefined;
}
