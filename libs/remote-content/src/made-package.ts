import { Readable } from 'node:stream';
import type { JsonObject } from '@slipway/contracts';
import { pack } from 'tar-stream';
import type { Download } from './cache/download-cache.js';
import type { PackageBytes } from './remote-repository.js';

/** What goes into a target (decision 40). */
export const TARGET = 'slipway.target';

/** A definition that is made of what a registry has. */
export interface MadeDefinition extends JsonObject {
  name: string;
  version: string;
}

/** A content package of one definition, of its name and version, that brings nothing. */
export function madePackage(definition: MadeDefinition): PackageBytes {
  return { content: Readable.from([documentOf(definition)]), kind: 'json', file: `${definition.name}.json` };
}

/** The same with the artefact that it names in `spec.artefact`, as it was downloaded. */
export function madePackageWith(definition: MadeDefinition, file: string, { content, bytes }: Download): PackageBytes {
  const archive = pack();
  archive.entry({ name: 'package.json' }, documentOf(definition));
  const entry = archive.entry({ name: file, size: bytes }, (error) =>
    error ? archive.destroy(error as Error) : archive.finalize(),
  );
  content.on('error', (error) => archive.destroy(error)).pipe(entry);
  archive.on('close', () => content.destroy());
  return { content: Readable.from(archive), kind: 'tar', file: `${definition.name}.tar` };
}

/** A definition whose artefact goes into a target of that type. */
export const intoTarget = (type: string, artefact: string): JsonObject => ({
  ...{ type: 'instance', driver: 'artefact', spec: { artefact } },
  requirements: [{ namespace: TARGET, name: 'target', attributes: { type } }],
});

const documentOf = (definition: MadeDefinition): string => {
  const { name, version } = definition;
  return JSON.stringify({ name, version, definitions: [definition] });
};
