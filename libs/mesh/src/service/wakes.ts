import type { Clock } from '@slipway/contracts';

/** When whom is to be looked at again: one time each, one timer for all. */
export class Wakes {
  readonly #times = new Map<string, number>();
  /** A binary heap by time; entries whose time has changed since are left behind and skipped. */
  readonly #heap: { at: number; id: string }[] = [];
  #timer: { at: number; cancel: () => void } | undefined;
  #stopped = false;

  constructor(
    private readonly clock: Clock,
    private readonly wake: (id: string) => void,
  ) {}

  /** Instead of an earlier time for the same id; `Infinity`: never. */
  set(id: string, at: number): void {
    if (this.#times.get(id) === at) return;
    this.#times.set(id, at);
    if (at === Infinity) {
      this.#times.delete(id);
      return;
    }
    this.#push({ at, id });
    this.#arm();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #arm(): void {
    const first = this.#heap[0];
    if (!first || this.#stopped || (this.#timer && this.#timer.at <= first.at)) return;
    this.#timer?.cancel();
    const ms = Math.min(Math.max(0, first.at - this.clock.now()), LONGEST);
    const timer = { at: first.at, cancel: this.clock.after(ms, () => this.#fire()) };
    this.#timer = timer;
  }

  #fire(): void {
    this.#timer = undefined;
    const now = this.clock.now();
    for (let first = this.#heap[0]; first && first.at <= now; first = this.#heap[0]) {
      this.#pop();
      if (this.#times.get(first.id) !== first.at) continue;
      this.#times.delete(first.id);
      this.wake(first.id);
    }
    this.#arm();
  }

  #push(entry: { at: number; id: string }): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    for (let up = (at - 1) >> 1; at > 0 && heap[up]!.at > entry.at; up = (at - 1) >> 1) {
      heap[at] = heap[up]!;
      at = up;
    }
    heap[at] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (let down = 1; down < heap.length; down = 2 * at + 1) {
      if (down + 1 < heap.length && heap[down + 1]!.at < heap[down]!.at) down += 1;
      if (heap[down]!.at >= last.at) break;
      heap[at] = heap[down]!;
      at = down;
    }
    heap[at] = last;
  }
}

/** Longest time that a timer takes (setTimeout's 2^31-1 ms). */
const LONGEST = 2 ** 31 - 1;
