import { badInput } from '@slipway/mesh';

/** The last entry of a backup: what is in it. */
export interface Manifest {
  format: 'slipway-backup';
  version: 1;
  /** When it was begun. */
  createdAt: string;
  /** Of Slipway that made it. */
  release: string;
  mesh: string;
  logId: string;
  /** The log's head when its copy was begun, at the latest. */
  position: string;
  entries: Entry[];
  /** Blobs that were damaged where the backup was made, and so are not in it. */
  damagedBlobs: string[];
  /** Blobs that were removed while the backup was made (of a snapshot that was deleted), and so are not in it. */
  goneBlobs: string[];
}

export interface Entry {
  name: string;
  bytes: number;
  sha256: string;
}

export const MANIFEST = 'manifest.json';
export const LOG_ENTRY = 'log/events.sqlite';
export const MODELS_ENTRY = 'models/views.sqlite';

/** `blobs/<2 digits>/<2 digits>/<sha256>`, as they lie in the data folder. */
const BLOB = /^blobs\/([0-9a-f]{2})\/([0-9a-f]{2})\/(\1\2[0-9a-f]{60})$/;
/** `blobs/held/<holder>/<sha256>`: of a snapshot. */
const HELD_BLOB = /^blobs\/held\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\/([0-9a-f]{64})$/;
const SECRET = /^secrets(\/[A-Za-z0-9_#@=+-][A-Za-z0-9._#@=+-]{0,199}){1,8}$/;

/** Whether an entry may stand in a backup: a name that is not on this list never becomes a file. */
export const isEntryName = (name: string): boolean =>
  name === LOG_ENTRY || name === MODELS_ENTRY || blobOf(name) !== null || SECRET.test(name);

/** The SHA-256 that a blob's name promises; `null` for what is no blob. */
export const blobOf = (name: string): string | null => BLOB.exec(name)?.[3] ?? HELD_BLOB.exec(name)?.[1] ?? null;

/** Reads a manifest. Throws `bad-input` when it is not one that this release understands. */
export function readManifest(text: string): Manifest {
  let manifest: Partial<Manifest>;
  try {
    manifest = JSON.parse(text) as Partial<Manifest>;
  } catch {
    throw badInput([{ field: MANIFEST, reason: 'is not JSON' }]);
  }
  if (manifest?.format !== 'slipway-backup' || manifest.version !== 1 || !Array.isArray(manifest.entries)) {
    throw badInput([{ field: MANIFEST, reason: 'is not of a backup that this release understands' }]);
  }
  return manifest as Manifest;
}
