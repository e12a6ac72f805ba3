import type { BlobContent, Contents } from '@slipway/blobs';
import { SlipwayError } from '@slipway/contracts';

/** Blobs of which none may have more than so many bytes: storing a larger one throws `too-large`, and stops reading it. */
export const handedOver = (blobs: Contents, most: number): Contents => ({
  put: async (content) => blobs.put(counted(content, most)),
  open: (sha256) => blobs.open(sha256),
  read: (sha256, limit) => blobs.read(sha256, limit),
  has: (sha256) => blobs.has(sha256),
});

async function* counted(content: BlobContent, most: number): AsyncGenerator<Uint8Array | string> {
  let bytes = 0;
  for await (const piece of typeof content === 'string' || content instanceof Uint8Array ? [content] : content) {
    bytes += Buffer.byteLength(piece);
    if (bytes > most)
      throw new SlipwayError('too-large', `A file may have at most ${most} bytes (snapshots.maxUploadBytes)`, { limit: most });
    yield piece;
  }
}
