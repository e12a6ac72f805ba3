import type { JsonObject, SnapshotManifest } from '@slipway/contracts';
import type { EventMetadata } from '@slipway/event-store';
import type { Ports } from '../ports.js';
import type { Snapshots } from './snapshots.js';
import { pathOf, sourceOf } from './stores.js';

/** What an import begins with: a snapshot that is known, or an archive in a store, which is one as soon as it is read in. */
export class Sources {
  constructor(
    private readonly ports: Pick<Ports, 'archives' | 'config'>,
    private readonly snapshots: Snapshots,
  ) {}

  /** What a snapshot consists of, without reading in anything. Throws `not-found`, `bad-input`, `archive-invalid`. */
  look(body: JsonObject): Promise<SnapshotManifest> {
    const named = String(body['snapshot']);
    if (body['snapshotId'] === true) return this.snapshots.manifestOf(named);
    return this.ports.archives.look(this.#pathOf(named));
  }

  /** A snapshot whose parts are all there. What is read in is recorded. Throws the same. */
  async open(body: JsonObject, metadata: EventMetadata): Promise<SnapshotManifest> {
    const named = String(body['snapshot']);
    if (body['snapshotId'] === true) return this.snapshots.manifestOf(named);
    const { store, below: file } = sourceOf(this.ports.config, named);
    const copy = { store, file };
    return this.snapshots.receive(
      (stored) => this.ports.archives.read(pathOf(this.ports.config, copy), stored),
      (manifest) => ({ type: 'Receive', manifest, actor: metadata.actor, copy }),
      metadata,
    );
  }

  /** An import has ended without success: removes what was read in and is no snapshot, in this life or an earlier one. */
  async forget(body: JsonObject): Promise<void> {
    if (body['snapshotId'] === true) return;
    const manifest = await this.look(body).catch(() => undefined);
    await this.snapshots.removeUnused(manifest?.parts.map(({ sha256 }) => sha256) ?? []);
  }

  #pathOf(named: string): string {
    const { store, below: file } = sourceOf(this.ports.config, named);
    return pathOf(this.ports.config, { store, file });
  }
}
