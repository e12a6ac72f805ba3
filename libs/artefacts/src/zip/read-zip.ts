import { crc32 } from 'node:zlib';
import { SlipwayError } from '@slipway/contracts';
import { fromBufferPromise, openPromise, type Entry, type ZipFile } from 'yauzl';
import { bytesAt, sizeOf, type Content } from '../content.js';
import { reasonOf, refused, shown } from '../refusal.js';
import { ZipDirectory } from './directory.js';
import { ZIP_LIMITS, type ZipLimits } from './limits.js';

/** Which entries are wanted: the most bytes that one may have, by its name. */
export type Wanted = (name: string) => number | undefined;

export interface ReadZip {
  /** The content of entries that were wanted. */
  found: Map<string, Buffer>;
  /** How many entries there are, folders among them. */
  entries: number;
}

/**
 * Reads a ZIP (PKWARE APPNOTE 6.3.10) from beginning to end: its directory first, then every entry. What another program would unpack
 * elsewhere, otherwise or without end is refused, as is what is damaged ({@link ZipDirectory}; sizes and CRC-32 of every entry).
 * Throws `bad-input` that names the entry and the reason.
 */
export async function readZip(content: Content, wanted: Wanted, limits: ZipLimits = ZIP_LIMITS): Promise<ReadZip> {
  const directory = new ZipDirectory(await sizeOf(content), limits);
  const found = new Map<string, Buffer>();
  await withZip(content, async (zip) => {
    directory.begin(zip.entryCount);
    for await (const entry of zip.eachEntry()) directory.add(entry, await zip.readLocalFileHeaderPromise(entry));
    directory.end();
    await expectEnd(content, zip);
  });
  await withZip(content, async (zip) => {
    for await (const entry of zip.eachEntry()) {
      const limit = wanted(entry.fileName);
      if (limit !== undefined && entry.uncompressedSize > limit)
        throw refused(shown(entry.fileName), `it has ${entry.uncompressedSize} bytes; at most ${limit} are read`);
      const bytes = await checked(zip, entry, limit !== undefined);
      if (bytes) found.set(entry.fileName, bytes);
    }
  });
  return { found, entries: directory.entries };
}

/** What may stand behind the entries of a directory: its end, that of ZIP64, or a signature over it. */
const ENDS = new Set(['PK\x05\x06', 'PK\x06\x06', 'PK\x05\x05']);

/** Who goes by the length of the directory instead of the number of entries must not find more of them. */
async function expectEnd(content: Content, zip: ZipFile): Promise<void> {
  const behind = await bytesAt(content, Number(zip.readEntryCursor), 4);
  if (!ENDS.has(behind.toString('latin1')))
    throw refused('the archive', `its directory goes on behind the ${zip.entryCount} entries that it says it has`);
}

async function withZip(content: Content, use: (zip: ZipFile) => Promise<void>): Promise<void> {
  const options = { strictFileNames: true, autoClose: false };
  try {
    const zip = Buffer.isBuffer(content) ? await fromBufferPromise(content, options) : await openPromise(content.path, options);
    try {
      await use(zip);
    } finally {
      zip.close();
    }
  } catch (error) {
    if (error instanceof SlipwayError || (error as NodeJS.ErrnoException).syscall !== undefined) throw error;
    throw refused('the archive', `it cannot be taken as a ZIP: ${shown(reasonOf(error)).slice(1, -1)}`);
  }
}

/** Reads an entry to its end; gives its bytes where they are to be kept. Sizes are held against the directory's by yauzl. */
async function checked(zip: ZipFile, entry: Entry, keep: boolean): Promise<Buffer | undefined> {
  const pieces: Buffer[] = [];
  let sum = 0;
  try {
    for await (const piece of (await zip.openReadStreamPromise(entry)) as AsyncIterable<Buffer>) {
      sum = crc32(piece, sum);
      if (keep) pieces.push(piece);
    }
  } catch (error) {
    throw refused(shown(entry.fileName), `its content is damaged: ${reasonOf(error)}`);
  }
  if (sum !== entry.crc32) throw refused(shown(entry.fileName), 'its content is damaged: the checksum (CRC-32) is another one');
  return keep ? Buffer.concat(pieces) : undefined;
}
