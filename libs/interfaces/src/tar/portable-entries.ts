import type { SlipwayError } from '@slipway/contracts';
import { PATH_BYTES, partsOf } from './entry-name.js';
import { refused } from './refusal.js';

/** What a tar of data may hold at most. Its bytes are bounded by who reads it. */
export interface TarLimits {
  /** Entries, together with the folders that they only imply. */
  entries: number;
  /** Folders within each other. */
  depth: number;
  /** Bytes of all names together, each folder's once: what is kept in memory of them. */
  namesBytes: number;
}

export const LIMITS: TarLimits = {
  entries: 500_000,
  depth: 256,
  namesBytes: 64 * 1024 ** 2,
};

/** Of an entry what says where it goes; as `tar-stream` gives it. */
interface Named {
  name: string;
  type?: string | null | undefined;
  linkname?: string | null | undefined;
}

/** A file, a link, a folder, a folder that so far is only implied. */
type Kind = 'file' | 'link' | 'folder' | 'implied';

interface Node {
  kind: Kind;
  /** As it was written; what it is known by is folded. */
  name: string;
  below?: Map<string, Node>;
}

/**
 * The entries of a tar that means the same at every place, told one by one; what does not is refused (`archive-invalid`).
 *
 * T1. Files, folders and symbolic links only.
 * T2. Names are relative and hold no `..`; nothing stands below a file or a link.
 * T3. No name comes twice, nor two that differ only in case or in their Unicode form: some file systems take them for one.
 * T4. A link's target is relative and goes up only at its beginning, never beyond the top. What it goes up through are folders
 *     (T2), what it goes down into may be other such links: so no chain of them leads out.
 * T5. Time and memory are bounded by the limits, whatever the names are: a folder is kept once, however much stands below it, and
 *     each name counts before it is kept.
 */
export class PortableEntries {
  readonly #top: Node = { kind: 'folder', name: '' };
  #entries = 0;
  #kept = 0;
  #namesBytes = 0;

  constructor(private readonly limits: TarLimits = LIMITS) {}

  /** The entry's path, without needless parts; `''` for the top itself. */
  add({ name, type, linkname }: Named): string {
    if (++this.#entries > this.limits.entries) throw this.#tooMany(name);
    const parts = partsOf(name, this.limits.depth);
    switch (type) {
      case 'directory':
        if (parts.length > 0) this.#take(parts, 'folder', name);
        break;
      case 'file':
        this.#leaf(parts, 'file', name);
        break;
      case 'symlink':
        assertInside(parts, linkname ?? '', name);
        this.#leaf(parts, 'link', name);
        break;
      default:
        throw refused(name, `it is a ${type ?? 'thing without a type'}; only files, folders and symbolic links are taken`);
    }
    return parts.join('/');
  }

  #leaf(parts: string[], kind: Kind, name: string): void {
    if (parts.length === 0) throw refused(name, 'its name is not one');
    this.#take(parts, kind, name);
  }

  #take(parts: string[], kind: Kind, name: string): void {
    let folder = this.#top;
    for (const [index, part] of parts.entries()) {
      const isLast = index === parts.length - 1;
      const there = folder.below?.get(folded(part));
      if (there && there.name !== part) throw alike(name, [...parts.slice(0, index), there.name].join('/'));
      if (there && !isLast && (there.kind === 'file' || there.kind === 'link')) {
        throw refused(name, `it stands below ${JSON.stringify(parts.slice(0, index + 1).join('/'))}, which is no folder`);
      }
      if (there && isLast && !(there.kind === 'implied' && kind === 'folder')) throw refused(name, 'the name comes twice');
      folder = there ?? this.#keep(folder, part, name);
      if (isLast) folder.kind = kind;
    }
  }

  /** T5. */
  #keep(folder: Node, part: string, name: string): Node {
    const { entries, namesBytes } = this.limits;
    if (++this.#kept > entries) throw this.#tooMany(name);
    const bytes = Buffer.from(part);
    this.#namesBytes += bytes.length;
    if (this.#namesBytes > namesBytes) {
      throw refused(name.slice(0, 100), `the names of the archive have more than ${namesBytes} bytes together`);
    }
    // A copy: a piece of a long name would keep all of it.
    const node: Node = { kind: 'implied', name: bytes.toString() };
    const known = folded(node.name);
    (folder.below ??= new Map()).set(known === node.name ? node.name : known, node);
    return node;
  }

  #tooMany(name: string): SlipwayError {
    const { entries } = this.limits;
    return refused(name.slice(0, 100), `the archive holds more than ${entries} entries, and folders on the way to them`);
  }
}

/** Why a link's target is not taken; nothing when it is (T4). */
export function targetProblem(path: string, target: string): string | undefined {
  try {
    assertInside(partsOf(path, LIMITS.depth), target, path);
    return undefined;
  } catch (error) {
    return (error as SlipwayError).details?.['reason'] as string;
  }
}

/** T4. */
function assertInside(parts: readonly string[], target: string, name: string): void {
  const steps = target.split('/');
  if (target === '' || target.includes('\0') || Buffer.byteLength(target) > PATH_BYTES) {
    throw refused(name, 'it is a link whose target is not one');
  }
  if (target.startsWith('/')) throw refused(name, 'it is a link to an absolute name');
  const up = steps.filter((step) => step !== '' && step !== '.').findIndex((step) => step !== '..');
  const ups = steps.filter((step) => step === '..').length;
  if (up !== -1 && ups > up) throw refused(name, 'it is a link whose target goes up after it has gone down');
  if (ups > parts.length - 1) throw refused(name, 'it is a link that leads out');
}

const folded = (path: string): string => path.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC');

const alike = (name: string, other: string): SlipwayError =>
  refused(name, `its name differs from ${JSON.stringify(other)} only in case or Unicode form`);
