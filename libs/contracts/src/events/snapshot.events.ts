import type { Actor } from '../context.js';
import type { SnapshotManifest } from '../snapshot.js';
import type { BlobRef } from '../steps.js';

/** Where a copy of a snapshot's archive was written: in a store of the configuration. */
export interface SnapshotCopy {
  store: string;
  /** Path below the store's folder. */
  file: string;
}

/** A manifest too big for an event stands in `manifestBlob`; here it is then without parts and wires. */
interface Kept {
  /** Who has its parts, and its manifest where that is too big: nobody else, so they can be removed with it. */
  holder: string;
  manifest: SnapshotManifest;
  manifestBlob?: BlobRef;
  /** Of all parts, as they are stored. */
  bytes: number;
  /** Of all parts, uncompressed. */
  contentBytes: number;
}

/** What is recorded on `snapshot-<id>`. Owner: orchestrator. Its parts are blobs. */
export type SnapshotEvent =
  /** An export made it: all its parts are there. Its id is the export's request id. */
  | { type: 'SnapshotTaken'; data: Kept & { copy?: SnapshotCopy } }
  /** Its archive came from elsewhere and was found good. `copy`: it was read from there; else it was uploaded. */
  | { type: 'SnapshotReceived'; data: Kept & { actor: Actor; copy?: SnapshotCopy } }
  /** Nobody wants it any more: what its holder has is removed. */
  | { type: 'SnapshotDeleted'; data: { actor: Actor; reason?: string } };
