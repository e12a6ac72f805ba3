import { join } from 'node:path';
import { SlipwayError, hashOf, type JsonObject, type ResourceKind, type ResourceRef } from '@slipway/contracts';
import type { Filesystem } from '@slipway/interfaces';
import { GenerationFolder } from '@slipway/provisioner';
import type { GrantedLease, MadeResource } from '../blueprint.js';

/** A place where blueprints keep folders: its files, and a folder of theirs. */
export interface Ground {
  filesystem: Filesystem;
  /** `.` for the folder that paths of `filesystem` are relative to. */
  root: string;
  signal?: AbortSignal;
}

type Named = Pick<MadeResource, 'environment' | 'id'>;
type Granted = Pick<GrantedLease, 'id' | 'token'>;

/** Where something of a leased resource stands, made and taken away as {@link GenerationFolder} says: whole or not at all, and never again. */
export class OwnFolder {
  readonly #folder: GenerationFolder;

  constructor(
    resource: ResourceRef,
    generation: number,
    ground: Ground,
    /** Of the resource that it belongs to: nothing is made where that is not. */
    private readonly on?: OwnFolder,
  ) {
    // An id is given once, so that nothing has to be told from an earlier try of the same.
    this.#folder = new GenerationFolder({ resource, generation, epoch: 1 }, ground);
  }

  get path(): string {
    return this.#folder.path;
  }

  /** What of it may be changed and is its user's: the mark stands beside it. */
  get data(): string {
    return join(this.path, 'data');
  }

  /** Beside it, with what stood there before: gone when it is. */
  get beside(): string {
    return this.#folder.folder;
  }

  /**
   * Builds it, unless it is there. `build` fills a folder that gets its name at the end. Throws `generation-old` for one that was taken away,
   * `foreign` where something stands that is not ours, `not-found` where the resource does not stand.
   */
  async make(of: JsonObject, build: (staging: string) => Promise<void>): Promise<'made' | 'found'> {
    await this.on?.assertPresent();
    const made = await this.#folder.make({ name: 'leased', version: '1.0.0', hash: hashOf(of) }, build);
    try {
      await this.on?.assertPresent();
    } catch (error) {
      await this.#folder.destroy();
      throw error;
    }
    return made;
  }

  /** For good. `release` ends what holds on to it. */
  remove(release?: (path: string) => Promise<void>): Promise<'destroyed' | 'absent'> {
    return this.#folder.destroy(release);
  }

  async stands(): Promise<boolean> {
    return (await this.#folder.standing()) === 'present';
  }

  /** Throws `not-found`. */
  async assertPresent(): Promise<void> {
    if (await this.stands()) return;
    throw new SlipwayError('not-found', `${this.path} does not stand any more`, { path: this.path });
  }
}

/** The folder of a resource. */
export const resourceFolder = (resource: Named, ground: Ground): OwnFolder => new OwnFolder(nameOf(resource), 1, ground);

/** The folder of a lease on it: one of each acquisition, and none where the resource is gone. */
export function leaseFolder(lease: Granted, resource: Named, ground: Ground): OwnFolder {
  const on = resourceFolder(resource, ground);
  const named = nameOf({ environment: resource.environment, id: lease.id });
  return new OwnFolder(named, lease.token, { ...ground, root: join(on.beside, 'leases') }, on);
}

/** `default.host-18` is `host-18` of `default`. A driver that makes things of the same type does so below another root: nothing meets. */
const nameOf = ({ environment, id }: Named): ResourceRef => {
  const name = id.slice(environment.length + 1);
  return { environment, kind: name.replace(/-\d+$/, '') as ResourceKind, name };
};
