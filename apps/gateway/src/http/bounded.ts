import type { Readable } from 'node:stream';

/**
 * What comes in, up to so many bytes: then `tooLarge` is thrown. What is left over stays to be read: a call whose body is destroyed is cut off
 * before its answer.
 */
export async function* bounded(content: Readable, limit: number, tooLarge: Error): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const piece of content.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    bytes += piece.byteLength;
    if (bytes > limit) throw tooLarge;
    yield piece;
  }
}
