import { lstat, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ContentPackage, type JsonObject, type ResourceDefinition } from '@slipway/contracts';
import type { Blobs } from '@slipway/blobs';
import { fieldErrors, type FieldError } from '@slipway/mesh';
import { plainToInstance } from 'class-transformer';
import { listArtefact, packArtefact, type ArtefactEntry } from './artefact.js';
import { ContentDocument, type Problem } from './document.js';
import { packageRules } from './rules.js';

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
  definitions: ResourceDefinition[];
}

/** A package that is refused, whole. */
export class PackageRefused extends Error {
  constructor(readonly problems: Problem[]) {
    super(problems[0]!.reason);
  }
}

const PACKAGE_FILES = ['package.yaml', 'package.yml', 'package.json'];
const SINGLE_FILE = /^[^.].*\.(yaml|yml|json)$/;

/** The packages that a content folder holds, and what in it looks like one and is none. */
export async function findPackages(contentFolder: string): Promise<{ sources: PackageSource[]; problems: Problem[] }> {
  const sources: PackageSource[] = [];
  const problems: Problem[] = [];
  for (const entry of (await readdir(contentFolder, { withFileTypes: true })).toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
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

/**
 * Reads a package, checks it as a whole and stores its artefacts. Throws {@link PackageRefused} with everything that is
 * wrong; other errors (blobs away, disk) say nothing about the package.
 */
export async function loadPackage(contentFolder: string, source: PackageSource, blobs: Blobs): Promise<LoadedPackage> {
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
  refuseIf(
    artefacts.flatMap((artefact, index) =>
      'problem' in artefact ? [{ field: `definitions.${index}.spec.artefact`, reason: artefact.problem }] : [],
    ),
  );
  const definitions: ResourceDefinition[] = [];
  for (const [index, definition] of written.entries())
    definitions.push(await withArtefact(definition, artefacts[index] as Artefact, blobs));
  return { name: content.name, version: content.version, definitions };
}

/** What `npm ci` reads. */
const MANIFESTS = ['package.json', 'package-lock.json'];
const wantsCi = ({ spec }: ResourceDefinition): boolean => (spec?.npm as { ci?: unknown } | undefined)?.ci === true;

type Artefact = { folder?: string; entries: ArtefactEntry[] };

/** What stands in the folder that a definition names, or why it cannot be taken. */
async function artefactOf(definition: ResourceDefinition, folder: string | undefined): Promise<Artefact | { problem: string }> {
  const artefact = definition.spec?.artefact;
  if (typeof artefact !== 'string') return { entries: [] };
  if (folder === undefined) return { problem: 'needs a package that is a folder; this one is a single file' };
  try {
    let path = folder;
    for (const part of artefact.split('/').filter((name) => name !== '' && name !== '.')) {
      path = join(path, part);
      if (!(await lstat(path)).isDirectory()) return { problem: `${artefact} is not a folder of the package` };
    }
    if (path === folder) return { problem: 'must be a folder within the package, not the package itself' };
    const entries = await listArtefact(path);
    const missing = MANIFESTS.filter((file) => !entries.some((entry) => entry.path === file));
    if (wantsCi(definition) && missing.length > 0)
      return { problem: `${artefact} holds no ${missing.join(' and no ')}, which npm.ci installs from` };
    return { folder: path, entries };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { problem: code === 'ENOENT' ? `${artefact} is not there` : message };
  }
}

async function withArtefact(
  definition: ResourceDefinition,
  { folder, entries }: Artefact,
  blobs: Blobs,
): Promise<ResourceDefinition> {
  if (folder === undefined) return definition;
  const artefactBlob = await blobs.put(packArtefact(folder, entries));
  return { ...definition, spec: { ...definition.spec, artefactBlob: artefactBlob as unknown as JsonObject } };
}
