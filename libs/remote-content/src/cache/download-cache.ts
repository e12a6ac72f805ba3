import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readFile, readdir, rename, rm, stat, utimes, writeFile, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { checked, type Checksum } from './checksum.js';

export interface DownloadCacheOptions {
  folder: string;
  /** Most that it holds, in bytes; what was used longest ago goes first. What is larger is handed on and not kept. */
  maxBytes: number;
}

export interface Wanted {
  /** What tells it from everything else, so that it never changes: an address with what was promised of it. */
  name: string;
  checksum?: Checksum;
}

export interface Download {
  sha256: string;
  bytes: number;
  content: Readable;
}

const DIGEST = /^[0-9a-f]{64}$/;
/** What a crash has left half is older than any download lasts. */
const LEFT_OVER_MS = 24 * 3600 * 1000;

/**
 * What was downloaded, by its SHA-256, in a folder that processes of one machine share and that is kept over restarts. Anything in it
 * may be removed at any time.
 *
 * C1. A file stands under its SHA-256 only when it is whole: it is written beside, checked, and renamed.
 * C2. What is given out was checked again: a file that is damaged is removed, and downloaded anew.
 * C3. Of several in this process that want the same at once one downloads.
 */
export class DownloadCache {
  readonly #underway = new Map<string, Promise<Found>>();
  #swept: Promise<void> = Promise.resolve();

  constructor(private readonly options: DownloadCacheOptions) {}

  /**
   * What is wanted, from here or by `download`. Throws `RemoteRefused` for what does not have the checksum, and what `download` and
   * the disk throw. Whoever gets it reads it to its end, or destroys it.
   */
  async get(wanted: Wanted, download: () => Promise<AsyncIterable<Uint8Array>>): Promise<Download> {
    const key = sha256Of(wanted.name);
    for (let tries = 0; ; tries += 1) {
      const here = await this.#open(await this.#known(key, wanted));
      if (here) return here;
      const underway = this.#underway.get(key);
      const found = await (underway ?? this.#share(key, () => this.#download(key, wanted, download)));
      // Opened before anybody could sweep it; a second one opens it by its name, and where it is gone by then asks again.
      if (!underway && found.handle) return given(found.handle, found);
      if (tries > 2) throw new Error(`${wanted.name} goes from the cache before it can be read; it is too small`);
    }
  }

  #share(key: string, work: () => Promise<Found>): Promise<Found> {
    const all = work().finally(() => this.#underway.delete(key));
    this.#underway.set(key, all);
    return all;
  }

  /** The SHA-256 that a name stands for, where that is known. */
  async #known(key: string, { checksum }: Wanted): Promise<string | undefined> {
    if (checksum?.algorithm === 'sha256') return checksum.hex;
    const text = await readFile(join(this.options.folder, 'names', key), 'utf8').catch(() => '');
    return DIGEST.test(text) ? text : undefined;
  }

  /** C2. */
  async #open(sha256: string | undefined): Promise<Download | undefined> {
    if (sha256 === undefined) return undefined;
    const path = this.#pathOf(sha256);
    const handle = await open(path, 'r').catch(() => undefined);
    if (!handle) return undefined;
    try {
      const hash = createHash('sha256');
      let bytes = 0;
      for await (const piece of handle.createReadStream({ autoClose: false, start: 0 }) as AsyncIterable<Uint8Array>) {
        hash.update(piece);
        bytes += piece.byteLength;
      }
      if (hash.digest('hex') === sha256) {
        const now = new Date();
        await utimes(path, now, now).catch(() => undefined);
        return given(handle, { sha256, bytes });
      }
      await handle.close();
      await rm(path, { force: true });
      return undefined;
    } catch (error) {
      await handle.close().catch(() => undefined);
      throw error;
    }
  }

  /** C1. */
  async #download(key: string, wanted: Wanted, download: () => Promise<AsyncIterable<Uint8Array>>): Promise<Found> {
    const { folder, maxBytes } = this.options;
    for (const name of ['content', 'names', 'unfinished']) await mkdir(join(folder, name), { recursive: true, mode: 0o700 });
    const beside = join(folder, 'unfinished', randomUUID());
    try {
      let found: { sha256: string; bytes: number } | undefined;
      const content = checked(await download(), wanted.checksum, wanted.name, (is) => (found = is));
      await pipeline(content, createWriteStream(beside, { mode: 0o600, flush: true }));
      if (found!.bytes <= maxBytes) await this.#keep(beside, key, found!.sha256);
      return { ...found!, handle: await open(found!.bytes <= maxBytes ? this.#pathOf(found!.sha256) : beside, 'r') };
    } finally {
      await rm(beside, { force: true });
    }
  }

  async #keep(beside: string, key: string, sha256: string): Promise<void> {
    const { folder } = this.options;
    await rename(beside, this.#pathOf(sha256));
    await writeWhole(join(folder, 'names', key), sha256, join(folder, 'unfinished', randomUUID()));
    this.#swept = this.#swept.then(() => this.#sweep()).catch(() => undefined);
  }

  /** Takes away what is too much, and names of what is not there any more. Others may be doing the same. */
  async #sweep(): Promise<void> {
    const { folder, maxBytes } = this.options;
    const files: { name: string; bytes: number; usedAt: number }[] = [];
    for (const name of await readdir(join(folder, 'content'))) {
      const found = await stat(this.#pathOf(name)).catch(() => undefined);
      if (found) files.push({ name, bytes: found.size, usedAt: found.mtimeMs });
    }
    let bytes = files.reduce((total, file) => total + file.bytes, 0);
    const gone = new Set<string>();
    for (const file of files.toSorted((a, b) => a.usedAt - b.usedAt)) {
      if (bytes <= maxBytes) break;
      await rm(this.#pathOf(file.name), { force: true });
      gone.add(file.name);
      bytes -= file.bytes;
    }
    if (gone.size > 0)
      for (const name of await readdir(join(folder, 'names')))
        if (gone.has(await readFile(join(folder, 'names', name), 'utf8').catch(() => '')))
          await rm(join(folder, 'names', name), { force: true });
    for (const name of await readdir(join(folder, 'unfinished'))) {
      const path = join(folder, 'unfinished', name);
      const found = await stat(path).catch(() => undefined);
      if (found && found.mtimeMs < Date.now() - LEFT_OVER_MS) await rm(path, { force: true });
    }
  }

  /** Ends when nothing is being taken away any more. */
  settled = (): Promise<void> => this.#swept;

  #pathOf = (sha256: string): string => join(this.options.folder, 'content', sha256);
}

interface Found {
  sha256: string;
  bytes: number;
  /** Of who has downloaded it. */
  handle?: FileHandle;
}

const given = (handle: FileHandle, { sha256, bytes }: { sha256: string; bytes: number }): Download => ({
  ...{ sha256, bytes },
  content: createReadStream('', { fd: handle, start: 0 }),
});

const sha256Of = (text: string): string => createHash('sha256').update(text).digest('hex');

async function writeWhole(path: string, text: string, beside: string): Promise<void> {
  await writeFile(beside, text, { mode: 0o600 });
  await rename(beside, path);
}
