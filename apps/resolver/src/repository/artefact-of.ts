import { createReadStream } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { bundleErrors, readArtefact, withBundle } from '@slipway/artefacts';
import { factsOf, isBundle } from '@slipway/artefacts/rules';
import type { Contents } from '@slipway/blobs';
import { SlipwayError, targetRequirementOf, type FieldError, type JsonObject, type ResourceDefinition } from '@slipway/contracts';
import { readResource } from '@slipway/solver/resolution';
import { listArtefact, packArtefact } from './artefact.js';

/** An artefact that can be taken. */
export interface Artefact {
  /** The definition with what the artefact says, its content put into blobs. */
  stored(definition: ResourceDefinition, blobs: Pick<Contents, 'put'>): Promise<ResourceDefinition>;
}

/** Why none can, by the fields of its definition. */
export interface Refused {
  errors: FieldError[];
}

const refused = (reason: string): Refused => ({ errors: [{ field: 'spec.artefact', reason }] });
const NONE: Artefact = { stored: async (definition) => definition };

/** What a definition names in its package's folder: of what goes into a target a file, else a folder. */
export async function artefactOf(definition: ResourceDefinition, folder: string | undefined): Promise<Artefact | Refused> {
  const artefact = definition.spec?.artefact;
  if (typeof artefact !== 'string') return NONE;
  if (folder === undefined) return refused('needs a package that is a folder; this one is a single file');
  const wanted = targetRequirementOf(definition) ? 'file' : 'folder';
  try {
    const path = await found(folder, artefact, wanted);
    if (path === undefined) return refused(`${artefact} is not a ${wanted} of the package`);
    if (path === folder) return refused('must be a folder within the package, not the package itself');
    return await (wanted === 'file' ? fileOf(definition, path) : folderOf(definition, path));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return refused(code === 'ENOENT' ? `${artefact} is not there` : message);
  }
}

/** Its path, when nothing on the way is a link. */
async function found(folder: string, artefact: string, wanted: 'file' | 'folder'): Promise<string | undefined> {
  const parts = artefact.split('/').filter((name) => name !== '' && name !== '.');
  let path = folder;
  for (const [at, part] of parts.entries()) {
    path = join(path, part);
    const entry = await lstat(path);
    if (wanted === 'file' && at === parts.length - 1 ? !entry.isFile() : !entry.isDirectory()) return undefined;
  }
  return path;
}

/** What `npm ci` reads. */
const MANIFESTS = ['package.json', 'package-lock.json'];
const wantsCi = ({ spec }: ResourceDefinition): boolean => (spec?.npm as { ci?: unknown } | undefined)?.ci === true;

async function folderOf(definition: ResourceDefinition, path: string): Promise<Artefact | Refused> {
  const entries = await listArtefact(path);
  const missing = MANIFESTS.filter((file) => !entries.some((entry) => entry.path === file));
  if (wantsCi(definition) && missing.length > 0)
    return refused(`${String(definition.spec!.artefact)} holds no ${missing.join(' and no ')}, which npm.ci installs from`);
  return {
    stored: async (written, blobs) => withSpec(written, { artefactBlob: { ...(await blobs.put(packArtefact(path, entries))) } }),
  };
}

/** Read as a whole: what is damaged or hostile is refused here, and not found out at the place. */
async function fileOf(definition: ResourceDefinition, path: string): Promise<Artefact | Refused> {
  const artefact = await readArtefact(basename(path), { path });
  const described = withSpec(definition, { artefactFacts: factsOf(artefact) });
  const bundle =
    isBundle(described) && 'osgi' in artefact && artefact.osgi && 'bundle' in artefact.osgi ? artefact.osgi.bundle : undefined;
  const errors = bundle ? bundleErrors(definition) : [];
  if (errors.length > 0) return { errors };
  const whole = bundle ? withBundle(described, bundle) : described;
  const unreadable = readErrors(whole);
  if (unreadable.length > 0)
    return refused(`its headers: ${unreadable.map(({ field, reason }) => `${field} ${reason}`).join('; ')}`);
  return {
    stored: async (_written, blobs) => withSpec(whole, { artefactBlob: { ...(await blobs.put(createReadStream(path))) } }),
  };
}

const withSpec = (definition: ResourceDefinition, more: JsonObject): ResourceDefinition => ({
  ...definition,
  spec: { ...definition.spec, ...more },
});

/** What the resolver cannot read of what the artefact says. */
function readErrors(definition: ResourceDefinition): FieldError[] {
  try {
    readResource(definition);
    return [];
  } catch (error) {
    if (!(error instanceof SlipwayError) || error.code !== 'bad-input') throw error;
    return error.details!.fields as unknown as FieldError[];
  }
}
