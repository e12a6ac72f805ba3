import { rmSync } from 'node:fs';
import { SnapshotCache, type Snapshot } from '@slipway/event-store';
import type { Logger } from 'pino';

/**
 * Folded environments in a file of the resolver's own. A cache: whatever is wrong with the file, it is thrown away and the
 * log is read from its beginning.
 */
export class KeptEnvironments {
  #cache: SnapshotCache | undefined;

  constructor(
    private readonly file: string,
    private readonly logger: Pick<Logger, 'warn'>,
  ) {
    this.#cache = this.#attempt(() => new SnapshotCache(file, 1)) ?? this.#attempt(() => new SnapshotCache(file, 1));
  }

  get(stream: string, foldVersion: number): Snapshot | null {
    return this.#attempt(() => this.#cache?.get(stream, foldVersion)) ?? null;
  }

  put(stream: string, foldVersion: number, snapshot: Snapshot): void {
    this.#attempt(() => this.#cache?.put(stream, foldVersion, snapshot));
  }

  close(): void {
    this.#attempt(() => this.#cache?.close());
    this.#cache = undefined;
  }

  #attempt<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.logger.warn({ err: error, file: this.file }, 'The cache of environments is thrown away');
      this.#cache = undefined;
      for (const suffix of ['', '-wal', '-shm']) rmSync(this.file + suffix, { force: true });
      return undefined;
    }
  }
}
