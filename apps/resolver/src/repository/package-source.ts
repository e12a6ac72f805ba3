import { lstat, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ContentPackage, type ResourceDefinition } from '@slipway/contracts';
import type { Contents } from '@slipway/blobs';
import { fieldErrors, type FieldError } from '@slipway/mesh';
import { plainToInstance } from 'class-transformer';
import { artefactOf, type Artefact } from './artefact-of.js';
import { ContentDocument, type Problem } from './document.js';
import { packageRules, within } from './rules.js';

/** A content package as it stands in the content folder: a folder with `package.yaml`, or one file. */
export interface PackageSource {
  /** Name in the content folder: `samples`, or `notes.yaml`. */
  entry: string;
  /** The file with the definitions, relative to the content folder. */
  file: string;
  /** Folder that artefacts are relative to; none for a package of one file. */
  folder?: string;
}

/** A content package that passed every rule. */
export interface LoadedPackage {
  name: string;
  version: string;
  description?: string;
  definitions: ResourceDefinition[];
  /** The file that holds them, relative to the content folder, and where in it each begins. */
  file: string;
  places: { line: number; column: number }[];
}

/** A package that is refused, whole. */
export class PackageRefused extends Error {
  constructor(readonly problems: Problem[]) {
    super(problems[0]!.reason);
  }
}

/** Files of which one is the package of its folder. */
export const PACKAGE_FILES = ['package.yaml', 'package.yml', 'package.json'];
/** Name of a file that is a package itself. */
export const SINGLE_FILE = /^[^.].*\.(yaml|yml|json)$/;

/** The packages that a content folder holds, or the one in that entry of it, and what looks like one and is none. */
export async function findPackages(
  contentFolder: string,
  only?: string,
): Promise<{ sources: PackageSource[]; problems: Problem[] }> {
  const sources: PackageSource[] = [];
  const problems: Problem[] = [];
  const entries = (await readdir(contentFolder, { withFileTypes: true })).filter(
    ({ name }) => only === undefined || name === only,
  );
  if (only !== undefined && entries.length === 0) problems.push({ file: only, reason: 'is not there' });
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const { name } = entry;
    if (name.startsWith('.')) continue;
    if (entry.isSymbolicLink()) problems.push({ file: name, reason: 'is a link; put the package itself here' });
    else if (entry.isFile() && SINGLE_FILE.test(name)) sources.push({ entry: name, file: name });
    else if (entry.isDirectory()) {
      const folder = join(contentFolder, name);
      const files = (await readdir(folder)).filter((file) => PACKAGE_FILES.includes(file));
      if (files.length === 1) sources.push({ entry: name, file: `${name}/${files[0]}`, folder });
      else
        problems.push({
          file: name,
          reason: files.length === 0 ? 'has no package.yaml' : `has ${files.join(' and ')}; there can be one`,
        });
    }
  }
  return { sources, problems };
}

/** Changes whenever something of the package does: the file with the definitions, or anything in its folder. */
export async function stampOf(contentFolder: string, { file, folder }: PackageSource): Promise<string> {
  const below = folder === undefined ? [] : await readdir(folder, { recursive: true });
  const paths = [join(contentFolder, file), ...below.toSorted().map((name) => join(folder!, name))];
  const stamps = paths.map(async (path) => {
    const { ino, mode, size, mtimeMs, ctimeMs } = await lstat(path);
    return [path, ino, mode, size, mtimeMs, ctimeMs];
  });
  return JSON.stringify(await Promise.all(stamps));
}

/** A content package that is good in itself, while its artefacts still stand where it was read. */
export interface ReadPackage extends LoadedPackage {
  /** Puts the artefacts into blobs, and pins them in the definitions. */
  load(blobs: Pick<Contents, 'put'>): Promise<LoadedPackage>;
}

/** {@link readPackage}, with its artefacts stored. */
export async function loadPackage(
  contentFolder: string,
  source: PackageSource,
  blobs: Pick<Contents, 'put'>,
): Promise<LoadedPackage> {
  return (await readPackage(contentFolder, source)).load(blobs);
}

/**
 * Reads a package and checks it as a whole; keeps nothing of it. The one place where packages are checked, whichever way they come.
 * Throws {@link PackageRefused} with everything that is wrong; other errors (disk) say nothing about the package.
 */
export async function readPackage(contentFolder: string, source: PackageSource): Promise<ReadPackage> {
  const found = await lstat(join(contentFolder, source.file));
  if (!found.isFile()) throw new PackageRefused([{ file: source.file, reason: 'is a link; put the file itself here' }]);
  const document = new ContentDocument(source.file, await readFile(join(contentFolder, source.file), 'utf8'));
  if (document.value === undefined) throw new PackageRefused(document.problems);
  const content = plainToInstance(ContentPackage, document.value as object, { exposeUnsetFields: false });
  const refuseIf = (errors: FieldError[]) => {
    if (errors.length === 0) return;
    const problems = errors.map(({ field, reason }) => document.problemAt(field === '' ? [] : field.split('.'), reason));
    throw new PackageRefused(problems.toSorted((a, b) => a.line! - b.line! || a.column! - b.column!));
  };
  refuseIf(fieldErrors(content));
  refuseIf(packageRules(content));

  // The definitions as they were written: what the classes add must not change their hash.
  const written = (document.value as unknown as ContentPackage).definitions;
  const artefacts = await Promise.all(written.map((definition) => artefactOf(definition, source.folder)));
  refuseIf(artefacts.flatMap((artefact, index) => within(`definitions.${index}`, 'errors' in artefact ? artefact.errors : [])));
  const places = written.map((_, index) => document.placeOf(['definitions', `${index}`]));
  const { name, version, description } = content;
  const read = { name, version, ...(description !== undefined && { description }), file: source.file, places };
  return {
    ...read,
    definitions: written,
    async load(blobs) {
      const definitions: ResourceDefinition[] = [];
      for (const [index, definition] of written.entries())
        definitions.push(await (artefacts[index] as Artefact).stored(definition, blobs));
      return { ...read, definitions };
    },
  };
}
