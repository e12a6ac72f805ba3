import { SlipwayError, causeOf, resourceStream, type Health, type OnFailure, type ResourceRef } from '@slipway/contracts';
import { runInContext, systemContext } from '@slipway/mesh';
import type { Rotations } from '../credentials/rotations.js';
import type { Driver, Observation, Target } from '../driver.js';
import { mayBeThere, placeOf, wanted, type Present, type ResourceCommand } from '../lifecycle/resource.js';
import { ownMetadata, type Loaded, type ResourceStreams } from '../lifecycle/stream.js';
import type { Ports } from '../ports.js';
import { refOf, type Entry, type Registry } from '../registry/registry.js';
import { driverContext } from '../step/driver-context.js';
import type { Lanes } from '../step/lane.js';
import { consequenceOf, type Unwell } from './failure.js';

/** How often the watch looks who is due, in ms. */
const TICK = 1_000;

/** What of a reason is recorded, in characters. */
const LONGEST_REASON = 500;

/** How many are looked at side by side. */
const SIDE_BY_SIDE = 16;

/** After this time a look is given up, in ms. */
const LOOK_WITHIN = 30_000;

/** Time between two looks at what stands still as it is to, in seconds: to start it is nobody's wish. */
const LOOK_AT_STOPPED_EVERY = 30;

/** Time between two looks when the driver does not say, in seconds. */
const LOOK_EVERY = 5;

/**
 * After provisioning somebody watches (decision 11): looks at what runs, lets its driver bring it to its desired state, also
 * after a reboot, and records what has changed.
 *
 * W1. A look takes the resource's lane, and gives way to every step.
 * W2. What is recorded is what changed: health, and restarts by its own supervision.
 * W3. What a destroy was begun of is not brought back.
 * W4. Ended is all that may run: also what a step has left that failed, or that has no outcome yet.
 * W5. What is not to run is ended and not started again, also after a restart of the mesh or a reboot.
 * W6. Secrets that are being made anew are so before anything else is done.
 * W7. What fails is restarted, left, or stopped, as its definition says; a stop is a fact like one that somebody wants.
 */
export class Watch {
  readonly #due = new Map<string, Due>();
  readonly #loaded = new Map<string, Loaded>();
  readonly #unwell = new Map<string, Unwell>();
  #looking = 0;
  #stopTimer = () => {};
  #stopped = false;

  constructor(
    private readonly ports: Ports,
    private readonly registry: Registry,
    private readonly streams: ResourceStreams,
    private readonly lanes: Lanes,
    private readonly rotations: Rotations,
  ) {}

