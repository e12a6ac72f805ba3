import type { AllocationEvent, Clock } from '@slipway/contracts';
import type { Allocations } from '../allocation/allocations.js';
import { Deadlines } from '../lease/deadlines.js';
import type { LeaseTime } from './lease-time.js';
import { ALLOCATOR } from './system.js';
import type { Turns } from './turns.js';

const LOOK_EVERY = 250;
/** How long one waits before what could not be ended is tried again, in ms. */
const PAUSE_MS = 2_000;

export interface ExpiryOptions {
  allocations: Allocations;
  time: LeaseTime;
  turns: Turns;
  clock: Clock;
  warn(about: object, message: string): void;
}

/** Ends leases whose time is over. Which is next is known; that of all the others is not looked at. */
export class Expiry {
  readonly #deadlines = new Map<string, Deadlines>();
  #cancel = () => {};
  #stopped = false;
  #isFirst = false;

  constructor(private readonly options: ExpiryOptions) {}

  start(): void {
    this.#again(0);
  }

  noticed(environment: string, events: readonly AllocationEvent[]): void {
    const deadlines = this.#deadlines.get(environment);
    const { state } = this.options.allocations.of(environment);
    for (const event of events) deadlines?.follow(state, event);
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  #again(ms: number): void {
    if (this.#stopped) return;
    this.#cancel = this.options.clock.after(ms, () => {
      this.#look().then(
        () => this.#again(LOOK_EVERY),
        (error: unknown) => {
          this.options.warn({ err: error }, 'Leases whose time is over could not be ended; it is tried again');
          this.#again(PAUSE_MS);
        },
      );
    });
  }

  async #look(): Promise<void> {
    const { allocations, time, turns } = this.options;
    const wasFirst = this.#isFirst;
    this.#isFirst = turns.isFirst();
    if (this.#isFirst && !wasFirst) time.takesOver(allocations.lastAt());
    if (!this.#isFirst || !time.mayEnd()) return;
    for (const environment of allocations.environments()) {
      const deadlines = this.#of(environment);
      for (let next = deadlines.next(); next && next.at <= time.now() && !this.#stopped;) {
        const { leaseId } = next;
        await allocations.decide(environment, { type: 'Expire', leaseId, now: time.now() }, { actor: ALLOCATOR });
        next = deadlines.next();
        // Another replica has put it off, and we have not heard of it yet.
        if (next?.leaseId === leaseId) break;
      }
    }
  }

  #of(environment: string): Deadlines {
    const known = this.#deadlines.get(environment);
    if (known) return known;
    const deadlines = new Deadlines(this.options.allocations.of(environment).state);
    this.#deadlines.set(environment, deadlines);
    return deadlines;
  }
}
