import { ERRORS, causeOf, type RequestContext, type ServiceName } from '@slipway/contracts';
import type { RecordedEvent } from '@slipway/event-store';
import { MemoryDisk } from '@slipway/event-store/testing';
import { LocalBus, VirtualClock, seeded, type Faults, type Passage } from '@slipway/mesh/testing';
import { SimulatedProcess } from './simulated-process.js';

/** Begins a life: makes the services of the process on its ports. */
export type Begin = (process: SimulatedProcess) => void | Promise<void>;

export interface SimulatedMeshOptions {
  /** Everything random repeats with it. */
  seed: number;
  /** Of messages; each arrives once and at once when left out. */
  faults?: Faults;
  /** Numbers (from 1) of the points at which who passes them dies, counted over all processes and lives. */
  dieAt?: readonly number[];
  /** Who dies there: the process that passed, or all of them (a power cut). */
  dies?: 'process' | 'everything';
  /** How long a process stays away, in ms. */
  awayMs?: number;
}

/** Before a caller asks again who got no answer, in ms. */
const ASK_AGAIN = 200;

/** A run that passes more points than this goes round in circles. */
const MOST_POINTS = 10_000;

/** A mesh in one thread on a virtual clock: its processes die at chosen points and come back, and the same seed repeats all. */
export class SimulatedMesh {
  readonly clock = new VirtualClock();
  readonly disk = new MemoryDisk();
  readonly bus: LocalBus;
  /** All points that were passed, in order. */
  readonly points: string[] = [];
  /** Those at which somebody died. */
  readonly deaths: string[] = [];
  /** Messages of which an answer was wanted, as they were sent. */
  readonly asked: string[] = [];
  readonly #random: () => number;
  readonly #lives = new Map<string, { begin: Begin; process?: SimulatedProcess; diedAt: number }>();
  #failure: { error: unknown } | undefined;

  constructor(private readonly options: SimulatedMeshOptions) {
    const { seed, faults = () => [0] } = options;
    this.#random = seeded(seed);
    const noted = (passage: Passage, random: () => number) => {
      if (passage.leg === 'request') this.asked.push(passage.subject);
      return faults(passage, random);
    };
    this.bus = new LocalBus({ mesh: 'sim', clock: this.clock, seed, faults: noted });
  }

  /** A process, from now on: begins its life, and a new one after each death. */
  run(name: string, begin: Begin): void {
    this.#lives.set(name, { begin, diedAt: -Infinity });
    this.#begin(name);
  }

  /** Unique ids (UUID) that the seed repeats. */
  readonly ids = (): string => {
    const word = () =>
      Math.floor(this.#random() * 2 ** 32)
        .toString(16)
        .padStart(8, '0');
    return `${word()}${word()}${word()}${word()}`.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
  };

  /** How long nothing was heard of a process, in ms. */
  readonly silentFor = (name: string): number => {
    const life = this.#lives.get(name);
    return life?.process?.alive ? 0 : this.clock.now() - (life?.diedAt ?? -Infinity);
  };

  /** `kill -9` of a process, or of all; they come back as after any death. */
  kill(name?: string): void {
    for (const each of name === undefined ? this.#lives.keys() : [name]) this.#die(each);
  }

  /** As a caller from outside does it: again and again until there is an answer. Throws what was refused. */
  async ask<Answer>(service: ServiceName, verb: string, body: object, context: RequestContext): Promise<Answer> {
    for (;;) {
      try {
        return await this.bus.request<Answer>(service, verb, body, { context });
      } catch (error) {
        if (ERRORS[causeOf(error).code].advice === 'refuse') throw error;
        await this.pass(ASK_AGAIN);
      }
    }
  }

  /** Resolves when so much of the virtual time has passed. */
  pass(ms: number): Promise<void> {
    return new Promise((resolve) => void this.clock.after(ms, resolve));
  }

  /** Resolves once it holds of what is recorded: it is looked at again after each append. */
  when(holds: () => boolean): Promise<void> {
    const { watchers } = this.disk;
    return new Promise((resolve) => {
      const look = () => {
        if (!holds()) return;
        watchers.delete(look);
        resolve();
      };
      watchers.add(look);
      look();
    });
  }

  /** Turns the clock until `work` is done. Throws what it throws, what a process failed with at its start, or that it took too long. */
  async drive(work: Promise<void>, withinMs: number): Promise<void> {
    let ended: { error?: unknown } | undefined;
    work.then(
      () => (ended = {}),
      (error: unknown) => (ended = { error }),
    );
    const held = await this.clock.until(() => ended !== undefined || this.#failure !== undefined, withinMs);
    const { error } = this.#failure ?? ended ?? {};
    if (error) throw error;
    if (!held) throw new Error(`It had not come to its end within ${withinMs / 1000} s of virtual time`);
  }

  events(stream?: string): RecordedEvent[] {
    return this.disk.events.filter((event) => stream === undefined || event.stream === stream);
  }

  #begin(name: string): void {
    const life = this.#lives.get(name)!;
    const passes = (process: SimulatedProcess, point: string) => this.#passes(process, point);
    const process = new SimulatedProcess(name, { clock: this.clock, disk: this.disk, bus: this.bus, passes });
    life.process = process;
    const failed = (error: unknown) => {
      if (process.alive) this.#failure ??= { error };
    };
    void (async () => life.begin(process))().catch(failed);
  }

  #passes(process: SimulatedProcess, point: string): boolean {
    const { dieAt = [], dies = 'process' } = this.options;
    this.points.push(`${process.name}: ${point}`);
    if (this.points.length > MOST_POINTS) this.#stopTurning();
    if (!dieAt.includes(this.points.length)) return false;
    this.deaths.push(this.points.at(-1)!);
    this.kill(dies === 'everything' ? undefined : process.name);
    return true;
  }

  /** Ends all that goes round in circles, perhaps without any time that passes. */
  #stopTurning(): void {
    const last = this.points.slice(-20).map((point) => `  ${point}`);
    this.#failure ??= { error: new Error(`More than ${MOST_POINTS} points were passed, at last:\n${last.join('\n')}`) };
    for (const { process } of this.#lives.values()) process?.die();
  }

  #die(name: string): void {
    const life = this.#lives.get(name)!;
    if (!life.process?.alive) return;
    life.process.die();
    life.diedAt = this.clock.now();
    this.clock.after(this.options.awayMs ?? 1_000, () => this.#begin(name));
  }
}
