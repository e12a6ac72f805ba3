import type { Readable } from 'node:stream';
import type { BlobRef } from '@slipway/contracts';

/** Bytes, text (as UTF-8), or what yields them piece by piece: a `Readable`, an archive that is packed, a generator. */
export type BlobContent = Uint8Array | string | AsyncIterable<Uint8Array | string>;

/** What is large, by its SHA-256: archives, packages, big plans, step logs. Streamed; never served when damaged. */
export interface Blobs {
  /** Stores bytes; the same bytes twice are one blob. Durable when it resolves. */
  put(content: BlobContent): Promise<BlobRef>;
  /** The content, checked while it streams: ends with `blob-damaged` instead of ending well. `blob-missing` at once. */
  open(sha256: string): Promise<Readable>;
  /** The whole content of a small blob, checked. Throws `too-large` beyond `limit` bytes (1 MiB when left out). */
  read(sha256: string, limit?: number): Promise<Buffer>;
  has(sha256: string): Promise<boolean>;
  /** Removes a blob; nothing when it is not there. Who reads it just now reads it to its end. */
  remove(sha256: string): Promise<void>;
}
