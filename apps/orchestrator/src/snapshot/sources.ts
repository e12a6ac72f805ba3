import { SlipwayError, hashOf, type JsonObject, type SnapshotManifest } from '@slipway/contracts';
import type { EventMetadata } from '@slipway/event-store';
import type { Ports } from '../ports.js';
import type { Snapshots } from './snapshots.js';
import { pathOf, sourceOf } from './stores.js';

/** What an import begins with. */
export interface Source {
  manifest: SnapshotManifest;
  /** Who has its parts, or will have them when they are read in. */
  holder: string;
  /** Whether nothing remains to be read: an archive is, and checked, also when another holder has the same. */
  known: boolean;
}

/** Where imports begin: with a snapshot that is known, or an archive in a store, which is one as soon as it is read in. */
export class Sources {
  constructor(
    private readonly ports: Pick<Ports, 'archives' | 'config'>,
    private readonly snapshots: Snapshots,
  ) {}

  /** What a snapshot consists of, without reading in anything. Throws `not-found`, `bad-input`, `archive-invalid`. */
  async manifestOf(body: JsonObject): Promise<SnapshotManifest> {
    const named = String(body['snapshot']);
    if (body['snapshotId'] === true) return (await this.snapshots.get(named)).manifest;
    return this.ports.archives.look(pathOf(this.ports.config, this.#copyAt(named)));
  }

  /** The same, and where its parts are for the import `id`. Throws the same. */
  async look(body: JsonObject, id: string): Promise<Source> {
    if (body['snapshotId'] === true) return { ...(await this.snapshots.get(String(body['snapshot']))), known: true };
    const manifest = await this.manifestOf(body);
    const kept = await this.snapshots.find(manifest.id);
    if (kept && hashOf(kept.manifest) === hashOf(manifest)) return { ...kept, known: kept.holder === id };
    return { manifest, holder: id, known: false };
  }

  /** Reads in what is not known yet, and records it. Throws the same, and `wrong-revision` where somebody else was first. */
  async open(body: JsonObject, { manifest, holder, known }: Source, id: string, metadata: EventMetadata): Promise<void> {
    if (known) return;
    const copy = this.#copyAt(String(body['snapshot']));
    const read = await this.ports.archives.read(pathOf(this.ports.config, copy), id);
    if (hashOf(read) !== hashOf(manifest))
      throw new SlipwayError('archive-invalid', 'manifest.json: the archive was replaced while it was read', {
        entry: 'manifest.json',
      });
    await this.snapshots.receive({ type: 'Receive', holder: id, manifest, actor: metadata.actor, copy }, metadata);
    const kept = await this.snapshots.get(manifest.id);
    if (kept.holder !== holder) throw new SlipwayError('wrong-revision', `The snapshot ${manifest.id} was just received`);
  }

  #copyAt(path: string): { store: string; file: string } {
    const { store, below: file } = sourceOf(this.ports.config, path);
    return { store, file };
  }
}
