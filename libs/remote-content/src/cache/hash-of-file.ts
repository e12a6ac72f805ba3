import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { RemoteRefused } from '../failures.js';
import type { Checksum } from './checksum.js';

/** What a file of this machine comes to now. Throws `RemoteRefused` where there is none. */
export async function hashOfFile(path: string): Promise<Checksum> {
  const hash = createHash('sha256');
  try {
    for await (const piece of createReadStream(path) as AsyncIterable<Uint8Array>) hash.update(piece);
  } catch (error) {
    throw new RemoteRefused(`${path} cannot be read: ${(error as Error).message}`);
  }
  return { algorithm: 'sha256', hex: hash.digest('hex') };
}
