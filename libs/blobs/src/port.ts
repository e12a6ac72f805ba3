import type { Readable } from 'node:stream';
import type { BlobRef } from '@slipway/contracts';

/** Bytes, text (as UTF-8), or what yields them piece by piece: a `Readable`, an archive that is packed, a generator. */
export type BlobContent = Uint8Array | string | AsyncIterable<Uint8Array | string>;

/** Content by its SHA-256. Streamed; never served when damaged. */
export interface Contents {
  /** Stores bytes; the same bytes twice are one blob. Durable when it resolves. */
  put(content: BlobContent): Promise<BlobRef>;
  /** The content, checked while it streams: ends with `blob-damaged` instead of ending well. `blob-missing` at once. */
  open(sha256: string): Promise<Readable>;
  /** The whole content of a small blob, checked. Throws `too-large` beyond `limit` bytes (1 MiB when left out). */
  read(sha256: string, limit?: number): Promise<Buffer>;
  has(sha256: string): Promise<boolean>;
}

/** What one holder has, shared with nobody: the same bytes are stored again for each who holds them. */
export interface HeldBlobs extends Contents {
  /** Removes all of it; nothing when there is none. Who reads a blob just now reads it to its end. */
  remove(): Promise<void>;
}

/**
 * What is large: archives, packages, big plans, step logs. They are shared, since the same bytes are one blob, so nobody can know that
 * nobody else wants one: nothing of them is ever removed. What is to be removed again stands with a holder.
 */
export interface Blobs extends Contents {
  /** What `holder` has. Throws `bad-input` unless that is a UUID in lower case. */
  of(holder: string): HeldBlobs;
  /** All who hold something, and when each was given something last (ms since the epoch). */
  holders(): Promise<{ holder: string; touched: number }[]>;
}
