import { randomBytes, randomUUID } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { SlipwayError } from '@slipway/contracts';

/** 256 bits as base64url. */
const KEY = /^[A-Za-z0-9_-]{43}$/;

/** Where the gateway's key stands. */
export const keyFile = (dataFolder: string): string => join(dataFolder, 'gateway.key');

/**
 * The gateway's key: 256 random bits, made at the first start, in a file of mode 0600. Several processes that start at
 * once get the same one. Throws `config-invalid` when the file holds no key or others may read it.
 */
export function loadOrMakeKey(dataFolder: string): string {
  const file = keyFile(dataFolder);
  mkdirSync(dataFolder, { recursive: true, mode: 0o700 });
  return read(file) ?? make(file);
}

function read(file: string): string | null {
  let mode: number;
  try {
    mode = statSync(file).mode;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  if (process.platform !== 'win32' && (mode & 0o077) !== 0) {
    throw new SlipwayError('config-invalid', `${file} may be read by others; take it away from them: chmod 600 ${file}`);
  }
  const key = readFileSync(file, 'utf8').trim();
  if (KEY.test(key)) return key;
  throw new SlipwayError(
    'config-invalid',
    `${file} holds no key of 43 base64url characters; remove it, and the next start makes one.`,
  );
}

/** Written whole beside, then linked to its name: nobody ever reads half a key, and who comes first wins. */
function make(file: string): string {
  const beside = `${file}.${randomUUID()}`;
  const descriptor = openSync(beside, 'wx', 0o600);
  try {
    writeSync(descriptor, `${randomBytes(32).toString('base64url')}\n`);
    fsyncSync(descriptor);
    chmodSync(beside, 0o600);
    linkSync(beside, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    closeSync(descriptor);
    unlinkSync(beside);
  }
  return read(file)!;
}
