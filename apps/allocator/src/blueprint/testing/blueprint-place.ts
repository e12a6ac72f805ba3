import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBlobs } from '@slipway/blobs';
import { systemClock, type JsonObject } from '@slipway/contracts';
import { localCommand, localFilesystem, type Command, type Filesystem } from '@slipway/interfaces';
import { abortable, withEffects, type BeforeEffect } from '@slipway/provisioner/testing';
import { openSecrets, type Secrets } from '@slipway/secrets';
import type { Blueprint, BlueprintContext, GrantedLease, HeldInterfaces, MadeResource } from '../blueprint.js';

type Kept = Pick<BlueprintContext, 'blobs' | 'secrets'>;

/** Where blueprints work in a test, with real files and programs: a temporary folder, and what several of them stand on. */
export class BlueprintPlace {
  /** Of all places: an id is given once, also where a host remembers it. */
  static #number = 0;
  readonly #held: { end(): Promise<void> }[] = [];

  private constructor(
    readonly folder: string,
    private readonly kept: Kept,
  ) {}

  static async make(): Promise<BlueprintPlace> {
    const folder = await mkdtemp(join(tmpdir(), 'slipway-blueprint-'));
    await chmod(folder, 0o711);
    const secrets = join(folder, 'secrets');
    await mkdir(secrets, { mode: 0o700 });
    return new BlueprintPlace(folder, {
      blobs: await openBlobs({ folder: join(folder, 'blobs') }),
      secrets: await openSecrets({ folder: secrets, keyFile: join(folder, 'secrets.key') }),
    });
  }

  get secrets(): Secrets {
    return this.kept.secrets;
  }

  /** What is given back, in the opposite order, before the folder goes. */
  async remove(): Promise<void> {
    for (const one of this.#held.toReversed()) await one.end();
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  /** What a blueprint works with; `before` is called before each of its effects. */
  async context(
    blueprint: Blueprint,
    { signal = new AbortController().signal, before = async () => {} }: { signal?: AbortSignal; before?: BeforeEffect } = {},
  ): Promise<BlueprintContext> {
    const folder = join(this.folder, blueprint.name);
    await mkdir(folder, { recursive: true, mode: 0o711 });
    const place = {
      command: abortable(localCommand(), signal),
      filesystem: localFilesystem(),
      changing: async (_what: string) => signal.throwIfAborted(),
    };
    return { ...withEffects(place, before), ...this.kept, folder, clock: systemClock, signal, log: () => {} };
  }

  resource(
    { name: blueprint, type, location }: Blueprint,
    attributes: JsonObject,
    needs: MadeResource['needs'] = {},
  ): MadeResource {
    const name = `${type}-${++BlueprintPlace.#number}`;
    return {
      environment: 'default',
      id: `default.${name}`,
      name: `${blueprint}-${name}`,
      location,
      manual: false,
      attributes,
      outputs: {},
      needs,
    };
  }

  lease(attributes: JsonObject = {}): GrantedLease {
    const number = ++BlueprintPlace.#number;
    const owner = { type: 'user' as const, id: 'anna' };
    return { id: `default.lease-${number}`, token: number, owner, amount: 1, slots: [], attributes };
  }

  /** A lease on a new resource, as another resource holds it. */
  async hold(blueprint: Blueprint, attributes: JsonObject = {}, needs: MadeResource['needs'] = {}): Promise<HeldInterfaces> {
    const wanted = this.resource(blueprint, attributes, needs);
    const ended = new AbortController();
    const context = await this.context(blueprint, { signal: ended.signal });
    const resource = { ...wanted, outputs: (await blueprint.allocate!(wanted, context)).outputs };
    const lease = this.lease();
    await blueprint.prepare?.(lease, resource, context);
    const end = async () => {
      ended.abort();
      const after = await this.context(blueprint);
      await blueprint.takeBack?.(lease, resource, after);
      await blueprint.destroy!(resource, after);
    };
    this.#held.push({ end });
    return {
      resource,
      interface: async <Kind extends object>(name: string) => (await blueprint.interface(name, lease, resource, context)) as Kind,
    };
  }
}

/** The same, with a hook before each effect on it. */
export const heldWithEffects = (held: HeldInterfaces, before: BeforeEffect): HeldInterfaces => ({
  resource: held.resource,
  async interface<Kind extends object>(name: string) {
    const found = await held.interface<Kind>(name);
    const changing = async () => {};
    if (name === 'command')
      return withEffects({ ...EMPTY, command: found as unknown as Command, changing }, before).command as unknown as Kind;
    if (name === 'filesystem')
      return withEffects({ ...EMPTY, filesystem: found as unknown as Filesystem, changing }, before)
        .filesystem as unknown as Kind;
    return found;
  },
});

const EMPTY = { command: localCommand(), filesystem: localFilesystem() };
