import { SlipwayError } from '@slipway/contracts';
import type { BlueprintContext } from '../blueprint.js';

/** Of a file that holds a secret, in bytes. */
const LONGEST = 64 * 1024;

/**
 * A file at the allocator that nobody else may read: a key, a password. `what`: for messages, `The key file`. Throws `driver-failed` where it is
 * not there, or others can read it.
 */
export async function readPrivateFile(
  path: string,
  what: string,
  { filesystem }: Pick<BlueprintContext, 'filesystem'>,
): Promise<Buffer> {
  const wrong = (reason: string) => new SlipwayError('driver-failed', `${what} ${path} ${reason}`, { path });
  const found = await filesystem.stat(path);
  if (found?.type !== 'file') throw wrong('is not there, or no file');
  if ((found.mode & 0o077) !== 0) throw wrong('can be read by others: chmod 600');
  return (await filesystem.readFile(path, LONGEST)) ?? Buffer.alloc(0);
}
