import type { Readable } from 'node:stream';
import { SlipwayError } from '@slipway/contracts/public';

/** All of a stream, of a host that is not trusted to end it: more than so many bytes are `too-large`. */
export async function allOf(stream: Readable, limit: number, what: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > limit) throw new SlipwayError('too-large', `${what} has more than ${limit} bytes`, { limit });
  }
  return Buffer.concat(chunks);
}
