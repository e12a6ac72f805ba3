import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SlipwayError } from '@slipway/contracts/public';

/** Bytes that we may still write where a path is, or will be: quotas of folders aside. */
export async function freeBytes(path: string): Promise<number> {
  for (let there = path; ; there = dirname(there)) {
    try {
      const { bavail, bsize } = await statfs(there);
      return bavail * bsize;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || there === dirname(there)) throw error;
    }
  }
}

/** Throws `no-space` where so many bytes cannot be written. It is asked before: others may take the room meanwhile. */
export function assertRoom(where: string, bytes: number, free: number): void {
  if (bytes <= free) return;
  throw new SlipwayError('no-space', `${bytes} bytes are to be written to ${where}, where ${free} are free`, { bytes, free });
}
