import type { Entry, LocalFileHeader } from 'yauzl';
import { refused, shown } from '../refusal.js';
import type { ZipLimits } from './limits.js';

/** `st_mode`'s type of a file, as Unix programs write it into the upper half of the external attributes; 0 where they do not. */
const TYPE = { mask: 0o170000, none: 0, file: 0o100000, folder: 0o040000, link: 0o120000 };
/** Stored, and deflated: what the JAR File Specification knows. */
const METHODS = new Set([0, 8]);
/** No byte of DEFLATE makes more than 1032. */
const DEFLATE_RATIO = 1032;
const LONGEST_NAME = 4096;
const DEEPEST = 100;
const FIXED = { central: 46, local: 30 };

/**
 * Looks at the entries of a ZIP before any content is read. What is refused:
 * Z1. names that lead out (absolute, `..`, backslashes: yauzl refuses these), or that are none (control characters, broken UTF-8);
 * Z2. names that come twice, or that are both a file and a folder: two programs would take two different ones;
 * Z3. links and special files; what is encrypted; compression that Java does not know;
 * Z4. entries that say another name in front of their content than in the directory, or whose contents lie over each other;
 * Z5. more of anything than the limits allow.
 */
export class ZipDirectory {
  entries = 0;
  #bytes = 0;
  #contentBytes = 0;
  /** Whether it is a folder, by name without the last slash. */
  readonly #names = new Map<string, boolean>();
  /** Where each entry's bytes begin and end. */
  readonly #extents: [from: number, to: number][] = [];

  constructor(
    private readonly size: number,
    private readonly limits: ZipLimits,
  ) {}

  begin(announced: number): void {
    const { entries } = this.limits;
    if (announced > entries) throw refused('the archive', `it has ${announced} entries; at most ${entries} are taken`);
  }

  add(entry: Entry, local: LocalFileHeader): void {
    const { fileName } = entry;
    const fail = (reason: string) => refused(shown(fileName), reason);
    this.entries++;
    this.#bytes += FIXED.central + entry.fileNameLength + entry.extraFieldLength + entry.fileCommentLength;
    if (this.#bytes > this.limits.directoryBytes)
      throw refused('the archive', `its directory has more than ${this.limits.directoryBytes} bytes`);
    this.#addName(fileName);
    const type = (entry.externalFileAttributes >>> 16) & TYPE.mask;
    if (type === TYPE.link) throw fail('it is a symbolic link');
    if (type !== TYPE.none && type !== TYPE.file && type !== TYPE.folder) throw fail('it is neither a file nor a folder');
    if (entry.isEncrypted()) throw fail('it is encrypted');
    if (!METHODS.has(entry.compressionMethod))
      throw fail(`its compression (method ${entry.compressionMethod}) is not known to Java`);
    if (!(entry.fileNameRaw as Buffer).equals(local.fileName))
      throw fail(`in front of its content it is called ${shown(local.fileName.toString())}`);
    this.#addContent(entry, fail);
    const from = entry.relativeOffsetOfLocalHeader;
    this.#extents.push([from, from + FIXED.local + local.fileNameLength + local.extraFieldLength + entry.compressedSize]);
  }

  end(): void {
    this.#extents.sort(([a], [b]) => a - b);
    for (const [at, [from]] of this.#extents.entries())
      if (at > 0 && from < this.#extents[at - 1]![1])
        throw refused('the archive', 'the contents of two entries lie over each other');
    for (const name of this.#names.keys())
      for (let slash = name.lastIndexOf('/'); slash > 0; slash = name.lastIndexOf('/', slash - 1))
        if (this.#names.get(name.slice(0, slash)) === false)
          throw refused(shown(name), `${shown(name.slice(0, slash))} is a file, so nothing can stand in it`);
  }

  #addName(name: string): void {
    const isFolder = name.endsWith('/');
    const path = isFolder ? name.slice(0, -1) : name;
    if (name.length > LONGEST_NAME) throw refused(shown(name), `its name has more than ${LONGEST_NAME} characters`);
    const parts = path.split('/');
    if (parts.length > DEEPEST) throw refused(shown(name), `it stands more than ${DEEPEST} folders deep`);
    const isName = parts.every((part) => part !== '' && part !== '.');
    if (!isName || /[\p{Cc}\uFFFD]/u.test(path)) throw refused(shown(name), 'its name is none that a file can have');
    if (this.#names.has(path)) throw refused(shown(name), 'it is there twice');
    this.#names.set(path, isFolder);
  }

  #addContent({ compressedSize, uncompressedSize }: Entry, fail: (reason: string) => Error): void {
    const { contentBytes, ratio, smallBytes } = this.limits;
    if (uncompressedSize > compressedSize * DEFLATE_RATIO + DEFLATE_RATIO)
      throw fail(`it cannot have ${uncompressedSize} bytes, compressed to ${compressedSize}`);
    this.#contentBytes += uncompressedSize;
    const sum = this.#contentBytes;
    if (sum > contentBytes) throw refused('the archive', `unpacked it has more than ${contentBytes} bytes`);
    if (sum > smallBytes && sum > this.size * ratio)
      throw refused('the archive', `unpacked it is more than ${ratio} times as large as it is (a ZIP bomb)`);
  }
}
