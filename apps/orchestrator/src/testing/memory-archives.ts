import { SlipwayError, sha256, type SnapshotManifest } from '@slipway/contracts';
import type { Blobs } from '@slipway/blobs';
import type { Archives } from '../ports.js';

/** Archives by their paths, in memory: whole or not there. */
export class MemoryArchives implements Archives {
  readonly files = new Map<string, { manifest: SnapshotManifest; parts: string[] }>();
  /** What writing fails with. */
  fails: () => Error | undefined = () => undefined;

  constructor(private readonly blobs: Blobs) {}

  async write(manifest: SnapshotManifest, path: string): Promise<void> {
    const failure = this.fails();
    if (failure) throw failure;
    const parts = await Promise.all(manifest.parts.map(async ({ sha256: blob }) => (await this.blobs.read(blob)).toString()));
    this.files.set(path, { manifest, parts });
  }

  async look(path: string): Promise<SnapshotManifest> {
    return this.#at(path).manifest;
  }

  /** A part that is empty is not what the manifest says. Tells of what was not there before, as real ones do. */
  async read(path: string, stored: (sha256: string) => void): Promise<SnapshotManifest> {
    const { manifest, parts } = this.#at(path);
    for (const part of parts) {
      if (part === '') throw new SlipwayError('archive-invalid', `${path}: a part is damaged`);
      const isKnown = await this.blobs.has(sha256(part));
      const put = await this.blobs.put(part);
      if (!isKnown) stored(put.sha256);
    }
    return manifest;
  }

  #at(path: string) {
    const file = this.files.get(path);
    if (!file) throw new SlipwayError('not-found', `There is no archive ${path}`);
    return file;
  }
}
