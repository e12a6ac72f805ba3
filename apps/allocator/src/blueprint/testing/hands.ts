import { hashOf } from '@slipway/contracts';
import { RedactingSecrets } from '@slipway/provisioner';
import { chosenPoints, seeded, type BeforeEffect } from '@slipway/provisioner/testing';
import type { Blueprint, GrantedLease, MadeResource } from '../blueprint.js';
import { BlueprintPlace, heldWithEffects } from './blueprint-place.js';
import type { BlueprintSamples, Holding } from './samples.js';

/** In ms: a loaded machine may take its time. */
export const LONG = 120_000;

/** The first and the last of them, and one in between. */
const POINTS = 3;

/** What a process that has died gets instead of its effects. */
class Death extends Error {}

/** Something under way that stands before one of its effects. */
export interface Stopped {
  /** It has come there, or has ended before. */
  there: Promise<void>;
  /** Lets it go on; how it ends. */
  wake(): Promise<'done' | Error>;
}

/** What the parts of the suite do with a blueprint. */
export class Hands {
  place!: BlueprintPlace;
  blueprint!: Blueprint;
  #needs: MadeResource['needs'] = {};
  readonly #random: () => number;

  constructor(
    name: string,
    private readonly make: () => Blueprint,
    readonly samples: BlueprintSamples,
  ) {
    this.#random = seeded(`blueprint contract: ${name}`);
  }

  readonly begin = async (): Promise<void> => {
    this.place = await BlueprintPlace.make();
    this.blueprint = this.make();
    this.#needs = (await this.samples.needs?.(this.place)) ?? {};
  };
  readonly end = (): Promise<void> => this.place.remove();

  resource(): MadeResource {
    const { attributes = {}, entered = false } = this.samples;
    return { ...this.place.resource(this.blueprint, attributes, this.#needs), manual: entered };
  }

  /** One that is there: made, or entered. */
  async made(): Promise<MadeResource> {
    return this.samples.entered ? this.resource() : this.allocate(this.resource());
  }

  async allocate(resource: MadeResource, before?: BeforeEffect): Promise<MadeResource> {
    const { outputs } = await this.blueprint.allocate!(hooked(resource, before), await this.#context(before));
    return { ...resource, outputs };
  }

  /** What was entered stays. */
  async destroy(resource: MadeResource, before?: BeforeEffect): Promise<void> {
    if (this.samples.entered) return;
    await this.blueprint.destroy!(hooked(resource, before), await this.#context(before));
  }

  async manage(resource: MadeResource) {
    return this.blueprint.manage!(resource, await this.#context());
  }

  async update(resource: MadeResource, attributes: MadeResource['attributes'], before?: BeforeEffect): Promise<void> {
    await this.blueprint.update!(hooked(resource, before), attributes, await this.#context(before));
  }

  async prepare(lease: GrantedLease, resource: MadeResource, before?: BeforeEffect): Promise<void> {
    await this.blueprint.prepare?.(lease, hooked(resource, before), await this.#context(before));
  }

  async takeBack(lease: GrantedLease, resource: MadeResource, before?: BeforeEffect): Promise<void> {
    await this.blueprint.takeBack?.(lease, hooked(resource, before), await this.#context(before));
  }

  /** What the holder of a lease has. As at an allocator, what is handed out ends with the signal of the lease: `over`. */
  async holding(lease: GrantedLease, resource: MadeResource): Promise<Holding & { over(): void }> {
    const ended = new AbortController();
    const context = await this.place.context(this.blueprint, { signal: ended.signal });
    const { place, blueprint } = this;
    return {
      lease,
      resource,
      place,
      over: () => ended.abort(),
      interface: async <Kind extends object>(name: string) => (await blueprint.interface(name, lease, resource, context)) as Kind,
      async gives() {
        const secrets = new RedactingSecrets(context.secrets);
        const outputs = await blueprint.gives!(lease, resource, { ...context, secrets });
        if (hashOf(secrets.coverJson(outputs)) !== hashOf(outputs)) throw new Error('It gives a secret in clear');
        return outputs;
      },
    };
  }

  /** Some of the points at which what is done can be stopped: before its first effect, its last one, and others. */
  async points(work: (before: BeforeEffect) => Promise<unknown>): Promise<number[]> {
    let effects = 0;
    await work(async () => void (effects += 1));
    if (effects === 0 && this.samples.points !== 0)
      throw new Error('It has no effect that it could be stopped at: are they announced?');
    const { points = POINTS } = this.samples;
    if (points === 1 && process.env.SLIPWAY_POINTS !== 'all') return [1 + Math.floor(this.#random() * effects)];
    return chosenPoints(effects, points, this.#random);
  }

  /** Its process dies right before an effect. */
  async dies(point: number, work: (before: BeforeEffect) => Promise<unknown>): Promise<void> {
    let effects = 0;
    const before = async () => {
      effects += 1;
      if (effects >= point) throw new Death('It has died');
    };
    await work(before).catch((error: unknown) => {
      if (effects < point) throw error;
    });
  }

  /** It hangs right before an effect. */
  stops(point: number, work: (before: BeforeEffect) => Promise<unknown>): Stopped {
    let effects = 0;
    const there = gate();
    const on = gate();
    const working = work(async () => {
      effects += 1;
      if (effects !== point) return;
      there.open();
      await on.opened;
    }).then(
      () => 'done' as const,
      (error: unknown) => error as Error,
    );
    void working.then(() => there.open());
    return {
      there: there.opened,
      wake: () => {
        on.open();
        return working;
      },
    };
  }

  #context(before?: BeforeEffect) {
    return this.place.context(this.blueprint, before && { before });
  }
}

function hooked(resource: MadeResource, before: BeforeEffect | undefined): MadeResource {
  if (!before) return resource;
  const needs = Object.entries(resource.needs).map(([role, held]) => [role, heldWithEffects(held, before)] as const);
  return { ...resource, needs: Object.fromEntries(needs) };
}

/** What is waited for until somebody opens it. */
function gate(): { opened: Promise<void>; open(): void } {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}
