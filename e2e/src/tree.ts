import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';

/** Seconds since the epoch: long ago, so that what was only just written is told apart. */
const LONG_AGO = 1_000_000_000;

/**
 * Fills a folder with what data that are files can be: empty and long, with modes and times, folders with nothing in them, links;
 * all of it is given to whom the folder belongs.
 */
export function plant(folder: string, { links = true } = {}): void {
  mkdirSync(join(folder, 'deep/er'), { recursive: true });
  mkdirSync(join(folder, 'hollow/empty'), { recursive: true });
  chmodSync(join(folder, 'hollow'), 0o700);
  chmodSync(join(folder, 'hollow/empty'), 0o751);
  for (const [name, content, mode] of [
    ['long', randomBytes(3 * 1024 * 1024 + 7), 0o640],
    ['deep/er/nothing', '', 0o644],
    ['deep/run.sh', '#!/bin/sh\n', 0o755],
    ['deep/Grüße an alle', 'NUL \0 and line\r\nends', 0o600],
    ['read only', 'kept', 0o444],
  ] as const) {
    writeFileSync(join(folder, name), content);
    chmodSync(join(folder, name), mode);
    utimesSync(join(folder, name), LONG_AGO, LONG_AGO);
  }
  if (links) {
    symlinkSync('deep/run.sh', join(folder, 'link'));
    symlinkSync('../long', join(folder, 'deep/up'));
    symlinkSync('nowhere', join(folder, 'lock'));
  }
  const { uid, gid } = statSync(folder);
  for (const path of readdirSync(folder, { recursive: true, encoding: 'utf8' })) lchownSync(join(folder, path), uid, gid);
}

/** All that is in a folder, by its path: what it is, its mode, its time where it is a file, and a checksum of what it holds. */
export function treeOf(folder: string): Record<string, string> {
  const entryOf = (path: string): string => {
    const found = lstatSync(path);
    const permissions = (found.mode & 0o7777).toString(8).padStart(4, '0');
    if (found.isSymbolicLink()) return `link to ${readlinkSync(path)}`;
    if (found.isDirectory()) return `folder ${permissions}`;
    const sum = createHash('sha256').update(readFileSync(path)).digest('hex');
    return `file ${permissions} ${Math.floor(found.mtimeMs / 1000)} ${sum}`;
  };
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted();
  return Object.fromEntries(paths.map((path) => [path, entryOf(join(folder, path))]));
}
