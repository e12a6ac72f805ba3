import type { Filesystem } from '@slipway/interfaces';
import type { Whole } from './transfers.js';

/**
 * Data that stand at a place as they are to be read out: a folder, as a tar, or a file. Read like every content; the kit may also
 * take them from there by itself. `release` is awaited when they were read, or reading was given up, or failed.
 */
export class AtPlace implements AsyncIterable<Uint8Array> {
  constructor(
    private readonly filesystem: Filesystem,
    readonly what: Whole,
    private readonly release: () => Promise<void> = async () => {},
  ) {}

  /** Takes them by what they are, instead of reading them here. */
  async taken<T>(take: (what: Whole) => Promise<T>): Promise<T> {
    try {
      return await take(this.what);
    } finally {
      await this.release();
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    try {
      yield* await contentOf(this.what, this.filesystem);
    } finally {
      await this.release();
    }
  }
}

/** Its bytes as they are now. */
export const contentOf = async (what: Whole, filesystem: Filesystem): Promise<AsyncIterable<Uint8Array>> =>
  'folder' in what ? filesystem.pack(what.folder) : filesystem.openRead(what.file);
