import { constants } from 'node:fs';
import { link, lstat, mkdir, open, realpath, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Header } from 'tar-stream';
import type { SlipwayError } from '@slipway/contracts';
import { partsOf } from '../tar/entry-name.js';
import { PortableEntries } from '../tar/portable-entries.js';
import { refused as refusedAs } from '../tar/refusal.js';
import { walkTar, type Entry } from '../tar/walk-tar.js';
import { wayBelow } from './way-below.js';
import { WriteBehind } from './write-behind.js';

/** What an archive may hold at most; of data {@link PortableEntries} says how many, and who reads them how much. */
const LIMITS = { entries: 200_000, depth: 256, bytes: 8 * 1024 ** 3 };

/**
 * Unpacks a tar stream below `root`, which is made when it is missing.
 *
 * U1. Nothing is written outside of `root`: names are taken apart by us, no folder on the way may be a link, and files are
 *     made exclusively and never through a link.
 * U2. Symbolic links are made last, when nothing can be written through them any more, and only such as lead to something
 *     inside; hard links only to files that came with the same archive.
 * U3. Permission bits only: no setuid, no setgid, no owner, no device, no pipe.
 * U4. All of it is on disk when it ends.
 * U5. Of data (`portable`) nothing is taken that {@link PortableEntries} refuses; files and folders get the times that they had, folders their modes too.
 * Whatever is refused leaves behind what was unpacked before: unpack into a folder that is thrown away.
 */
export async function unpackTar(root: string, tar: Readable, { portable = false } = {}): Promise<void> {
  await mkdir(root, { recursive: true });
  const below = new Below(await realpath(root), portable);
  const links: { name: string; target: string }[] = [];
  const folders: Header[] = [];
  const rules = portable ? new PortableEntries() : undefined;
  let entries = 0;
  let bytes = 0;
  const unpack = async (entry: Entry) => {
    const { header } = entry;
    if (rules) {
      rules.add(header);
      if (header.type === 'directory') folders.push(header);
    } else {
      if (++entries > LIMITS.entries) throw refused(header.name, `the archive holds more than ${LIMITS.entries} entries`);
      bytes += header.size ?? 0;
      if (bytes > LIMITS.bytes) throw refused(header.name, `the archive holds more than ${LIMITS.bytes} bytes`);
    }
    if (header.type === 'symlink') links.push({ name: header.name, target: header.linkname ?? '' });
    else await below.add(entry);
  };
  await walkTar(tar, unpack, portable ? 'archive-invalid' : 'bad-input');
  for (const { name, target } of links) await below.link(name, target);
  // The rules of data see to it already, also for a link that leads nowhere.
  if (!portable) for (const { name } of links) await below.assertInside(name);
  await below.finish(folders);
}

/** The only one that writes: everything it makes lies below its folder. */
class Below {
  readonly #folders = new Set<string>();
  readonly #files = new Map<string, Last | null>();

  constructor(
    private readonly root: string,
    private readonly portable: boolean,
  ) {}

  async add(entry: Entry): Promise<void> {
    const { name, type, mode = 0o644, linkname } = entry.header;
    switch (type) {
      case 'directory':
        return this.#folder(this.#path(name));
      case 'file':
      case 'contiguous-file':
        return this.#file(this.#path(name), mode & 0o777, entry);
      case 'link':
        return this.#hardLink(this.#path(name), name, this.#path(linkname ?? ''));
      default:
        throw refused(name, `it is a ${type ?? 'thing without a type'}`);
    }
  }

  async link(name: string, target: string): Promise<void> {
    const path = this.#path(name);
    await this.#folder(dirname(path));
    await symlink(target, path).catch((error: unknown) => {
      throw refused(name, (error as NodeJS.ErrnoException).code === 'EEXIST' ? 'the name comes twice' : String(error));
    });
  }

  /** Asked of the file system itself, with all links made: only it knows where a chain of links leads. */
  async assertInside(name: string): Promise<void> {
    const target = await realpath(this.#path(name)).catch(() => null);
    if (target === null) throw refused(name, 'it is a link that leads nowhere');
    if (wayBelow(this.root, target) === undefined) throw refused(name, 'it is a link that leads out');
  }

  #path(name: string): string {
    return join(this.root, ...partsOf(name, LIMITS.depth, 'bad-input'));
  }

  async #folder(path: string): Promise<void> {
    if (path === this.root || this.#folders.has(path)) return;
    await this.#folder(dirname(path));
    // Of data the rules count them: there it may be more.
    if (!this.portable && this.#folders.size >= LIMITS.entries) {
      throw refused(path.slice(0, 100), `the archive needs more than ${LIMITS.entries} folders`);
    }
    await mkdir(path, 0o755).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST' || !(await lstat(path)).isDirectory()) throw refused(path, 'it is in the way');
    });
    this.#folders.add(path);
  }

  /**
   * U4, and U5 for the folders of data: modes and times when nothing is written any more, innermost first. Several files at
   * once, because the disk then does it once.
   */
  async finish(folders: readonly Header[]): Promise<void> {
    const files = this.#files.entries();
    const work = Array.from({ length: 16 }, async () => {
      for (const [path, file] of files) if (file) await finish(path, file);
    });
    await Promise.all(work);
    const known = new Map(folders.map((header) => [this.#path(header.name), header]));
    for (const path of [...this.#folders].toReversed()) await finish(path, known.get(path) ?? {});
    await finish(this.root, {});
  }

  async #file(path: string, mode: number, content: Entry): Promise<void> {
    await this.#folder(dirname(path));
    const handle = await open(
      path,
      constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
      0o600,
    ).catch((error: NodeJS.ErrnoException) => {
      throw refused(path, error.code === 'EEXIST' ? 'the name comes twice' : error.message);
    });
    try {
      const behind = new WriteBehind(handle);
      for await (const piece of content) await behind.write(piece as Buffer);
      await behind.settled();
    } finally {
      await handle.close();
    }
    const { mtime } = content.header;
    this.#files.set(path, { mode, ...(this.portable && mtime && { mtime }) });
  }

  async #hardLink(path: string, name: string, target: string): Promise<void> {
    if (!this.#files.has(target)) throw refused(name, 'it is a link to a file that did not come before it');
    await this.#folder(dirname(path));
    await link(target, path).catch((error: NodeJS.ErrnoException) => {
      throw refused(name, error.code === 'EEXIST' ? 'the name comes twice' : error.message);
    });
    this.#files.set(path, null);
  }
}

const refused = (name: string, reason: string): SlipwayError => refusedAs(name, reason, 'bad-input');

interface Last {
  mode?: number;
  mtime?: Date;
}

async function finish(path: string, { mode, mtime }: Last): Promise<void> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    if (mtime) await handle.utimes(mtime, mtime);
    if (mode !== undefined) await handle.chmod(mode & 0o777);
    await handle.sync();
  } finally {
    await handle.close();
  }
}
