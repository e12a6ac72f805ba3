import { join } from 'node:path';
import { resourceFolder, type OwnFolder } from '../../blueprint/kit/folders.js';
import type { BlueprintContext, MadeResource } from '../../blueprint/blueprint.js';

/**
 * What the allocator's own machine knows of an instance: that it was begun, or given back, and what EC2 would not tell at once. In the folder of the
 * blueprint; where it was given back a tombstone stays.
 */
export class InstanceNotes {
  readonly #folder: OwnFolder;
  readonly #beside: string;

  constructor(
    resource: MadeResource,
    private readonly context: Pick<BlueprintContext, 'filesystem' | 'folder' | 'clock'>,
  ) {
    const { filesystem, folder: root } = context;
    this.#folder = resourceFolder(resource, { filesystem, root });
    this.#beside = join(this.#folder.beside, 'launches');
  }

  /** Throws `generation-old` for one that was given back. */
  async begin(): Promise<void> {
    await this.#folder.make({}, async () => {});
  }

  /** Whether it is still wanted. */
  isWanted(): Promise<boolean> {
    return this.#folder.stands();
  }

  /** From now on it is given back: nothing is begun any more. */
  async bury(): Promise<void> {
    await this.#folder.remove();
  }

  /** Before EC2 is asked to run one: it may do so and show it later only. */
  async asking(): Promise<void> {
    const { filesystem, clock } = this.context;
    await filesystem.mkdir(this.#beside, { mode: 0o700 });
    await filesystem.writeFile(join(this.#beside, 'asked'), String(clock.now()));
  }

  /** When EC2 was last asked to run one, in ms since the epoch. */
  async askedAt(): Promise<number | undefined> {
    const text = await this.context.filesystem.readFile(join(this.#beside, 'asked'), 64);
    return text === null ? undefined : Number(text.toString());
  }

  /** That one has ended before it could be used. Two that say so of the same say it once. */
  async ended(instanceId: string): Promise<void> {
    await this.context.filesystem.mkdir(join(this.#beside, 'ended'), { mode: 0o700 });
    await this.context.filesystem.writeFile(join(this.#beside, 'ended', instanceId), '');
  }

  /** Those that have, in order. */
  async endedOnes(): Promise<string[]> {
    return (await this.context.filesystem.list(join(this.#beside, 'ended'))).toSorted();
  }

  /** All but the tombstone. */
  async clear(): Promise<void> {
    await this.context.filesystem.remove(this.#beside);
  }
}
