import { createHash } from 'node:crypto';
import { Transform, type TransformCallback } from 'node:stream';
import { SlipwayError } from '@slipway/contracts/public';
import type { BlobContent } from './port.js';

const SHA256 = /^[0-9a-f]{64}$/;

/** Refuses every name that is not 64 lower-case hexadecimal digits: no name from outside becomes a path. */
export function assertSha256(name: string): void {
  if (!SHA256.test(name)) throw new SlipwayError('bad-input', 'A blob is named by 64 lower-case hexadecimal digits (SHA-256)');
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

export const isHolder = (name: string): boolean => UUID.test(name);

/** Refuses every holder that is no UUID: no name from outside becomes a path. */
export function assertHolder(name: string): void {
  if (!isHolder(name)) throw new SlipwayError('bad-input', 'Who holds blobs is named by a UUID in lower case');
}

export const damaged = (sha256: string): SlipwayError =>
  new SlipwayError('blob-damaged', `Blob ${sha256} does not have the content its name promises`, { sha256 });

export const missing = (sha256: string): SlipwayError =>
  new SlipwayError('blob-missing', `Blob ${sha256} is not there`, { sha256 });

/**
 * Passes a blob's content through and checks it on the way. The last chunk is held back until the whole is known to be
 * good, so a reader of damaged content never gets all of it, whatever it does with the error.
 */
export class CheckedContent extends Transform {
  readonly #hash = createHash('sha256');
  #held: Buffer | undefined;

  constructor(readonly sha256: string) {
    super();
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.#hash.update(chunk);
    const ready = this.#held;
    this.#held = chunk;
    done(null, ready);
  }

  override _flush(done: TransformCallback): void {
    if (this.#hash.digest('hex') === this.sha256) done(null, this.#held);
    else done(damaged(this.sha256));
  }
}

/** The content's pieces as bytes, each once. Throws `bad-input` for what is none: nothing is stored then. */
export async function* piecesOf(content: BlobContent): AsyncGenerator<Uint8Array> {
  for await (const piece of isWhole(content) ? [content] : streamed(content)) {
    if (!isWhole(piece)) throw notBytes();
    yield typeof piece === 'string' ? Buffer.from(piece) : piece;
  }
}

const isWhole = (content: unknown): content is Uint8Array | string =>
  typeof content === 'string' || content instanceof Uint8Array;

function streamed(content: AsyncIterable<unknown>): AsyncIterable<unknown> {
  if (typeof (content as AsyncIterable<unknown> | null)?.[Symbol.asyncIterator] === 'function') return content;
  throw notBytes();
}

const notBytes = () => new SlipwayError('bad-input', "A blob's content is bytes, text, or an asynchronous iterable of them");
