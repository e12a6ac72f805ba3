import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress, createZstdDecompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { BlobRef } from '@slipway/contracts';
import { SlipwayError } from '@slipway/contracts/public';
import type { Contents } from './port.js';

const CHUNK = 1024 * 1024;
/** Node makes a buffer of a chunk for each call, whatever comes of it: many large ones keep the garbage collector at work. */
const chunkFor = (contentBytes: number): number => contentBytes + 1024;

/** Up to this length content is compressed at once; a thread of its own would cost more. */
const SMALL = 128 * 1024;

/** The most that a reader keeps of what came before, as a power of two (16 MiB): a foreign stream may ask for gigabytes. */
const WINDOW = 24;

const COMPRESS = {
  params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 },
};
const UNCOMPRESS = { params: { [constants.ZSTD_d_windowLogMax]: WINDOW } };

/** A blob whose bytes are the content compressed (Zstandard, RFC 8878). */
export interface CompressedRef extends BlobRef {
  contentBytes: number;
}

/**
 * Stores content compressed, in memory that does not depend on its length. `passed` is told the length of each piece of the
 * content. Throws what the content throws, the signal's reason, and the store's errors: then nothing is stored.
 */
export async function putCompressed(
  blobs: Contents,
  content: AsyncIterable<Uint8Array>,
  { signal, passed = () => {} }: { signal?: AbortSignal; passed?: (bytes: number) => void } = {},
): Promise<CompressedRef> {
  let contentBytes = 0;
  async function* counted() {
    for await (const piece of content) {
      signal?.throwIfAborted();
      contentBytes += piece.byteLength;
      passed(piece.byteLength);
      yield piece;
    }
  }
  const pieces = counted();
  const head: Uint8Array[] = [];
  while (contentBytes <= SMALL) {
    const next = await pieces.next();
    if (next.done) {
      const bytes = zstdCompressSync(Buffer.concat(head), { ...COMPRESS, chunkSize: chunkFor(contentBytes) });
      return { ...(await blobs.put(bytes)), contentBytes };
    }
    head.push(next.value);
  }
  async function* whole() {
    try {
      for (const piece of head.splice(0)) yield piece;
      yield* pieces;
    } finally {
      // Also where it ends before their turn has come.
      await pieces.return(undefined);
    }
  }
  const compressed = createZstdCompress({ ...COMPRESS, chunkSize: CHUNK });
  const [stored, fed] = await Promise.allSettled([
    blobs.put(compressed),
    pipeline(Readable.from(whole(), { objectMode: false }), compressed, { ...(signal && { signal }) }),
  ]);
  signal?.throwIfAborted();
  // What could not be stored is the reason why it was no longer read.
  if (stored.status === 'rejected') throw stored.reason;
  if (fed.status === 'rejected') throw fed.reason;
  return { ...stored.value, contentBytes };
}

/** Content that was stored compressed. Ends with `blob-damaged`, or as {@link uncompressed}. `blob-missing` at once. */
export async function openCompressed(
  blobs: Contents,
  { sha256, contentBytes }: Pick<CompressedRef, 'sha256' | 'contentBytes'>,
): Promise<Readable> {
  return uncompressed(await blobs.open(sha256), contentBytes);
}

/**
 * What a compressed stream holds. It ends with `archive-invalid` unless that has exactly `contentBytes` bytes, as soon as there
 * are more: a stream of a few bytes may stand for terabytes.
 */
export function uncompressed(compressed: Readable, contentBytes: number): Readable {
  // It may fail before it is read: without somebody who listens that ends the process. Reading it throws the same error.
  compressed.on('error', () => {});
  const content = contentBytes <= SMALL ? small(compressed, contentBytes) : streamed(compressed);
  const checked = Readable.from(exactly(contentBytes, content), { objectMode: false });
  // A generator that was never begun does not end what it reads.
  return checked.once('close', () => compressed.destroy());
}

async function* exactly(contentBytes: number, content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let bytes = 0;
  try {
    for await (const piece of content) {
      bytes += piece.length;
      if (bytes > contentBytes) throw tooMuch(contentBytes);
      yield piece;
    }
  } catch (error) {
    throw isOfZstd(error) ? invalid((error as Error).message) : error;
  }
  if (bytes < contentBytes) throw invalid(`it holds ${bytes} bytes instead of ${contentBytes}`);
}

function streamed(compressed: Readable): AsyncIterable<Buffer> {
  const content = createZstdDecompress({ ...UNCOMPRESS, chunkSize: CHUNK });
  // Its error comes through the content.
  pipeline(compressed, content).catch(() => {});
  return content;
}

async function* small(compressed: Readable, contentBytes: number): AsyncGenerator<Buffer> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of compressed as AsyncIterable<Buffer>) {
    bytes += piece.length;
    // Compressed it is hardly longer than before.
    if (bytes > 2 * SMALL) throw tooMuch(SMALL);
    pieces.push(piece);
  }
  const options = { ...UNCOMPRESS, chunkSize: chunkFor(contentBytes), maxOutputLength: SMALL };
  if (bytes > 0) yield zstdDecompressSync(Buffer.concat(pieces), options);
}

const tooMuch = (contentBytes: number): SlipwayError => invalid(`it holds more than the ${contentBytes} bytes that it should`);

const isOfZstd = (error: unknown): boolean =>
  /^(ZSTD_|Z_|ERR_ZSTD|ERR_BUFFER_TOO_LARGE)/.test(String((error as { code?: unknown } | null)?.code));

const invalid = (reason: string): SlipwayError =>
  new SlipwayError('archive-invalid', `The compressed data are refused: ${reason}`, { reason });
