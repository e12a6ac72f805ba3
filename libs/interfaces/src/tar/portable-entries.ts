import { SlipwayError } from '@slipway/contracts';

/** What a tar of data may hold at most. Its bytes are bounded by who reads it. */
const LIMITS = { entries: 500_000, pathBytes: 4_096, nameBytes: 255 };

/** Of an entry what says where it goes; as `tar-stream` gives it. */
interface Named {
  name: string;
  type?: string | null | undefined;
  linkname?: string | null | undefined;
}

type Kind = 'f' | 'l' | 'd' | 'i';

/**
 * The entries of a tar that means the same at every place, told one by one; what does not is refused (`archive-invalid`).
 *
 * T1. Files, folders and symbolic links only.
 * T2. Names are relative and hold no `..`; nothing stands below a file or a link.
 * T3. No name comes twice, nor two that differ only in case or in their Unicode form: some file systems take them for one.
 * T4. A link's target is relative and goes up only at its beginning, never beyond the top. What it goes up through are folders
 *     (T2), what it goes down into may be other such links: so no chain of them leads out.
 */
export class PortableEntries {
  /** By folded path: the kind (`i`: a folder that so far is only implied), and the path as it is. */
  readonly #known = new Map<string, `${Kind}${string}`>();
  #entries = 0;

  /** The entry's path, without needless parts; `''` for the top itself. */
  add({ name, type, linkname }: Named): string {
    if (++this.#entries > LIMITS.entries) throw refused(name, `the archive holds more than ${LIMITS.entries} entries`);
    const parts = partsOf(name);
    const path = parts.join('/');
    switch (type) {
      case 'directory':
        this.#folder(parts, name);
        return path;
      case 'file':
        this.#leaf('f', parts, name);
        return path;
      case 'symlink':
        assertInside(parts, linkname ?? '', name);
        this.#leaf('l', parts, name);
        return path;
      default:
        throw refused(name, `it is a ${type ?? 'thing without a type'}; only files, folders and symbolic links are taken`);
    }
  }

  #folder(parts: string[], name: string): void {
    if (parts.length === 0) return;
    this.#parents(parts, name);
    this.#take(parts.join('/'), 'd', name);
  }

  #leaf(kind: 'f' | 'l', parts: string[], name: string): void {
    if (parts.length === 0) throw refused(name, 'its name is not one');
    this.#parents(parts, name);
    this.#take(parts.join('/'), kind, name);
  }

  #parents(parts: string[], name: string): void {
    let path = '';
    for (const part of parts.slice(0, -1)) {
      path = path === '' ? part : `${path}/${part}`;
      const known = this.#known.get(folded(path));
      if (known === undefined) this.#known.set(folded(path), `i${path}`);
      else if (known.slice(1) !== path) throw alike(name, known.slice(1));
      else if (known[0] === 'f' || known[0] === 'l') {
        throw refused(name, `it stands below ${JSON.stringify(path)}, which is no folder`);
      }
    }
  }

  #take(path: string, kind: Kind, name: string): void {
    const known = this.#known.get(folded(path));
    if (known !== undefined && known.slice(1) !== path) throw alike(name, known.slice(1));
    const isImplied = known?.[0] === 'i' && kind === 'd';
    if (known !== undefined && !isImplied) throw refused(name, 'the name comes twice');
    this.#known.set(folded(path), `${kind}${path}`);
  }
}

/** Why a link's target is not taken; nothing when it is (T4). */
export function targetProblem(path: string, target: string): string | undefined {
  try {
    assertInside(partsOf(path), target, path);
    return undefined;
  } catch (error) {
    return (error as SlipwayError).details?.['reason'] as string;
  }
}

/** T2. */
function partsOf(name: string): string[] {
  if (name.includes('\0') || Buffer.byteLength(name) > LIMITS.pathBytes) throw refused(name.slice(0, 100), 'its name is not one');
  if (name.startsWith('/')) throw refused(name, 'its name is absolute');
  const parts = name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) throw refused(name, 'its name holds ".."');
  const long = parts.find((part) => Buffer.byteLength(part) > LIMITS.nameBytes);
  if (long !== undefined) throw refused(name.slice(0, 100), `a part of its name has more than ${LIMITS.nameBytes} bytes`);
  return parts;
}

/** T4. */
function assertInside(parts: readonly string[], target: string, name: string): void {
  const steps = target.split('/');
  if (target === '' || target.includes('\0') || Buffer.byteLength(target) > LIMITS.pathBytes) {
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

const refused = (name: string, reason: string): SlipwayError =>
  new SlipwayError('archive-invalid', `The archive is refused: ${JSON.stringify(name)}: ${reason}`, { entry: name, reason });
