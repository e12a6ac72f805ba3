import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Filesystem } from '@slipway/interfaces';
import type { Generation } from './engine.js';

/**
 * Files of mode 0600 by which an engine's own tools get a database's password, `<name>.e<epoch>.<anything>`: each caller has one
 * of its own, since several may work on one generation, and removes it when it is done.
 */
export class AccessFiles {
  constructor(
    private readonly filesystem: Filesystem,
    private readonly folder: string,
  ) {}

  /** Removes before what callers of older epochs have left, who were killed or have nothing to say any more. */
  async with<T>({ name, epoch }: Generation, content: string, work: (file: string) => Promise<T>): Promise<T> {
    await this.#remove(name, (other) => other < epoch);
    const file = join(this.folder, `${name}.e${epoch}.${randomBytes(6).toString('hex')}`);
    await this.filesystem.writeFile(file, content, { mode: 0o600 });
    try {
      return await work(file);
    } finally {
      await this.filesystem.remove(file);
    }
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
