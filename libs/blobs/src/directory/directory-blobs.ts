import { createHash } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Stream, type Readable } from 'node:stream';
import type { BlobRef } from '@slipway/contracts';
import { SlipwayError } from '@slipway/contracts/public';
import { CheckedContent, assertHolder, assertSha256, damaged, isHolder, missing, piecesOf } from '../digest.js';
import type { BlobContent, Blobs, Contents, HeldBlobs } from '../port.js';
import { sweepLeftovers, unfinishedName } from './leftovers.js';

const MIB = 1024 * 1024;
/** How much is read of a file at once: what is behind it (hash, decompression) costs per piece. */
const READ = MIB / 4;
const UNFINISHED = 'unfinished';
const HELD = 'held';

/** Opens the store of blobs in a folder, made if it is not there. Several processes may use the same folder. */
export async function openBlobs({ folder }: { folder: string }): Promise<Blobs> {
  return unlessUnavailable(async () => {
    await mkdir(join(folder, UNFINISHED), { recursive: true, mode: 0o700 });
    await sweepLeftovers(join(folder, UNFINISHED));
    return new DirectoryBlobs(folder);
  });
}

/**
 * Blobs as files. Content is written beside, synced, renamed to its name, and the folder synced: a name that is there has all of its
 * content, whenever the power goes.
 */
abstract class Files implements Contents {
  /** `folder`: of the whole store. */
  constructor(protected readonly folder: string) {}

  protected abstract folderOf(sha256: string): string;
  /** Makes the folder of a blob, durable with all above it; another process may have made it just now. */
  protected abstract prepareFolder(sha256: string): Promise<void>;

  async put(content: BlobContent): Promise<BlobRef> {
    const unfinished = join(this.folder, UNFINISHED, unfinishedName());
    try {
      const ref = await writeDurably(unfinished, content);
      await unlessUnavailable(async () => {
        await this.prepareFolder(ref.sha256);
        // Always, even when the name is there: the same bytes again mend a damaged blob.
        await rename(unfinished, this.#path(ref.sha256));
        await syncFolder(this.folderOf(ref.sha256));
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

  #path(sha256: string): string {
    return join(this.folderOf(sha256), sha256);
  }

  async #openFile(sha256: string): Promise<FileHandle> {
    assertSha256(sha256);
    return unlessUnavailable(() =>
      open(this.#path(sha256), 'r').catch((error: NodeJS.ErrnoException) => {
        throw error.code === 'ENOENT' ? missing(sha256) : error;
      }),
    );
  }
}

/** `<folder>/<2 digits>/<2 digits>/<sha256>`, and who holds blobs beside. */
class DirectoryBlobs extends Files implements Blobs {
  /** Folders that this process has seen to be durable. */
  readonly #durable = new Set<string>();

  of(holder: string): HeldBlobs {
    assertHolder(holder);
    return new DirectoryHeld(this.folder, holder);
  }

  holders(): Promise<{ holder: string; touched: number }[]> {
    return unlessUnavailable(async () => {
      const names = await unlessMissing(readdir(join(this.folder, HELD)), []);
      const found = names.filter(isHolder).map(async (holder) => {
        const there = await unlessMissing(stat(join(this.folder, HELD, holder)), undefined);
        return there ? [{ holder, touched: there.mtimeMs }] : [];
      });
      return (await Promise.all(found)).flat();
    });
  }

  protected folderOf(sha256: string): string {
    return join(this.folder, sha256.slice(0, 2), sha256.slice(2, 4));
  }

  protected async prepareFolder(sha256: string): Promise<void> {
    const inner = this.folderOf(sha256);
    if (this.#durable.has(inner)) return;
    await mkdir(inner, { recursive: true, mode: 0o700 });
    await syncFolder(join(this.folder, sha256.slice(0, 2)));
    await syncFolder(this.folder);
    this.#durable.add(inner);
  }
}

/** `<folder>/held/<holder>/<sha256>`. */
class DirectoryHeld extends Files implements HeldBlobs {
  constructor(
    folder: string,
    private readonly holder: string,
  ) {
    super(folder);
  }

  remove(): Promise<void> {
    return unlessUnavailable(() => rm(this.folderOf(), { recursive: true, force: true }));
  }

  protected folderOf(): string {
    return join(this.folder, HELD, this.holder);
  }

  protected async prepareFolder(): Promise<void> {
    await mkdir(this.folderOf(), { recursive: true, mode: 0o700 });
    await syncFolder(join(this.folder, HELD));
    await syncFolder(this.folder);
  }
}

async function unlessMissing<T, Else>(found: Promise<T>, otherwise: Else): Promise<T | Else> {
  return found.catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    return otherwise;
  });
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
