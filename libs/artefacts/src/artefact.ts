import type { Fault } from './refusal.js';
import type { Bundle } from './osgi/wiring.js';

/** Java archives, by the end of their file's name, which is what servers go by. */
export const JAVA_KINDS = ['jar', 'war', 'ear', 'sar', 'rar'] as const;
export type JavaKind = (typeof JAVA_KINDS)[number];

interface Named {
  /** The file's name, without a folder: letters, digits and `. _ + ~ # @ -`. */
  file: string;
  /** What it is called, whatever its version and its file: a symbolic name, a package's name. */
  name: string;
}

/** A Java archive. Its name is that of the bundle or module, else the file's without a version. */
export interface JavaArchive extends Named {
  kind: JavaKind;
  version?: string;
  /** What its headers say where it wants to be a bundle, or all that is wrong with them: only an OSGi framework cares. */
  osgi?: { bundle: Bundle } | { faults: readonly Fault[] };
}

/** A package of npm, as `npm pack` makes it. */
export interface NpmPackage extends Named {
  kind: 'npm';
  version: string;
  /** Packages that it depends on and does not bring along; left out where there are none. */
  needs?: string[];
}

/** A binary package of Debian. */
export interface DebianPackage extends Named {
  kind: 'deb';
  version: string;
  architecture: string;
}

/** Anything else. */
export interface PlainFile extends Named {
  kind: 'file';
}

/** What a definition brings, as far as where it goes depends on it. Read from the artefact itself. */
export type Artefact = JavaArchive | NpmPackage | DebianPackage | PlainFile;

export const isJavaArchive = (artefact: Artefact): artefact is JavaArchive =>
  (JAVA_KINDS as readonly string[]).includes(artefact.kind);

const versionOf = (artefact: Artefact): string | undefined => ('version' in artefact ? artefact.version : undefined);

/** Whether they are two versions of one thing. */
export const isOtherVersion = (a: Artefact, b: Artefact): boolean =>
  a.kind === b.kind && a.name === b.name && versionOf(a) !== versionOf(b);

/** What an artefact is, in words. */
export const kindInWords: Readonly<Record<Artefact['kind'], string>> = {
  jar: 'a jar',
  war: 'a WAR',
  ear: 'an EAR',
  sar: 'a SAR',
  rar: 'a RAR',
  npm: 'an npm package',
  deb: 'a Debian package',
  file: 'a plain file',
};

/** An artefact in words: `shop-1.0.0.war (a WAR, shop 1.0.0)`. */
export const artefactInWords = (artefact: Artefact): string => {
  const { kind, file, name } = artefact;
  if (kind === 'file') return `${file} (${kindInWords.file})`;
  const version = versionOf(artefact);
  return `${file} (${kindInWords[kind]}, ${version === undefined ? name : `${name} ${version}`})`;
};
