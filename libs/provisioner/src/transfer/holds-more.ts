import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Whole } from './transfers.js';

/** Entries of folders that are looked at. */
const LOOKED_AT = 1_000;

/** Whether a file, or all files below a folder, have more bytes; also where there are very many. Nothing that is there has none. */
export async function holdsMore(what: Whole, bytes: number): Promise<boolean> {
  if ('file' in what) return (await lstat(what.file).catch(() => ({ size: 0 }))).size > bytes;
  let [left, entries] = [bytes, LOOKED_AT];
  for (const folders = [what.folder]; folders.length > 0;) {
    const folder = folders.pop()!;
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      if (--entries < 0) return true;
      const path = join(folder, entry.name);
      if (entry.isDirectory()) folders.push(path);
      else if (entry.isFile()) left -= (await lstat(path).catch(() => ({ size: 0 }))).size;
      if (left < 0) return true;
    }
  }
  return false;
}
