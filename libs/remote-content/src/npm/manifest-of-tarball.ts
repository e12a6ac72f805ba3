import type { Readable } from 'node:stream';
import { RemoteRefused } from '../failures.js';
import { isFields, type Fields } from '../json.js';
import { entriesOfTarball, withinFolder } from './entries-of-tarball.js';

const PACKAGE_JSON = 'package.json';
const LONGEST = 1024 ** 2;
/** So much that no package comes near, so little that a bomb ends. */
const MOST_BYTES = 2 * 1024 ** 3;
const MOST_ENTRIES = 100_000;

/**
 * The `package.json` of what `npm pack` has made: it is what the checksum vouches for, as the registry's own words of a version are
 * not. Throws `RemoteRefused` for what is none, or comes twice; the tarball is read to its end, or destroyed.
 */
export async function manifestOfTarball(tarball: Readable, of: string): Promise<Fields> {
  const fail = (reason: string) => new RemoteRefused(`${of}: ${reason}`);
  let found: Buffer | undefined;
  let [entries, bytes] = [0, 0];
  try {
    for await (const entry of entriesOfTarball(tarball)) {
      const { name, size = 0, type } = entry.header;
      entries += 1;
      bytes += size;
      if (entries > MOST_ENTRIES || bytes > MOST_BYTES)
        throw fail(`its tarball has more than ${MOST_ENTRIES} files or ${MOST_BYTES} bytes`);
      if (name.includes('/') && withinFolder(name) === PACKAGE_JSON && type === 'file') {
        if (found) throw fail(`its tarball has ${PACKAGE_JSON} twice`);
        if (size > LONGEST) throw fail(`its ${PACKAGE_JSON} has more than ${LONGEST} bytes`);
        const pieces: Uint8Array[] = [];
        for await (const piece of entry as AsyncIterable<Uint8Array>) pieces.push(piece);
        found = Buffer.concat(pieces);
      } else entry.resume();
    }
  } catch (error) {
    throw error instanceof RemoteRefused ? error : fail(`it is no archive as npm packs it: ${(error as Error).message}`);
  } finally {
    tarball.destroy();
  }
  if (!found) throw fail(`its tarball has no ${PACKAGE_JSON}`);
  return read(found.toString(), fail);
}

function read(text: string, fail: (reason: string) => RemoteRefused): Fields {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    throw fail(`its ${PACKAGE_JSON} is no JSON`);
  }
  if (!isFields(value)) throw fail(`its ${PACKAGE_JSON} is no object of JSON`);
  return value;
}
