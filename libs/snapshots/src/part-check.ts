import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { PassThrough, type Readable } from 'node:stream';
import { uncompressed } from '@slipway/blobs';
import { SlipwayError, TAR, type SnapshotPart } from '@slipway/contracts';
import { checkTar } from '@slipway/interfaces';
import { archiveInvalid } from './manifest.js';

/**
 * Passes a part's bytes on, and ends with `archive-invalid` unless they are what the manifest says: length and SHA-256, and, seen
 * on the way, what they are once they are uncompressed. Who stores them has stored nothing then.
 */
export async function* checkedPart(content: AsyncIterable<Buffer>, part: SnapshotPart): AsyncGenerator<Buffer> {
  const hash = createHash('sha256');
  let bytes = 0;
  const beside = new PassThrough();
  beside.on('error', () => {});
  const walked = walk(beside, part);
  // Who waits for room in it must not wait for ever; why it has ended is thrown where it is awaited.
  walked.catch(() => beside.destroy());
  try {
    for await (const piece of content) {
      bytes += piece.length;
      hash.update(piece);
      if (!beside.write(piece)) await Promise.race([once(beside, 'drain'), walked]);
      yield piece;
    }
    if (bytes !== part.bytes) throw archiveInvalid(part.file, `it was cut off after ${bytes} of ${part.bytes} bytes`);
    if (hash.digest('hex') !== part.sha256) throw archiveInvalid(part.file, 'its SHA-256 is not that of the manifest');
    beside.end();
    await walked;
  } finally {
    beside.destroy();
  }
}

async function walk(compressed: Readable, { file, mediaType, contentBytes }: SnapshotPart): Promise<void> {
  const content = uncompressed(compressed, contentBytes);
  try {
    if (mediaType === TAR) await checkTar(content);
    else for await (const _piece of content) continue;
  } catch (error) {
    const { code, details, message } = error as SlipwayError;
    if (code !== 'archive-invalid') throw error;
    const { entry, reason = message } = details ?? {};
    throw archiveInvalid(file, [entry, reason].filter((word) => word !== undefined).join(': '));
  }
}
