import type { SoFar } from './so-far.js';

/** Milliseconds that only go forward. */
export type Now = () => number;

export interface Limits {
  /** Of all that is decided, derived and taken back; 5,000,000 when left out. */
  steps?: number;
  /** Of time; 10,000 when left out. */
  milliseconds?: number;
}

/** Thrown when a limit is reached: nothing is decided then. */
export class LimitReached extends Error {
  /** What is known by then, where something is. */
  soFar?: SoFar;
}

const STEPS = 5_000_000;
const MILLISECONDS = 10_000;
/** The clock is read once in so many steps. */
const STRIDE = 256;

/** What a plan, or a resolution by itself, may cost, all its parts together. */
export class Budget {
  #left: number;
  #used = 0;
  readonly #deadline: number;

  constructor(
    { steps = STEPS, milliseconds = MILLISECONDS }: Limits,
    private readonly now: Now,
    private readonly whole?: Budget,
  ) {
    this.#left = steps;
    this.#deadline = now() + milliseconds;
  }

  /** At most so many steps of this budget; without a number, all that is left of it, with a count of its own. */
  part(steps = Infinity): Budget {
    return new Budget({ steps, milliseconds: Infinity }, this.now, this);
  }

  get isSpent(): boolean {
    return this.#left < 0 || (this.whole?.isSpent ?? false);
  }

  /** Steps that were taken so far. */
  get used(): number {
    return this.#used;
  }

  step(count = 1): void {
    this.whole?.step(count);
    const strides = Math.floor(this.#used / STRIDE);
    this.#used += count;
    this.#left -= count;
    if (this.#left < 0) throw new LimitReached('steps');
    if (Math.floor(this.#used / STRIDE) > strides && this.now() > this.#deadline) throw new LimitReached('time');
  }
}
