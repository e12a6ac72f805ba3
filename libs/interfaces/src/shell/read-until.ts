import { once } from 'node:events';
import type { Readable } from 'node:stream';

/** How what is read is bounded: bytes before the mark, and what is thrown where more come. */
export interface Bound {
  bytes: number;
  tooMany(): Error;
}

/**
 * Reads up to the end of the line that holds a mark, and leaves the rest to be read; what stands before the mark, and the words behind it on
 * its line. Never where the stream ends before.
 */
export async function readUntil(stream: Readable, mark: string, bound: Bound): Promise<{ before: Buffer; words: string }> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  // The end of what was looked through: the mark may come in two pieces.
  let seen = Buffer.alloc(0);
  let isThere = false;
  for (;;) {
    const chunk = stream.read() as Buffer | null;
    if (chunk === null) {
      await once(stream, 'readable');
      continue;
    }
    chunks.push(chunk);
    bytes += chunk.length;
    if (!isThere) {
      const looked = Buffer.concat([seen, chunk]);
      isThere = looked.includes(mark);
      seen = looked.subarray(-mark.length);
    }
    if (isThere) {
      const read = Buffer.concat(chunks);
      const at = read.indexOf(mark);
      const lineEnd = read.indexOf('\n', at);
      if (lineEnd >= 0) {
        if (lineEnd + 1 < read.length) stream.unshift(read.subarray(lineEnd + 1));
        return { before: read.subarray(0, at), words: read.subarray(at + mark.length + 1, lineEnd).toString('latin1') };
      }
    }
    if (bytes > bound.bytes + mark.length + LINE) throw bound.tooMany();
  }
}

/** Of what may stand behind a mark, in bytes: proc(5)'s line of a process at most. */
const LINE = 1_024;
