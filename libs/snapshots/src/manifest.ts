import { SNAPSHOT_MANIFEST, SlipwayError, sha256, type SnapshotManifest } from '@slipway/contracts';
import { Ajv2020 } from 'ajv/dist/2020.js';

export const MANIFEST = 'manifest.json';
export const SUMS = 'SHA256SUMS';

/** The longest manifest that is read, in bytes. */
export const MANIFEST_BYTES = 4 * 1024 * 1024;

const ajv = new Ajv2020({ allErrors: true, verbose: true });

/** Keys that could change what all objects have in common. */
const INHERITED = new Set(Object.getOwnPropertyNames(Object.prototype));

export const archiveInvalid = (entry: string, reason: string): SlipwayError =>
  new SlipwayError('archive-invalid', `The archive is refused: ${entry}: ${reason}`, { entry, reason });

export const manifestText = (manifest: SnapshotManifest): string => `${JSON.stringify(manifest, null, 2)}\n`;

/** What `sha256sum --check` takes, of the manifest and of every part. */
export const sumsText = (text: string, { parts }: SnapshotManifest): string =>
  [[sha256(text), MANIFEST], ...parts.map((part) => [part.sha256, part.file])].map(([sum, file]) => `${sum}  ${file}\n`).join('');

/** A manifest from outside. Throws `archive-invalid` that names the field. */
export function parseManifest(text: string): SnapshotManifest {
  let manifest: unknown;
  try {
    manifest = JSON.parse(text, assertPlain);
  } catch (error) {
    throw error instanceof SlipwayError ? error : archiveInvalid(MANIFEST, 'it is no JSON');
  }
  const valid = ajv.compile<SnapshotManifest>(SNAPSHOT_MANIFEST); // When the first manifest comes; Ajv keeps it for the others.
  if (!valid(manifest)) {
    const wrong = valid.errors!.slice(0, 5).map(({ instancePath, message, parentSchema, params }) => {
      const field = instancePath.slice(1).replaceAll('/', '.') || 'the whole';
      const more = String(params['additionalProperty'] ?? '');
      return `${field} ${(parentSchema?.['description'] as string | undefined) ?? message ?? 'is wrong'}${more && `: ${more}`}`;
    });
    throw archiveInvalid(MANIFEST, wrong.join('; '));
  }
  manifest.parts.forEach(({ file, role, kind }, index, parts) => {
    if (file !== `parts/${index + 1}.zst`) throw archiveInvalid(MANIFEST, `parts.${index}.file must be parts/${index + 1}.zst`);
    if (parts.findIndex((other) => other.role === role && other.kind === kind) !== index) {
      throw archiveInvalid(MANIFEST, `parts.${index}.role: another ${kind} has the role ${JSON.stringify(role)} already`);
    }
  });
  return manifest;
}

function assertPlain(key: string, value: unknown): unknown {
  if (INHERITED.has(key)) throw archiveInvalid(MANIFEST, `${key} is a key that is not allowed anywhere`);
  return value;
}
