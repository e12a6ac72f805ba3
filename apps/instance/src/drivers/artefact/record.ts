import { join } from 'node:path';
import { SlipwayError, type ArtefactFacts, type HealthCheck, type JsonObject, type PinnedPlacement } from '@slipway/contracts';
import type { Filesystem } from '@slipway/interfaces';
import { readJson } from '../../furnishing/json-file.js';
import type { ArtefactTarget } from './target.js';

/** What was decided when an artefact was brought, kept in its generation's folder: enough to take it back without anybody who brought it. */
export interface ArtefactRecord {
  target: ArtefactTarget;
  placement: PinnedPlacement;
  facts: ArtefactFacts;
  sha256: string;
  health: HealthCheck | null;
}

const RECORD = 'artefact.json';

/** Throws `driver-failed` where it is missing or damaged. */
export async function recordIn(files: Filesystem, folder: string): Promise<ArtefactRecord> {
  const record = await readJson<ArtefactRecord>(files, join(folder, RECORD));
  if (record === null) throw new SlipwayError('driver-failed', `${folder}/${RECORD} is missing or damaged`);
  return record;
}

/** `null` where none is, or a damaged one. */
export const readRecord = (files: Filesystem, folder: string): Promise<ArtefactRecord | null> =>
  readJson<ArtefactRecord>(files, join(folder, RECORD));

export const writeRecord = (files: Filesystem, folder: string, record: ArtefactRecord): Promise<void> =>
  files.writeFile(join(folder, RECORD), `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });

/** Path of what answers, on its target. */
export const pathOf = ({ placement, facts }: Pick<ArtefactRecord, 'placement' | 'facts'>): string =>
  placement.target === 'tomcat' && facts['kind'] === 'war' ? contextPath(String(facts['file'])) : '';

/** A WAR's context is its file's name: `ROOT` is none, `#` a slash, what follows `##` a version (Tomcat 10.1, "Naming"). */
function contextPath(file: string): string {
  const name = file.replace(/\.war$/i, '').replace(/##.*$/, '');
  return name === 'ROOT' ? '' : `/${name.replaceAll('#', '/')}`;
}

/** What others are wired to. */
export const outputsOf = (record: ArtefactRecord): JsonObject => {
  const { target, placement, sha256, facts } = record;
  return {
    file: join(target.folder, placement.path),
    name: facts['name'] ?? null,
    version: facts['version'] ?? null,
    sha256,
    ...(target.url !== undefined && { url: `${target.url}${pathOf(record)}` }),
  };
};
