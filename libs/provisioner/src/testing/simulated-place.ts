import { SlipwayError, resourceStream, type InspectAnswer, type JsonObject, type ResourceKind } from '@slipway/contracts';
import type { Driver, DriverContext, Ensured, Identity, Mark, Target } from '../driver.js';

/** A moment at which a simulation may let a process die or hang. */
export interface EffectPoint {
  when: 'before' | 'after';
  /** `mark`: the marker stands; `make`: it gets its name; `bury`: the tombstone; `remove`: what was there is gone. */
  effect: 'mark' | 'make' | 'bury' | 'remove';
  /** `storage-default.shop-data/g1` */
  what: string;
}

interface Thing {
  mark: Mark;
  state: 'marked' | 'made' | 'buried' | 'destroyed';
}

/** Called around each effect. What it throws ends the driver's call there; what never resolves lets it hang there. */
export type OnEffect = (point: EffectPoint) => void | Promise<void>;

/**
 * A place in memory, as durable as the object itself: it outlives the simulated processes that work on it. Counts what really
 * happened, so that a simulation can say that nothing happened twice and nothing is left.
 */
export class SimulatedPlace {
  /** How often each thing was really made and really removed. */
  readonly made = new Map<string, number>();
  readonly removed = new Map<string, number>();
  readonly #things = new Map<string, Thing>();

  /** Around the effects of all drivers of this place. */
  constructor(public onEffect: OnEffect = () => {}) {}

  /** All that carries a mark and is not gone. */
  marks(): Mark[] {
    return [...this.#things.values()].filter(({ state }) => state !== 'destroyed').map(({ mark }) => mark);
  }

  /** A driver at this place. `outputs` are what others are wired to; `onEffect` is called as well as the place's own. */
  driver(
    kind: ResourceKind,
    name: string,
    outputs: (target: Target) => JsonObject = ({ resource }) => ({ path: `/${resource.name}` }),
    onEffect: OnEffect = () => {},
  ): Driver {
    const around: OnEffect = async (point) => {
      await this.onEffect(point);
      await onEffect(point);
    };
    return {
      kind,
      name,
      ensure: (target, _spec, _inputs, context) => this.#ensure(target, outputs(target), context, around),
      inspect: async (target) => this.#inspect(target),
      destroy: (target, context) => this.#destroy(target, context, around),
      marks: async () => this.marks().filter(({ resource }) => resource.kind === kind),
    };
  }

  async #ensure(target: Target, outputs: JsonObject, context: DriverContext, around: OnEffect): Promise<Ensured> {
    const what = nameOf(target);
    this.#assertNotOld(target);
    if (this.#things.get(what)?.state === 'made') return { effect: 'found', outputs, observed: { exists: true } };
    context.log(`Making ${what}`);
    await effectAt(around, 'mark', what, () => {
      this.#assertNotOld(target);
      if (!this.#things.has(what)) this.#things.set(what, { mark: markOf(target), state: 'marked' });
    });
    let effect: 'made' | 'found' = 'made';
    await effectAt(around, 'make', what, () => {
      this.#assertNotOld(target);
      if (this.#things.get(what)?.state === 'made') {
        effect = 'found';
        return;
      }
      this.#things.set(what, { mark: markOf(target), state: 'made' });
      this.made.set(what, (this.made.get(what) ?? 0) + 1);
    });
    context.progress(1, `Made ${what}`);
    return { effect, outputs, observed: { exists: true } };
  }

  #inspect(target: Identity): InspectAnswer {
    const state = this.#things.get(nameOf(target))?.state;
    if (state === 'made') return { state: 'present', observed: { exists: true } };
    if (state === 'marked') return { state: 'partial', observed: {} };
    return { state: state === undefined ? 'absent' : 'destroyed', observed: {} };
  }

  async #destroy(target: Target, context: DriverContext, around: OnEffect): Promise<'destroyed' | 'absent'> {
    const what = nameOf(target);
    const found = this.#things.get(what)?.state;
    context.log(`Removing ${what}`);
    await effectAt(around, 'bury', what, () => {
      const now = this.#things.get(what)?.state;
      if (now === 'destroyed' || now === 'buried') return;
      this.#things.set(what, { mark: markOf(target), state: now === 'made' ? 'buried' : 'destroyed' });
    });
    await effectAt(around, 'remove', what, () => {
      const thing = this.#things.get(what)!;
      if (thing.state !== 'buried') return;
      thing.state = 'destroyed';
      this.removed.set(what, (this.removed.get(what) ?? 0) + 1);
    });
    return found === 'made' || found === 'buried' ? 'destroyed' : 'absent';
  }

  #assertNotOld({ resource, generation }: Identity): void {
    for (const { mark, state } of this.#things.values()) {
      if (resourceStream(mark.resource) !== resourceStream(resource)) continue;
      const gone = mark.generation === generation && (state === 'buried' || state === 'destroyed');
      if (gone || mark.generation > generation) {
        throw new SlipwayError('generation-old', `Generation ${mark.generation} is ${state}`, { generation });
      }
    }
  }
}

async function effectAt(around: OnEffect, effect: EffectPoint['effect'], what: string, happen: () => void): Promise<void> {
  await around({ when: 'before', effect, what });
  happen();
  await around({ when: 'after', effect, what });
}

const nameOf = ({ resource, generation }: Identity): string => `${resourceStream(resource)}/g${generation}`;
const markOf = ({ resource, generation }: Identity): Mark => ({
  resource,
  generation,
  where: nameOf({ resource, generation, epoch: 0 }),
});