  /** Looks at everything at once, then at intervals. */
  start(): void {
    const tick = () => {
      if (this.#stopped) return;
      this.#stopTimer = this.ports.clock.after(TICK, tick);
      this.#lookAtDue();
    };
    tick();
  }

  /** No look begins any more. */
  pause(): void {
    this.#stopped = true;
    this.#stopTimer();
  }

  /**
   * Ends all that runs, when no step is under way any more (W4). Desired states stay: the next start starts again what was
   * made, and carries on what has no outcome.
   */
  async endAll(): Promise<void> {
    await Promise.all(
      [...this.registry.all()].map((entry) => {
        const driver = this.ports.drivers.get(entry.driver);
        return driver?.stop && this.ports.locations.has(entry.location) ? this.#end(entry, driver) : undefined;
      }),
    );
  }

  /** Something else is wanted of it: looks at once. `loaded` is how it stands now. */
  changed(ref: ResourceRef, loaded: Loaded): void {
    const stream = resourceStream(ref);
    this.#loaded.set(stream, loaded);
    this.#due.delete(stream);
    if (!this.#stopped) this.#lookAtDue();
  }

  *#watched(): Generator<{ entry: Entry; driver: Driver }> {
    for (const entry of this.registry.all()) {
      const driver = this.ports.drivers.get(entry.driver);
      if (entry.wanted && driver?.observe && this.ports.locations.has(entry.location)) yield { entry, driver };
    }
  }

  #lookAtDue(): void {
    const now = this.ports.clock.now();
    this.#forgetGone();
    for (const { entry, driver } of this.#watched()) {
      if (this.#looking >= SIDE_BY_SIDE) return;
      const stream = resourceStream(entry.ref);
      if (entry.replica !== undefined || !isDue(entry, this.#due.get(stream), now)) continue;
      // Until the look has ended and says when it wants the next one.
      this.#due.set(stream, { at: now + LOOK_WITHIN + TICK, stopped: entry.stopped ?? false });
      this.#looking += 1;
      void this.#look(entry, driver)
        .catch((error: unknown) => this.ports.reports.warn({ err: error, resource: entry.ref }, 'A look at what runs failed'))
        .finally(() => {
          this.#looking -= 1;
        });
    }
  }

  async #look(entry: Entry, driver: Driver): Promise<void> {
    const stream = resourceStream(entry.ref);
    await this.lanes.in(stream, async (lane) => {
      if (this.#stopped) return;
      const loaded = await this.#load(entry, stream);
      const present = wanted(loaded.state);
      const again = (seconds: number) =>
        this.#due.set(stream, {
          at: this.ports.clock.now() + seconds * 1_000,
          stopped: loaded.state.desired === 'stopped',
        });
      again(TICK / 1_000);
      if (!present || loaded.state.running || lane.work) return;
      again(secondsUntilNext(loaded, present, driver));
      if (loaded.state.rotating !== undefined) {
        this.rotations.begin(lane, entry.ref, loaded);
        return;
      }
      const controller = new AbortController();
      const abort = (reason: SlipwayError) => controller.abort(reason);
      const done = this.#observe(entry.ref, driver, loaded, present, controller).catch((error: unknown) => {
        this.ports.reports.warn(
          { err: error, resource: entry.ref },
          'What was seen could not be recorded; the next look sees it again',
        );
      });
      this.lanes.begin(stream, lane, { epoch: loaded.state.epoch, abort, done });
    });
  }

  async #observe(ref: ResourceRef, driver: Driver, loaded: Loaded, present: Present, controller: AbortController): Promise<void> {
    const { signal } = controller;
    const giveUp = () => controller.abort(new SlipwayError('timed-out', `Nothing was seen within ${LOOK_WITHIN / 1_000} s`));
    const stopTimer = this.ports.clock.after(LOOK_WITHIN, giveUp);
    try {
      const target = targetOf(ref, loaded, present);
      const seen = await runInContext(systemContext(this.ports.kind), async () => {
        const context = await driverContext(this.ports, placeOf(loaded.state, present), signal);
        if (loaded.state.desired === 'running') return driver.observe!(target, present.spec, context);
        await driver.stop!(target, context);
        return { health: 'stopped' as const, reason: 'It was stopped', restarts: present.restarts };
      }).catch((error: unknown): Observation => {
        // A look that gives way has seen nothing.
        if (signal.aborted && (signal.reason as SlipwayError).code !== 'timed-out') throw error;
        // With its lease it has gone from the host that it stood on.
        const health = causeOf(error).code === 'lease-not-active' ? 'unhealthy' : 'unknown';
        return { health, reason: error instanceof Error ? error.message : String(error), restarts: present.restarts };
      });
      await this.#record(ref, present.generation, seen, loaded);
      if (seen.health === 'stopped') await this.#goOn(ref, present.generation);
      else await this.#failOver(ref, present, seen);
    } catch (error) {
      if (!signal.aborted) throw error;
    } finally {
      stopTimer();
    }
  }

  async #end({ ref, location, driver: name }: Entry, driver: Driver): Promise<void> {
    try {
      const loaded = await this.streams.load(ref);
      const { state } = loaded;
      for (const generation of mayBeThere(state)) {
        const at = placeOf(state, { location, driver: name, generation });
        const context = await driverContext(this.ports, at, new AbortController().signal);
        await driver.stop!({ resource: ref, generation, epoch: state.epoch }, context);
      }
      const present = wanted(state);
      if (!present) return;
      await this.#record(
        ref,
        present.generation,
        { health: 'stopped', reason: 'Slipway was stopped', restarts: present.restarts },
        loaded,
      );
    } catch (error) {
      this.ports.reports.warn({ err: error, resource: ref }, 'Something that runs could not be stopped');
    }
  }

  async #record(
    ref: ResourceRef,
    generation: number,
    seen: { health: Health; reason: string; restarts: number },
    loaded: Loaded,
  ) {
    await this.#decide(ref, { type: 'Observe', generation, ...seen }, loaded);
  }

  /** What was stopped only to be started again is to run now. */
  async #goOn(ref: ResourceRef, generation: number): Promise<void> {
    const loaded = this.#loaded.get(resourceStream(ref));
    if (!loaded?.state.restarting) return;
    await this.#decide(ref, { type: 'GoOn', generation }, loaded);
    this.#due.delete(resourceStream(ref));
  }

  /** What the definition says follows from a failure (W7). */
  async #failOver(ref: ResourceRef, { spec, generation }: Present, seen: Observation): Promise<void> {
    const stream = resourceStream(ref);
    const rule = (spec['onFailure'] ?? {}) as OnFailure;
    const { unwell, change, reason } = consequenceOf(rule, seen, this.#unwell.get(stream), this.ports.clock.now());
    if (unwell) this.#unwell.set(stream, unwell);
    else this.#unwell.delete(stream);
    const loaded = this.#loaded.get(stream);
    // A step, or somebody's wish, that came meanwhile has the last word.
    if (!change || !loaded || loaded.state.running || wanted(loaded.state)?.generation !== generation) return;
    await this.#decide(ref, { type: 'Desire', change, reason: reason!.slice(0, LONGEST_REASON) }, loaded);
    this.#due.delete(stream);
  }

  async #decide(ref: ResourceRef, command: ResourceCommand, known: Loaded): Promise<void> {
    const metadata = ownMetadata(ref, known);
    const { loaded } = await this.streams.record(ref, command, metadata, known);
    this.#loaded.set(resourceStream(ref), loaded);
  }

  #forgetGone(): void {
    for (const stream of this.#due.keys()) {
      if (this.registry.get(refOf(this.ports.kind, stream))?.wanted) continue;
      this.#due.delete(stream);
      this.#loaded.delete(stream);
      this.#unwell.delete(stream);
    }
  }

  /** From memory while nothing newer was recorded. */
  async #load(entry: Entry, stream: string): Promise<Loaded> {
    const known = this.#loaded.get(stream);
    if (known && known.revision >= entry.revision) return known;
    const loaded = await this.streams.load(entry.ref);
    this.#loaded.set(stream, loaded);
    return loaded;
  }
}

/** When the next look is due, and what was known to be wanted at the last one. */
interface Due {
  at: number;
  stopped: boolean;
}

/** What is wanted now may have been recorded by another replica of the place: that is no reason to wait. */
const isDue = ({ stopped = false }: Entry, due: Due | undefined, now: number): boolean =>
  due === undefined || due.at <= now || due.stopped !== stopped;

function secondsUntilNext({ state }: Loaded, { spec, health }: Present, driver: Driver): number {
  if (state.desired === 'stopped' && health === 'stopped') return LOOK_AT_STOPPED_EVERY;
  return driver.observeEvery?.(spec) ?? LOOK_EVERY;
}

const targetOf = (resource: ResourceRef, { state }: Loaded, { generation, definition }: Present): Target => ({
  resource,
  generation,
  epoch: state.epoch,
  definition,
});
