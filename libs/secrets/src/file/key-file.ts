import { createHash, randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, stat, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { SlipwayError } from '@slipway/contracts';
import { syncFolder } from './durable.js';

/** The key that seals secrets, and a name for it that gives nothing away. */
export interface Key {
  bytes: Buffer;
  /** First 16 digits of SHA-256("slipway key id" + key): which key a secret was sealed with. */
  id: string;
}

const KEY_BYTES = 32;

/**
 * Reads the key file; makes one (32 random bytes in hexadecimal, mode 0600) at the first use. Two processes at once get
 * the same one. Throws `config-invalid` for a file that others may read or that holds no key, and when `mayMake` says no:
 * a new key could not open what an old one sealed.
 */
export async function openKeyFile(path: string, mayMake: () => Promise<boolean>): Promise<Key> {
  const found = await readKeyFile(path);
  if (found) return found;
  if (await mayMake()) await makeKeyFile(path);
  const key = await readKeyFile(path);
  if (key) return key;
  throw new SlipwayError('config-invalid', `The key file ${path} is gone, but there are secrets that it sealed; put it back`);
}

async function readKeyFile(path: string): Promise<Key | undefined> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!found) return undefined;
  if (found.mode & 0o077)
    throw new SlipwayError('config-invalid', `Others may read the key file ${path}; make it private: chmod 600 ${path}`);
  const text = (await readFile(path, 'utf8')).trim();
  if (!/^[0-9a-f]{64}$/.test(text))
    throw new SlipwayError(
      'config-invalid',
      `The key file ${path} does not hold a key of 64 hexadecimal digits; put the right one back`,
    );
  const bytes = Buffer.from(text, 'hex');
  return { bytes, id: createHash('sha256').update('slipway key id').update(bytes).digest('hex').slice(0, 16) };
}

/** Written beside and linked to its name: whoever comes first wins, and nobody ever reads half a key. */
async function makeKeyFile(path: string): Promise<void> {
  const folder = dirname(path);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const beside = `${path}.${randomBytes(8).toString('hex')}`;
  const file = await open(beside, 'wx', 0o600);
  try {
    await file.writeFile(`${randomBytes(KEY_BYTES).toString('hex')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(beside, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  } finally {
    await unlink(beside);
  }
  await syncFolder(folder);
}
