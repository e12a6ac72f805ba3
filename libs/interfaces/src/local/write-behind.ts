import type { FileHandle } from 'node:fs/promises';

/** Bytes that wait for the disk before it is told to begin. */
const EVERY = 16 * 1024 * 1024;

/**
 * Writes into a file and lets the disk work meanwhile: without it a file of gigabytes would be written into memory first, and all of
 * it to the disk when it is synced at the end.
 *
 * W1. A sync that fails says so once (https://wiki.postgresql.org/wiki/Fsync_Errors), so its error is kept and thrown by `settled`.
 */
export class WriteBehind {
  #waiting = 0;
  #syncing: Promise<void> | undefined;
  #failed: { error: unknown } | undefined;

  constructor(private readonly file: Pick<FileHandle, 'writeFile' | 'datasync'>) {}

  async write(piece: Uint8Array | string): Promise<void> {
    await this.file.writeFile(piece);
    this.#waiting += piece.length;
    if (this.#waiting < EVERY || this.#syncing) return;
    this.#waiting = 0;
    this.#syncing = this.file
      .datasync()
      .catch((error: unknown) => void (this.#failed ??= { error }))
      .finally(() => (this.#syncing = undefined));
  }

  /** Resolves when nothing is under way any more: what came last is still to be synced. */
  async settled(): Promise<void> {
    await this.#syncing;
    if (this.#failed) throw this.#failed.error;
  }
}
