import { buffer } from 'node:stream/consumers';
import { SlipwayError, resourceStream, type InspectAnswer, type JsonObject, type ResourceKind } from '@slipway/contracts';
import type { Driver, DriverContext, Ensured, Identity, Mark, Target } from '../driver.js';

/** A moment at which a simulation may let a process die or hang. */
export interface EffectPoint {
  when: 'before' | 'after';
  /**
   * `mark`: the marker stands; `make`: it gets its name; `start`: what was stopped runs again; `stop`: it has ended; `read`: its
   * data are read out; `change`: it is as an update says; `bury`: the tombstone; `remove`: what was there is gone.
   */
  effect: 'mark' | 'make' | 'start' | 'stop' | 'read' | 'change' | 'bury' | 'remove';
  /** `storage-default.shop-data/g1` */
  what: string;
}

interface Thing {
  mark: Mark;
  state: 'marked' | 'made' | 'buried' | 'destroyed';
  data: Buffer;
  stopped: boolean;
  /** As it was made, or changed, last; and the epoch that did so. */
  spec: JsonObject;
  epoch: number;
}

/** What a simulated driver can change. */
const CHANGEABLE = {
  inPlace: ['mode', 'sizeLimit', 'connectionLimit', 'environment', 'health', 'limits'],
  replaces: ['command'],
};

/** Of the data that a simulated place gives and takes. */
export const SIMULATED_DATA = 'application/x-simulated';

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

  /** What was made and does not run. */
  stopped(): string[] {
    return [...this.#things].filter(([, { state, stopped }]) => state === 'made' && stopped).map(([what]) => what);
  }

  /** Data of what was made, `storage-default.shop-data/g1`; with `data` they become those. */
  data(what: string, data?: string): string {
    const thing = this.#things.get(what);
    if (thing?.state !== 'made') throw new Error(`${what} is not there`);
    if (data !== undefined) thing.data = Buffer.from(data);
    return thing.data.toString();
  }

  /** What it is like: the spec that it was made or changed with last. */
  spec(what: string): JsonObject {
    const thing = this.#things.get(what);
    if (thing?.state !== 'made') throw new Error(`${what} is not there`);
    return thing.spec;
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
      ensure: (target, spec, _inputs, context) => this.#ensure(target, spec, outputs(target), context, around),
      inspect: async (target) => this.#inspect(target),
      destroy: (target, context) => this.#destroy(target, context, around),
      stop: (target) => this.#stop(target, around),
      portable: {
        mediaType: SIMULATED_DATA,
        accepts: [SIMULATED_DATA],
        export: async (target) => this.#read(target, around),
      },
      updatable: {
        ...CHANGEABLE,
        update: (target, spec, _inputs, context) => this.#update(target, spec, outputs(target), context, around),
      },
      marks: async () => this.marks().filter(({ resource }) => resource.kind === kind),
    };
  }

  async #ensure(
    target: Target,
    spec: JsonObject,
    outputs: JsonObject,
    context: DriverContext,
    around: OnEffect,
  ): Promise<Ensured> {
    const what = nameOf(target);
    this.#assertNotOld(target);
    const found: Ensured = { effect: 'found', outputs, observed: { exists: true } };
    const there = this.#things.get(what);
    if (there?.state === 'made') {
      if (there.stopped) await effectAt(around, 'start', what, () => void (there.stopped = false));
      return found;
    }
    context.log(`Making ${what}`);
    await effectAt(around, 'mark', what, () => {
      this.#assertNotOld(target);
      if (!this.#things.has(what)) this.#things.set(what, thing(target, 'marked'));
    });
    const data = context.from ? await buffer(await context.from.open()) : Buffer.alloc(0);
    let effect: 'made' | 'found' = 'made';
    await effectAt(around, 'make', what, () => {
      this.#assertNotOld(target);
      if (this.#things.get(what)?.state === 'made') {
        effect = 'found';
        return;
      }
      this.#things.set(what, { ...thing(target, 'made'), data, spec });
      this.made.set(what, (this.made.get(what) ?? 0) + 1);
    });
    context.progress(1, `Made ${what}`);
    return { effect, outputs, observed: { exists: true } };
  }

  /** Stops, changes and starts it again, each an effect of its own: what is killed in between is half-way. */
  async #update(
    target: Target,
    spec: JsonObject,
    outputs: JsonObject,
    context: DriverContext,
    around: OnEffect,
  ): Promise<Omit<Ensured, 'effect'>> {
    const what = nameOf(target);
    const there = () => {
      const found = this.#things.get(what);
      if (found?.state !== 'made') throw new SlipwayError('not-found', `${what} is not there`);
      if (found.epoch > target.epoch) throw new SlipwayError('generation-old', `${what} is changed under epoch ${found.epoch}`);
      return found;
    };
    there();
    context.log(`Changing ${what}`);
    await effectAt(around, 'stop', what, () => void Object.assign(there(), { stopped: true, epoch: target.epoch }));
    await effectAt(around, 'change', what, () => void Object.assign(there(), { spec }));
    if (!context.stopped) await effectAt(around, 'start', what, () => void Object.assign(there(), { stopped: false }));
    context.progress(1, `Changed ${what}`);
    return { outputs, observed: { exists: true } };
  }

  #inspect(target: Identity): InspectAnswer {
    const state = this.#things.get(nameOf(target))?.state;
    if (state === 'made') return { state: 'present', observed: { exists: true } };
    if (state === 'marked') return { state: 'partial', observed: {} };
    return { state: state === undefined ? 'absent' : 'destroyed', observed: {} };
  }

  async #stop(target: Identity, around: OnEffect): Promise<void> {
    const what = nameOf(target);
    await effectAt(around, 'stop', what, () => {
      const found = this.#things.get(what);
      if (found?.state === 'made') found.stopped = true;
    });
  }

  async *#read(target: Identity, around: OnEffect): AsyncGenerator<Uint8Array> {
    const what = nameOf(target);
    let data = '';
    await effectAt(around, 'read', what, () => {
      data = this.data(what);
    });
    yield Buffer.from(data);
  }

  async #destroy(target: Target, context: DriverContext, around: OnEffect): Promise<'destroyed' | 'absent'> {
    const what = nameOf(target);
    const found = this.#things.get(what)?.state;
    context.log(`Removing ${what}`);
    await effectAt(around, 'bury', what, () => {
      const now = this.#things.get(what)?.state;
      if (now === 'destroyed' || now === 'buried') return;
      this.#things.set(what, thing(target, now === 'made' ? 'buried' : 'destroyed'));
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
const thing = (target: Identity, state: Thing['state']): Thing => ({
  mark: markOf(target),
  state,
  data: Buffer.alloc(0),
  stopped: false,
  spec: {},
  epoch: 0,
});
const markOf = ({ resource, generation }: Identity): Mark => ({
  resource,
  generation,
  where: nameOf({ resource, generation, epoch: 0 }),
});
