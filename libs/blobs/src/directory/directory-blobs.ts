import { createHash } from 'node:crypto';
import { mkdir, open, rename, stat, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Stream, type Readable } from 'node:stream';
import { SlipwayError, type BlobRef } from '@slipway/contracts';
import { CheckedContent, assertSha256, damaged, missing, piecesOf } from '../digest.js';
import type { BlobContent, Blobs } from '../port.js';
import { sweepLeftovers, unfinishedName } from './leftovers.js';

const MIB = 1024 * 1024;
/** How much is read of a file at once: what is behind it (hash, decompression) costs per piece. */
const READ = MIB / 4;
const UNFINISHED = 'unfinished';

/** Opens the store of blobs in a folder, made if it is not there. Several processes may use the same folder. */
export async function openBlobs({ folder }: { folder: string }): Promise<Blobs> {
  return unlessUnavailable(async () => {
    await mkdir(join(folder, UNFINISHED), { recursive: true, mode: 0o700 });
    await sweepLeftovers(join(folder, UNFINISHED));
    return new DirectoryBlobs(folder);
  });
}

/**
 * Blobs as files: `<folder>/<2 digits>/<2 digits>/<sha256>`. Content is written beside, synced, renamed to its name, and
 * the folder synced: a name that is there has all of its content, whenever the power goes.
 */
class DirectoryBlobs implements Blobs {
  /** Folders that this process has seen to be durable. */
  readonly #durable = new Set<string>();

  constructor(readonly folder: string) {}

  async put(content: BlobContent): Promise<BlobRef> {
    const unfinished = join(this.folder, UNFINISHED, unfinishedName());
    try {
      const ref = await writeDurably(unfinished, content);
      await unlessUnavailable(async () => {
        await this.#prepareFolder(ref.sha256);
        // Always, even when the name is there: the same bytes again mend a damaged blob.
        await rename(unfinished, this.#path(ref.sha256));
        await syncFolder(this.#folderOf(ref.sha256));
      });
      return ref;
    } catch (error) {
      await unlink(unfinished).catch(() => undefined);
      throw error;
    }
  }

  async open(sha256: string): Promise<Readable> {
    const file = await this.#openFile(sha256);
    const checked = new CheckedContent(sha256);
    const source = file.createReadStream({ highWaterMark: READ });
    source.on('error', (error) => checked.destroy(unavailable(error)));
    checked.on('close', () => source.destroy());
    return source.pipe(checked);
  }

  async read(sha256: string, limit: number = MIB): Promise<Buffer> {
    const file = await this.#openFile(sha256);
    try {
      const { size } = await file.stat();
      if (size > limit)
        throw new SlipwayError('too-large', `Blob ${sha256} has ${size} bytes; at most ${limit} are read at once`);
      const content = await unlessUnavailable(() => file.readFile());
      if (createHash('sha256').update(content).digest('hex') !== sha256) throw damaged(sha256);
      return content;
    } finally {
      await file.close();
    }
  }

  async has(sha256: string): Promise<boolean> {
    assertSha256(sha256);
    return unlessUnavailable(() =>
      stat(this.#path(sha256)).then(
        (found) => found.isFile(),
        (error: NodeJS.ErrnoException) => {
          if (error.code === 'ENOENT') return false;
          throw error;
        },
      ),
    );
  }

  async remove(sha256: string): Promise<void> {
    assertSha256(sha256);
    await unlessUnavailable(() =>
      unlink(this.#path(sha256)).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      }),
    );
  }

  #folderOf(sha256: string): string {
    return join(this.folder, sha256.slice(0, 2), sha256.slice(2, 4));
  }

  #path(sha256: string): string {
    return join(this.#folderOf(sha256), sha256);
  }

  async #openFile(sha256: string): Promise<FileHandle> {
    assertSha256(sha256);
    return unlessUnavailable(() =>
      open(this.#path(sha256), 'r').catch((error: NodeJS.ErrnoException) => {
        throw error.code === 'ENOENT' ? missing(sha256) : error;
      }),
    );
  }

  /** Makes the two folders above a blob, each durable in its own parent; another process may have made them just now. */
  async #prepareFolder(sha256: string): Promise<void> {
    const inner = this.#folderOf(sha256);
    if (this.#durable.has(inner)) return;
    await mkdir(inner, { recursive: true, mode: 0o700 });
    await syncFolder(join(this.folder, sha256.slice(0, 2)));
    await syncFolder(this.folder);
    this.#durable.add(inner);
  }
}

/** Errors of the source pass as they are; those of the file are the store's. */
async function writeDurably(path: string, content: BlobContent): Promise<BlobRef> {
  const hash = createHash('sha256');
  let bytes = 0;
  // A stream may fail before it is read: without somebody who listens that ends the process. Reading it throws the same error.
  if (content instanceof Stream) content.on('error', () => {});
  const file = await unlessUnavailable(() => open(path, 'wx', 0o600));
  try {
    for await (const chunk of piecesOf(content)) {
      hash.update(chunk);
      bytes += chunk.byteLength;
      await unlessUnavailable(() => file.appendFile(chunk));
    }
    await unlessUnavailable(() => file.sync());
  } finally {
    await file.close();
  }
  return { sha256: hash.digest('hex'), bytes };
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

const unavailable = (error: unknown): SlipwayError =>
  new SlipwayError('blob-unavailable', `The store of blobs: ${(error as Error).message}`, undefined, { cause: error });

/** What the file system refuses (disk full, not allowed, gone) becomes `blob-unavailable`; all else passes as it is. */
async function unlessUnavailable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw typeof (error as NodeJS.ErrnoException)?.syscall === 'string' ? unavailable(error) : error;
  }
}
