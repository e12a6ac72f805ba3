import type { Artefact, JavaKind } from './artefact.js';
import type { Content } from './content.js';
import { readDebianPackage } from './debian/debian-package.js';
import { readJavaArchive } from './jar/java-archive.js';
import { readNpmPackage } from './npm/npm-package.js';
import { refused, shown } from './refusal.js';

type Reader = (file: string, content: Content) => Promise<Artefact>;

const java =
  (kind: JavaKind): Reader =>
  (file, content) =>
    readJavaArchive(kind, file, content);

/** Who reads what, by the end of the file's name. What nobody reads is a plain file. */
const READERS: readonly [end: string, read: Reader][] = [
  ['.jar', java('jar')],
  ['.war', java('war')],
  ['.ear', java('ear')],
  ['.sar', java('sar')],
  ['.rar', java('rar')],
  ['.deb', readDebianPackage],
  ['.tgz', readNpmPackage],
];

const FILE = /^[A-Za-z0-9][A-Za-z0-9._+~#@-]{0,199}$/;

/**
 * Reads what an artefact says of itself. `file`: its name, without a folder. All of it is looked at, in memory that does not depend
 * on how large it is. Throws `bad-input` that names where in the artefact, and why; and what the system says of a file that cannot be read.
 */
export async function readArtefact(file: string, content: Content): Promise<Artefact> {
  if (!FILE.test(file))
    throw refused(
      shown(file),
      'the name of an artefact is 1 to 200 letters, digits and . _ + ~ # @ -, and begins with a letter or digit',
    );
  const [, read] = READERS.find(([end]) => file.toLowerCase().endsWith(end)) ?? [];
  return read ? read(file, content) : { kind: 'file', file, name: file };
}
