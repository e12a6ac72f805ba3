import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, readdir, rm, stat, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SlipwayError } from '@slipway/contracts';
import { wayBelow } from '@slipway/interfaces';
import type { SecretRef, Secrets } from '../port.js';
import {
  assertSecretLength,
  assertSecretName,
  assertSecretValue,
  parseSecretRef,
  secretMissing,
  secretRef,
} from '../reference.js';
import { syncFolder } from './durable.js';
import { openKeyFile, type Key } from './key-file.js';
import { seal, unseal } from './seal.js';

/** Begins the name of a file that is still being written; no secret's name begins so. */
const UNFINISHED = '~';
const HOUR = 3600 * 1000;

/**
 * Opens the store of secrets in a folder, made if it is not there. The key file must lie outside of it, so that a backup
 * of the folder tells nothing. Several processes may use the same folder and key file at once.
 *
 * Throws `config-invalid` for a key file that is inside, readable by others, no key, or gone.
 */
export async function openSecrets({ folder, keyFile }: { folder: string; keyFile: string }): Promise<Secrets> {
  if (wayBelow(folder, keyFile) !== undefined)
    throw new SlipwayError('config-invalid', `The key file ${keyFile} must not lie in the folder of secrets ${folder}`);
  return unlessUnavailable(async () => {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await sweepUnfinished(folder);
    const key = await openKeyFile(keyFile, async () => (await readdir(folder)).length === 0);
    return new FileSecrets(folder, key);
  });
}

/**
 * A secret's version is a file `<folder>/<name>#<version>`, the name's inner words being folders. A version is made by
 * linking a finished file to its name, which only one can: so versions are never half there and never overwritten.
 */
class FileSecrets implements Secrets {
  constructor(
    readonly folder: string,
    readonly key: Key,
  ) {}

  async ensure(name: string, bytes = 32): Promise<SecretRef> {
    assertSecretName(name);
    assertSecretLength(bytes);
    return unlessUnavailable(async () => {
      while (true) {
        const newest = await this.#newest(name);
        if (newest > 0) return secretRef(name, newest);
        if (await this.#write(name, 1, randomBytes(bytes).toString('base64url'))) return secretRef(name, 1);
      }
    });
  }

  async put(name: string, value: string): Promise<SecretRef> {
    assertSecretName(name);
    assertSecretValue(value);
    return unlessUnavailable(async () => {
      while (true) {
        const version = (await this.#newest(name)) + 1;
        if (await this.#write(name, version, value)) return secretRef(name, version);
      }
    });
  }

  async read(ref: SecretRef): Promise<string> {
    const { name, version } = parseSecretRef(ref);
    const text = await unlessUnavailable(() => unlessAbsent(readFile(this.#path(name, version), 'utf8')));
    if (text === undefined) throw secretMissing(ref);
    return unseal(this.key, label(name, version), text);
  }

  async empty(prefix: string): Promise<void> {
    assertSecretName(prefix);
    await unlessUnavailable(async () => {
      const folder = dirname(join(this.folder, prefix));
      await rm(join(this.folder, prefix), { recursive: true, force: true });
      for (const version of await this.#versions(prefix)) await rm(this.#path(prefix, version), { force: true });
      await unlessAbsent(syncFolder(folder));
    });
  }

  #path(name: string, version: number): string {
    return join(this.folder, label(name, version));
  }

  async #versions(name: string): Promise<number[]> {
    const path = join(this.folder, name);
    const start = `${path.slice(dirname(path).length + 1)}#`;
    const files = (await unlessAbsent(readdir(dirname(path)))) ?? [];
    return files.filter((file) => file.startsWith(start)).map((file) => Number(file.slice(start.length)));
  }

  async #newest(name: string): Promise<number> {
    return Math.max(0, ...(await this.#versions(name)));
  }

  /** Whether this version is ours: false when somebody else made it first. */
  async #write(name: string, version: number, value: string): Promise<boolean> {
    const path = this.#path(name, version);
    const folder = dirname(path);
    await this.#makeFolder(folder);
    const unfinished = join(folder, `${UNFINISHED}${randomBytes(12).toString('hex')}`);
    try {
      const file = await open(unfinished, 'wx', 0o600);
      try {
        await file.writeFile(seal(this.key, label(name, version), value));
        await file.sync();
      } finally {
        await file.close();
      }
      await link(unfinished, path);
      await syncFolder(folder);
      return true;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // EEXIST: made by somebody else just now. ENOENT: the folder was emptied just now. Either way look again.
      if (code === 'EEXIST' || code === 'ENOENT') return false;
      throw error;
    } finally {
      await unlink(unfinished).catch(() => undefined);
    }
  }

  async #makeFolder(folder: string): Promise<void> {
    const first = await mkdir(folder, { recursive: true, mode: 0o700 });
    if (!first) return;
    for (let made = folder; made.length >= first.length; made = dirname(made)) await unlessAbsent(syncFolder(dirname(made)));
  }
}

/** Removes what a process that was killed left half-written. Nobody takes an hour to write one. */
async function sweepUnfinished(folder: string): Promise<void> {
  for (const entry of (await unlessAbsent(readdir(folder, { withFileTypes: true }))) ?? []) {
    const path = join(folder, entry.name);
    // What somebody else empties meanwhile is gone.
    if (entry.isDirectory()) await sweepUnfinished(path);
    if (!entry.name.startsWith(UNFINISHED)) continue;
    const touched = (await unlessAbsent(stat(path)))?.mtimeMs;
    if (touched !== undefined && touched < Date.now() - HOUR) await unlessAbsent(unlink(path));
  }
}

const label = (name: string, version: number): string => `${name}#${version}`;

async function unlessAbsent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** What the file system refuses becomes `secret-unavailable`, which names the path and never a value. */
async function unlessUnavailable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { syscall, message } = error as NodeJS.ErrnoException;
    if (typeof syscall !== 'string') throw error;
    throw new SlipwayError('secret-unavailable', `The store of secrets: ${message}`, undefined, { cause: error });
  }
}
