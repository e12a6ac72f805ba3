import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Filesystem } from '@slipway/interfaces';
import type { Generation } from './engine.js';

/**
 * Files that a call needs for a while, `<name>.e<epoch>.<anything>` in a folder of ours: each caller has its own, since several may
 * work on one generation, and removes it when it is done. What those leave who were killed goes with the next epoch.
 */
export class CallerFiles {
  constructor(
    private readonly filesystem: Filesystem,
    private readonly folder: string,
  ) {}

  /** A path that nobody else has. */
  path({ name, epoch }: Generation): string {
    return join(this.folder, `${name}.e${epoch}.${randomBytes(6).toString('hex')}`);
  }

  /** A file of mode 0600 by which an engine's own tool gets a database's password, while it works. */
  async with<T>(generation: Generation, content: string, work: (file: string) => Promise<T>): Promise<T> {
    await this.removeOlder(generation);
    const file = this.path(generation);
    await this.filesystem.writeFile(file, content, { mode: 0o600 });
    try {
      return await work(file);
    } finally {
      await this.filesystem.remove(file);
    }
  }

  /** What callers of older epochs have left, who were killed or have nothing to say any more. */
  removeOlder({ name, epoch }: Generation): Promise<void> {
    return this.#remove(name, (other) => other < epoch);
  }

  /** All that anybody has left. */
  removeAll({ name }: Generation): Promise<void> {
    return this.#remove(name, () => true);
  }

  async #remove(name: string, which: (epoch: number) => boolean): Promise<void> {
    for (const file of await this.filesystem.list(this.folder)) {
      const epoch = file.startsWith(`${name}.e`) ? Number.parseInt(file.slice(name.length + 2), 10) : NaN;
      if (which(epoch) && !Number.isNaN(epoch)) await this.filesystem.remove(join(this.folder, file));
    }
  }
}
