import type { Instant } from './clock.js';
import type { Owner } from './context.js';
import type { DefinitionRef, SnapshotPart, Wire } from './plan.js';
import type { JsonObject } from './json.js';

/** What the first line of every manifest says; another one is not read. */
export const SNAPSHOT_FORMAT = 'slipway-snapshot/1';

/** Name of a snapshot's archive in a folder: `shop-0b8f….slipway.tar`. */
export const archiveName = ({ instanceId, id }: Pick<SnapshotManifest, 'instanceId' | 'id'>): string =>
  `${instanceId}-${id}.slipway.tar`;

/** `manifest.json`, the first entry of an archive. It holds no secrets, and no outputs. */
export interface SnapshotManifest {
  format: typeof SNAPSHOT_FORMAT;
  id: string;
  takenAt: Instant;
  mesh: string;
  environment: string;
  instanceId: string;
  owner: Owner;
  /** Of what has the instance's own name. */
  definition: DefinitionRef;
  /** What was chosen of the offerings. */
  offerings?: JsonObject;
  parts: SnapshotPart[];
  /** Between what the parts are of, by their keys where it was taken. */
  wires: Wire[];
}
