import type { Clock } from '@slipway/contracts';

/** A clock that stands still until a test turns it. */
export class VirtualClock implements Clock {
  #now: number;
  #timers: { at: number; task: () => void }[] = [];

  constructor(start = Date.UTC(2030, 0, 1)) {
    this.#now = start;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, task: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, ms), task };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Turns it on: what falls due in between happens in order, each with all that follows from it at once. */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await settle();
    for (;;) {
      const next = this.#timers.toSorted((a, b) => a.at - b.at)[0];
      if (!next || next.at > end) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#now = Math.max(this.#now, next.at);
      next.task();
      await settle();
    }
    this.#now = end;
  }

  /** Turns it until something holds, in steps of 10 ms; throws after a virtual minute. */
  async until<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
    for (const end = this.#now + 60_000; ;) {
      await settle();
      const found = await look();
      if (found !== undefined && found !== false) return found;
      if (this.#now > end) throw new Error('It did not come to that within a minute');
      await this.advance(10);
    }
  }
}

/** Lets everything happen that needs no clock. */
export const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};
