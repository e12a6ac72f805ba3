import { createReadStream } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { Readable } from 'node:stream';

/** The bytes of an artefact: in memory, or as a file of this machine, of which no more is held than what is looked at. */
export type Content = Buffer | { path: string };

/** From `start` to before `end`, or to its end. */
export const streamOf = (content: Content, start = 0, end = Infinity): Readable =>
  Buffer.isBuffer(content)
    ? Readable.from([content.subarray(start, end)])
    : end <= start
      ? Readable.from([])
      : createReadStream(content.path, { start, ...(end < Infinity && { end: end - 1 }) });

export const sizeOf = async (content: Content): Promise<number> =>
  Buffer.isBuffer(content) ? content.length : (await stat(content.path)).size;

/** At most `length` bytes from `start`: fewer where the content ends. */
export async function bytesAt(content: Content, start: number, length: number): Promise<Buffer> {
  if (Buffer.isBuffer(content)) return content.subarray(start, start + length);
  const file = await open(content.path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, start);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** The whole of a stream, as long as that is no longer than `limit` bytes; undefined beyond. */
export async function gathered(stream: AsyncIterable<Uint8Array>, limit: number): Promise<Buffer | undefined> {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of stream) {
    bytes += piece.length;
    if (bytes > limit) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
