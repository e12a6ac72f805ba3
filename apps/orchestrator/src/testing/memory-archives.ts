import { SlipwayError, type SnapshotManifest } from '@slipway/contracts';
import type { Blobs } from '@slipway/blobs';
import type { Archives } from '../ports.js';

/** Archives by their paths, in memory: whole or not there. */
export class MemoryArchives implements Archives {
  readonly files = new Map<string, { manifest: SnapshotManifest; parts: string[] }>();
  /** What writing fails with. */
  fails: () => Error | undefined = () => undefined;

  constructor(private readonly blobs: Blobs) {}

  async write(manifest: SnapshotManifest, holder: string, path: string): Promise<void> {
    const failure = this.fails();
    if (failure) throw failure;
    const held = this.blobs.of(holder);
    const parts = await Promise.all(manifest.parts.map(async ({ sha256: blob }) => (await held.read(blob)).toString()));
    this.files.set(path, { manifest, parts });
  }

  async look(path: string): Promise<SnapshotManifest> {
    return this.#at(path).manifest;
  }

  async remove(path: string): Promise<void> {
    this.files.delete(path);
  }

  /** A part that is empty is not what the manifest says. */
  async read(path: string, holder: string): Promise<SnapshotManifest> {
    const { manifest, parts } = this.#at(path);
    for (const part of parts) {
      if (part === '') throw new SlipwayError('archive-invalid', `${path}: a part is damaged`);
      await this.blobs.of(holder).put(part);
    }
    return manifest;
  }

  #at(path: string) {
    const file = this.files.get(path);
    if (!file) throw new SlipwayError('not-found', `There is no archive ${path}`);
    return file;
  }
}
