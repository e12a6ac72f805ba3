import type { Header } from 'tar-stream';
import type { SlipwayError } from '@slipway/contracts';
import { partsOf } from './entry-name.js';
import { refused as refusedAs } from './refusal.js';
import type { TarEntry } from './tar-header.js';

/** What an artefact may hold at most: entries and folders each, folders within each other, bytes of files. */
const LIMITS = { entries: 200_000, depth: 256, bytes: 8 * 1024 ** 3 };

/** More links in a row are a circle (path_resolution(7)). */
const HOPS = 40;

type Kind = { type: 'file' | 'folder' | 'other' } | { type: 'link'; target: string };

/**
 * The entries of an artefact's tar, told one by one, and what each becomes below the folder that it is unpacked to; what must not is
 * refused (`bad-input`). The same rules as where it is unpacked on this machine, kept without a look at the place:
 *
 * A1. Nothing leads outside: names are relative and hold no `..`; nothing stands below a file or a link, also one that was there before.
 * A2. No name comes twice, and none that is there already, but folders.
 * A3. Symbolic links come last, and only such as lead to something inside, however many others they lead through; hard links only to
 *     files that came before.
 * A4. Files, folders and links only; permission bits only.
 */
export class ArtefactEntries {
  readonly #there = new Map<string, Kind>();
  readonly #links: { name: string; parts: string[]; target: string }[] = [];
  #entries = 0;
  #folders = 0;
  #bytes = 0;

  /** Something that stood there before: a folder, or not. */
  stands(path: string, isFolder: boolean): void {
    this.#there.set(path, { type: isFolder ? 'folder' : 'other' });
  }

  /** What it becomes now; nothing for the top, and for a symbolic link, which comes last. */
  add({ name, type, mode = 0o644, linkname, size = 0 }: Partial<Header> & Pick<Header, 'name'>): TarEntry | undefined {
    if (++this.#entries > LIMITS.entries) throw refused(name, `the archive holds more than ${LIMITS.entries} entries`);
    this.#bytes += size;
    if (this.#bytes > LIMITS.bytes) throw refused(name, `the archive holds more than ${LIMITS.bytes} bytes`);
    const parts = partsOf(name, LIMITS.depth, 'bad-input');
    const path = parts.join('/');
    switch (type) {
      case 'directory':
        this.#folder(parts, name);
        return path === '' ? undefined : { name: path, type: 'directory', mode: 0o755, mtime: 0 };
      case 'file':
      case 'contiguous-file':
        this.#take(parts, name, { type: 'file' });
        return { name: path, type: 'file', mode: mode & 0o777, mtime: 0, size };
      case 'link': {
        const target = partsOf(linkname ?? '', LIMITS.depth, 'bad-input').join('/');
        if (this.#there.get(target)?.type !== 'file') throw refused(name, 'it is a link to a file that did not come before it');
        this.#take(parts, name, { type: 'file' });
        return { name: path, type: 'link', mode: mode & 0o777, mtime: 0, target };
      }
      case 'symlink':
        this.#links.push({ name, parts, target: linkname ?? '' });
        return undefined;
      default:
        throw refused(name, `it is a ${type ?? 'thing without a type'}`);
    }
  }

  /** A3: its symbolic links, when all else is known. */
  links(): TarEntry[] {
    for (const { name, parts, target } of this.#links) this.#take(parts, name, { type: 'link', target });
    for (const { name, parts } of this.#links) this.#assertInside(parts, name);
    return this.#links.map(({ parts, target }) => ({ name: parts.join('/'), type: 'symlink', mode: 0o777, mtime: 0, target }));
  }

  #take(parts: readonly string[], name: string, kind: Kind): void {
    if (parts.length === 0) throw refused(name, 'its name is not one');
    this.#folder(parts.slice(0, -1), name);
    const path = parts.join('/');
    if (this.#there.has(path)) throw refused(name, 'the name comes twice');
    this.#there.set(path, kind);
  }

  #folder(parts: readonly string[], name: string): void {
    for (let length = 1; length <= parts.length; length += 1) {
      const path = parts.slice(0, length).join('/');
      const there = this.#there.get(path);
      if (there && there.type !== 'folder') throw refused(name, `${JSON.stringify(path)} is in the way`);
      if (there) continue;
      if (++this.#folders > LIMITS.entries) throw refused(name, `the archive needs more than ${LIMITS.entries} folders`);
      this.#there.set(path, { type: 'folder' });
    }
  }

  #assertInside(parts: readonly string[], name: string): void {
    const passed: string[] = [];
    const ahead = [...parts];
    for (let hops = 0; ahead.length > 0;) {
      const part = ahead.shift()!;
      if (part === '' || part === '.') continue;
      if (part === '..') {
        if (passed.pop() === undefined) throw refused(name, 'it is a link that leads out');
        continue;
      }
      passed.push(part);
      const there = this.#there.get(passed.join('/'));
      if (there === undefined || hops > HOPS) throw refused(name, 'it is a link that leads nowhere');
      if (there.type === 'other' || (there.type === 'file' && ahead.some((rest) => rest !== '' && rest !== '.'))) {
        throw refused(name, 'it is a link through what is no folder of the archive');
      }
      if (there.type !== 'link') continue;
      if (there.target === '' || there.target.includes('\0')) throw refused(name, 'it is a link whose target is not one');
      if (there.target.startsWith('/')) throw refused(name, 'it is a link to an absolute name');
      hops += 1;
      passed.pop();
      ahead.unshift(...there.target.split('/'));
    }
  }
}

const refused = (name: string, reason: string): SlipwayError => refusedAs(name.slice(0, 200), reason, 'bad-input');
