import type { Clock } from '@slipway/contracts';

interface Timer {
  at: number;
  order: number;
  task: () => void;
}

const MINUTE = 60_000;

/** A clock that stands until it is turned: what falls due runs in the order of its time, each with all that follows at once. */
export class VirtualClock implements Clock {
  #now: number;
  #order = 0;
  readonly #timers = new Set<Timer>();

  constructor(now = Date.UTC(2030, 0, 1)) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, task: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, ms), order: (this.#order += 1), task };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Turns it on until `done` holds, at most by `ms`; whether it came to that. */
  async until(done: () => boolean, ms: number): Promise<boolean> {
    const end = this.#now + ms;
    for (;;) {
      await settle();
      if (done()) return true;
      const next = this.#next();
      if (!next || next.at > end) {
        this.#now = end;
        return false;
      }
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.task();
    }
  }

  /** Turns it on until `look` finds something, and returns that; throws when it does not within a minute. */
  async reach<Found>(look: () => Found | undefined | false): Promise<Found> {
    let found: Found | undefined | false;
    if (!(await this.until(() => Boolean((found = look())), MINUTE))) throw new Error('It did not come to that within a minute');
    return found as Found;
  }

  /** Turns it on by `ms`. */
  async pass(ms: number): Promise<void> {
    await this.until(() => false, ms);
  }

  #next(): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (!next || timer.at < next.at || (timer.at === next.at && timer.order < next.order)) next = timer;
    }
    return next;
  }
}

/** Lets everything happen that needs no clock. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
