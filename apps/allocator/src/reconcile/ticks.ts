import type { Clock } from '@slipway/contracts';
import type { KeptTick } from '../lease/kept-tick.js';
import type { LeaseTime } from './lease-time.js';

const EVERY_MS = 60_000;

export interface TicksOptions {
  tick: KeptTick;
  time: LeaseTime;
  clock: Clock;
  warn(about: object, message: string): void;
}

/**
 * Keeps each minute, and at the end, up to when time has passed, also while nothing is recorded: the next start tells by it whether the clock was
 * set. Not while the clock is held to be wrong: the next start would take that for right.
 */
export class Ticks {
  #cancel = () => {};

  constructor(private readonly options: TicksOptions) {}

  start(): void {
    this.#keep();
    this.#cancel = this.options.clock.after(EVERY_MS, () => this.start());
  }

  stop(): void {
    this.#cancel();
    this.#keep();
  }

  #keep(): void {
    const { tick, time, warn } = this.options;
    if (!time.mayEnd()) return;
    try {
      tick.write(time.now());
    } catch (error) {
      warn({ err: error }, 'What time it is could not be kept for the next start');
    }
  }
}
