import { join } from 'node:path';
import { SlipwayError } from '@slipway/contracts';
import type { BlueprintContext, GrantedLease, MadeResource } from '../../blueprint/blueprint.js';
import { leaseFolder, resourceFolder, type OwnFolder } from '../../blueprint/kit/folders.js';
import { forgetOldTombstones } from '../../blueprint/kit/old-tombstones.js';

type Granted = Pick<GrantedLease, 'id' | 'token'>;

/**
 * Who has had a machine, and who has it: at the allocator, since nothing can be left at the machine itself. A controller does not ask for whom it is
 * told something, so that each change is held against this right before it is made.
 */
export class MachineHolders {
  readonly #tokens: string;

  constructor(
    private readonly resource: MadeResource,
    private readonly context: Pick<BlueprintContext, 'command' | 'filesystem' | 'folder' | 'signal'>,
  ) {
    this.#tokens = join(this.#machine.beside, 'tokens');
  }

  /** From now on a lease has it. Throws `generation-old` for one that was taken back. */
  async admit(lease: Granted): Promise<void> {
    const { filesystem } = this.context;
    // One that was entered by hand has none yet.
    await this.#machine.make({ id: this.resource.id }, async () => {});
    await this.#of(lease).make({ id: lease.id }, async () => {});
    await filesystem.mkdir(this.#tokens, { mode: 0o700 });
    // The greatest of them counts: whoever comes late with a smaller one changes nothing.
    await filesystem.writeFile(join(this.#tokens, String(lease.token)), '');
    for (const token of await this.#known()) if (token < lease.token) await filesystem.remove(join(this.#tokens, String(token)));
  }

  /** A lease has it no more. */
  async dismiss(lease: Granted): Promise<void> {
    await this.#of(lease).remove();
    await forgetOldTombstones(this.context.command, join(this.#machine.beside, 'leases'), lease);
  }

  /** Throws `not-found` where a lease does not have it. */
  async assertHas(lease: Granted): Promise<void> {
    await this.#of(lease).assertPresent();
  }

  /** Whether somebody has had it after a lease. */
  async isPast(lease: Granted): Promise<boolean> {
    return (await this.#known()).some((token) => token > lease.token);
  }

  /** Throws `generation-old` where somebody has had it after a lease. */
  async assertLast(lease: Granted): Promise<void> {
    if (await this.isPast(lease))
      throw new SlipwayError('generation-old', `${this.resource.id} has been leased again since ${lease.id}`);
  }

  get #machine(): OwnFolder {
    return resourceFolder(this.resource, this.#ground);
  }

  #of(lease: Granted): OwnFolder {
    return leaseFolder(lease, this.resource, this.#ground);
  }

  async #known(): Promise<number[]> {
    return (await this.context.filesystem.list(this.#tokens)).map(Number);
  }

  get #ground() {
    const { filesystem, folder: root, signal } = this.context;
    return { filesystem, root, signal };
  }
}
