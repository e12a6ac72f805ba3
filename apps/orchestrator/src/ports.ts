import type { AnnouncedDriver, Clock, ResourceKind, SnapshotManifest } from '@slipway/contracts';
import type { Blobs } from '@slipway/blobs';
import type { EventStore, SnapshotCache } from '@slipway/event-store';
import type { Bus, MeshConfig } from '@slipway/mesh';

/** Where a failure goes that has no caller; pino's Logger fits. */
export interface Reports {
  info(about: object, message: string): void;
  warn(about: object, message: string): void;
  error(about: object, message: string): void;
}

/** Which environments there are, up to a position of the log. */
export interface KnownEnvironments {
  position: string;
  names: string[];
}

/** What may be kept between two lives, and may be lost: it is made again from the log. */
export interface Cache {
  snapshots: Pick<SnapshotCache, 'get' | 'put'>;
  environments: { read(): KnownEnvironments | undefined; write(known: KnownEnvironments): void };
}

/** Archives of snapshots, as files. */
export interface Archives {
  /** Writes one of what `holder` has, whole or not at all; what is there is replaced, what its writers have left is removed. */
  write(manifest: SnapshotManifest, holder: string, path: string): Promise<void>;
  /** Removes one, and what its writers have left; nothing when it is not there. */
  remove(path: string): Promise<void>;
  /** The manifest of one; nothing else of it is read. Throws `not-found` and `archive-invalid`. */
  look(path: string): Promise<SnapshotManifest>;
  /** Gives `holder` all parts of one. Throws `not-found` and `archive-invalid`. */
  read(path: string, holder: string): Promise<SnapshotManifest>;
}

/** All that the core uses of the world: a simulation can turn every one of them. */
export interface Ports {
  store: EventStore;
  bus: Bus;
  clock: Clock;
  blobs: Blobs;
  archives: Archives;
  config: MeshConfig;
  /** Unique ids of events (UUID). */
  ids(): string;
  /** Ours; stable over restarts. */
  replica: string;
  reports: Reports;
  /** How long nothing was heard of a replica, in ms. */
  silentFor(replica: string): number;
  /** The drivers that are there, as their services announce them; nothing where nobody was heard of. */
  announced(kind: ResourceKind, location: string): AnnouncedDriver[] | undefined;
  cache?: Cache;
}
