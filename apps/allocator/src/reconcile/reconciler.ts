import { SlipwayError, causeOf, type AllocationEvent, type Clock } from '@slipway/contracts';
import { Wakes } from '@slipway/mesh';
import type { Allocations } from '../allocation/allocations.js';
import type { AllocationCommand } from '../allocation/commands.js';
import { MOST_EVENTS } from '../allocation/deciding.js';
import { partsOf, type AllocationState } from '../allocation/state.js';
import type { BlueprintCatalogue, LimitedWork } from '../blueprint/declaration.js';
import type { Workshop } from '../blueprint/workshop.js';
import { AtOnce } from './at-once.js';
import { Backoff } from './backoff.js';
import { REASON_CHARACTERS, carryOut, failure, triesBefore, type Outcome } from './carry-out.js';
import type { LeaseTime } from './lease-time.js';
import { ALLOCATOR } from './system.js';
import type { Turns } from './turns.js';
import { touchedBy, workFor, type Work } from './work.js';

/** How long each piece of work may take, where its blueprint does not say otherwise. */
const USUAL_SECONDS: Record<LimitedWork, number> = {
  allocate: 600,
  update: 300,
  destroy: 300,
  prepare: 120,
  takeBack: 120,
  manage: 60,
};
/** How often an open resource is looked at, in ms. */
const MANAGE_EVERY = 30_000;
/** How long what was ended is waited for before somebody else begins, in ms. */
const ENDING = 5_000;
/** Pieces of work of one blueprint at once: one that hangs takes nothing from the others. */
const AT_ONCE = 16;
const TIDY_EVERY = 5_000;
const LOOK_EVERY = 1_000;
/** Of what fails again and again, how much is told. */
const SHOWN = 20;

export interface ReconcilerOptions {
  allocations: Allocations;
  catalogue: BlueprintCatalogue;
  workshop: Workshop;
  turns: Turns;
  time: LeaseTime;
  clock: Clock;
  warn(about: object, message: string): void;
  info(about: object, message: string): void;
}

interface Running {
  work: Work;
  ending: AbortController;
  /** The state calls for it no more: how it ends is of no interest. */
  obsolete: boolean;
}

/**
 * Brings the world to what the state says (decision 43), again and again.
 *
 * R1. One piece of work for a lease or a resource at a time; what the state calls for no more is ended before the next begins.
 * R2. Nothing is remembered but how often something failed: what is to be done is read off the newest state that is known.
 * R3. A piece of work has a limit. One that does not end then is left behind: its blueprint bears that (B1).
 * R4. Of each blueprint only so many pieces go on at once.
 */
export class Reconciler {
  readonly #running = new Map<string, Running>();
  readonly #atOnce = new AtOnce(AT_ONCE);
  readonly #backoff: Backoff;
  readonly #managedAt = new Map<string, number>();
  readonly #wakes: Wakes;
  /** Of blueprints, and of resources that are entered elsewhere. */
  readonly #locations = new Set<string>();
  /** Locations at which we worked when we last looked. */
  #ours = '';
  #stopped = false;
  #timers: (() => void)[] = [];

  constructor(private readonly options: ReconcilerOptions) {
    const { clock, time } = options;
    const turned: Clock = { now: () => time.running(), after: (ms, task) => clock.after(ms, task) };
    this.#wakes = new Wakes(turned, (id) => this.#look(id));
    this.#backoff = new Backoff(() => time.running());
  }

  start(): void {
    const { allocations } = this.options;
    for (const environment of allocations.environments())
      for (const [, { location }] of allocations.of(environment).state.resources.entries()) this.#locations.add(location);
    this.#repeat(LOOK_EVERY, () => this.#lookForTurns());
    this.#repeat(TIDY_EVERY, () => this.#tidy(this.options.allocations.environments()));
  }

  /** Something was recorded: looks at all for which something else may be to be done now. */
  noticed(environment: string, events: readonly AllocationEvent[]): void {
    if (this.#stopped) return;
    const { state } = this.options.allocations.of(environment);
    for (const { type, data } of events) {
      if (type === 'ResourceEntered') this.#locations.add(data.location);
      // With other attributes it may work at once.
      if (type === 'ResourceChanged') this.#backoff.succeeded(data.resourceId, 'update');
    }
    for (const id of new Set(events.flatMap((event) => touchedBy(state, event)))) this.#look(id);
    if (events.length >= MOST_EVENTS) this.#tidy([environment]);
  }

  /** What is not looked after, and what fails again and again, for whoever watches. */
  problems(): string[] {
    return [...this.#unserved(), ...this.#backoff.failing(SHOWN)];
  }

  /** Locations at which there are resources, and nobody to look after them. */
  #unserved(): string[] {
    const { turns, allocations } = this.options;
    const away = new Map([...this.#locations].filter((location) => !turns.isServed(location)).map((location) => [location, 0]));
    if (away.size === 0) return [];
    for (const environment of allocations.environments())
      for (const [, { location }] of allocations.of(environment).state.resources.entries()) {
        const count = away.get(location);
        if (count !== undefined) away.set(location, count + 1);
      }
    return [...away]
      .filter(([, count]) => count > 0)
      .map(
        ([location, count]) =>
          `nobody works at ${location}: resources there (${count}) are not looked after; start a replica that does`,
      );
  }

  /** How often something failed for a lease or a resource since it last worked, and why the last time. */
  failing(id: string): { tries: number; reason: string } | undefined {
    return this.#backoff.of(id);
  }

  /** Ends what goes on: whoever starts next does it again. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const cancel of this.#timers) cancel();
    this.#wakes.stop();
    for (const { ending } of this.#running.values()) ending.abort(ended('the allocator stops'));
    for (let left = 100; this.#running.size > 0 && left > 0; left -= 1) await this.#pause(50);
  }

  #repeat(ms: number, task: () => void): void {
    const at = this.#timers.length;
    const again = () => {
      if (this.#stopped) return;
      task();
      this.#timers[at] = this.options.clock.after(ms, again);
    };
    this.#timers[at] = this.options.clock.after(0, again);
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => void this.options.clock.after(ms, resolve));
  }

  /** Whoever has become the one who works somewhere looks at all there is. */
  #lookForTurns(): void {
    const { turns, catalogue, allocations } = this.options;
    for (const { location } of catalogue.values()) this.#locations.add(location);
    const locations = [...this.#locations].toSorted();
    const ours = JSON.stringify([turns.isFirst(), ...locations.filter((location) => turns.isOurs(location))]);
    if (ours === this.#ours) return;
    this.#ours = ours;
    for (const environment of allocations.environments()) {
      const { state } = allocations.of(environment);
      for (const [id] of state.resources.entries()) this.#look(id);
      for (const [id] of state.leases.entries()) this.#look(id);
    }
  }

  #tidy(environments: readonly string[]): void {
    const { turns, time, warn } = this.options;
    if (!turns.isFirst()) return;
    for (const environment of environments)
      this.#decide(environment, { type: 'Tidy', now: time.now(), running: time.running() }).catch((error: unknown) =>
        warn({ err: error, environment }, 'What time alone brings could not be decided; it is tried again'),
      );
  }

  #look(id: string): void {
    if (this.#stopped) return;
    const { allocations, catalogue, time } = this.options;
    const { state } = allocations.of(partsOf(id)!.environment);
    const work = workFor(state, catalogue, id, time.running());
    const running = this.#running.get(id);
    if (running) {
      if (work && isSame(work, running.work)) return;
      running.obsolete = true;
      running.ending.abort(ended('it is not called for any more'));
      return;
    }
    if (!work) {
      if (!state.leases.has(id) && !state.resources.has(id)) this.#forget(id);
      this.#wakes.set(id, Infinity);
      return;
    }
    const managed = work.do === 'manage' ? (this.#managedAt.get(id) ?? -Infinity) + MANAGE_EVERY : 0;
    const at = Math.max(notBefore(work), managed, this.#backoff.until(idOf(work), work.do));
    if (at > time.running()) this.#wakes.set(id, Math.min(at, untilOf(work)));
    else this.#begin(id, work, state);
  }

  #begin(id: string, work: Work, state: AllocationState): void {
    const { blueprint, location } = state.resources.get(work.resourceId)!;
    if (!this.options.turns.isOurs(location)) return;
    const kind = this.#kindOf(work, blueprint);
    if (!this.#atOnce.enter(kind, id)) return;
    const running: Running = { work, ending: new AbortController(), obsolete: false };
    this.#running.set(id, running);
    void this.#carryOut(running).finally(() => {
      this.#running.delete(id);
      this.#look(id);
      if (id !== work.resourceId) this.#look(work.resourceId);
      this.#atOnce.leave(kind, (next) => this.#look(next));
    });
  }

  /** R4. Nobody waits for his resource because others are looked at, or because others are gone and what is over there hangs. */
  #kindOf(work: Work, blueprint: string): string {
    if (work.do === 'manage') return `${blueprint} regularly`;
    return notBefore(work) > 0 ? `${blueprint} again` : blueprint;
  }

  /** Never throws: what fails is decided on, or tried again later. */
  async #carryOut(running: Running): Promise<void> {
    const { work } = running;
    const { time, info, warn } = this.options;
    const about = { work: work.do, resource: work.resourceId, ...('leaseId' in work && { lease: work.leaseId }) };
    const { environment } = partsOf(work.resourceId)!;
    const { outcome, reason, isFinal = false } = await this.#inTime(running);
    if (this.#stopped) return;
    if (work.do === 'manage') this.#managedAt.set(work.resourceId, time.running());
    let decided = outcome;
    if (reason === undefined) this.#backoff.succeeded(idOf(work), work.do);
    else {
      if (running.obsolete) return;
      warn({ ...about, reason }, isFinal ? 'It failed for good' : 'It failed; it is tried again');
      const { state } = this.options.allocations.of(environment);
      decided = failure(work, {
        reason,
        isFinal,
        ...this.#backoff.failed(idOf(work), work.do, reason, triesBefore(state, work)),
      });
    }
    try {
      if (decided) await this.#decide(environment, { ...decided, now: time.now() } as AllocationCommand);
      if (decided && reason === undefined) info(about, 'Done');
    } catch (error) {
      // It is done again then: a blueprint bears that.
      this.#backoff.failed(idOf(work), work.do, causeOf(error).message);
      warn({ ...about, err: error }, 'What has become of it could not be recorded; it is tried again');
    }
  }

  /** R3: what has become of it at its limit, or some time after it was ended, whether it has noticed that or not. */
  async #inTime({ work, ending }: Running): Promise<{ outcome?: Outcome | undefined; reason?: string; isFinal?: boolean }> {
    const { clock, allocations, workshop } = this.options;
    const seconds = this.#secondsFor(work);
    const late = new SlipwayError('timed-out', `It took longer than ${seconds} s`);
    let cancel = clock.after(seconds * 1000, () => ending.abort(late));
    let reasonOf = (error: unknown): string => causeOf(error).message;
    const left = new Promise<never>((_resolve, reject) => {
      ending.signal.addEventListener('abort', () => {
        cancel();
        cancel = clock.after(ENDING, () => reject(ending.signal.reason as Error));
      });
    });
    const doing = async (): Promise<Outcome | undefined> => {
      const { state } = allocations.of(partsOf(work.resourceId)!.environment);
      const resource = state.resources.get(work.resourceId)!;
      const lease = 'leaseId' in work ? state.leases.get(work.leaseId)! : undefined;
      const at = await workshop.atWork(state, { resource, ...(lease && { lease }) }, ending.signal);
      reasonOf = (error) => at.cover(causeOf(error).message);
      return carryOut(work, at, resource.status === 'broken' ? (resource.remains ?? []) : undefined);
    };
    try {
      return { outcome: await Promise.race([doing(), left]) };
    } catch (error) {
      const isFinal = error instanceof SlipwayError && error.code === 'lease-impossible';
      return { reason: reasonOf(error).slice(0, REASON_CHARACTERS), isFinal };
    } finally {
      cancel();
    }
  }

  #secondsFor({ do: what, resourceId }: Work): number {
    const { allocations, catalogue } = this.options;
    const { blueprint } = allocations.of(partsOf(resourceId)!.environment).state.resources.get(resourceId)!;
    return catalogue.get(blueprint)?.workSeconds?.[what] ?? USUAL_SECONDS[what];
  }

  async #decide(environment: string, command: AllocationCommand): Promise<void> {
    await this.options.allocations.decide(environment, command, { actor: ALLOCATOR });
  }

  #forget(id: string): void {
    this.#managedAt.delete(id);
    this.#backoff.forget(id);
  }
}

/** When it is tried again what could not be done; 0 for what was not tried yet. */
const notBefore = (work: Work): number => ('notBefore' in work ? work.notBefore : 0);

/** When something else is to be done. */
const untilOf = (work: Work): number => ('until' in work ? work.until : undefined) ?? Infinity;

/** For whom it is done. */
const idOf = (work: Work): string => ('leaseId' in work ? work.leaseId : work.resourceId);

const isSame = (one: Work, other: Work): boolean =>
  one.do === other.do && (!('token' in one) || !('token' in other) || one.token === other.token);

const ended = (why: string): SlipwayError => new SlipwayError('step-cancelled', `It was ended: ${why}`);
