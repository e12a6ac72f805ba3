/** Where time comes from. */
export interface TimeSources {
  /** Of the wall clock, ms since the epoch: it may be set to anything at any moment. */
  wall(): number;
  /** Ms since some moment: never goes back, never jumps. */
  monotonic(): number;
}

const HOUR = 3_600_000;
const GRACE_MS = 10 * 60_000;
/** The wall clock may be off the running time by this before somebody is told. */
const OFF_MS = 60_000;

/**
 * The time by which leases end.
 *
 * T1. While it runs, as much time passes as passes: whatever the wall clock is set to ends no lease early and keeps none.
 * T2. After a start with a wall clock behind the last event no lease ends until the clock has caught up.
 * T3. After a start with a wall clock more than an hour ahead of the last event no lease ends for ten minutes, in which holders can renew.
 * T4. What is odd about the clock is told, with what follows.
 */
export class SteadyClock {
  /** Time now is the running time and this; none while the wall clock is behind. */
  #offset: number | undefined;
  /** Of the running time. */
  #graceUntil = -Infinity;
  #ahead = 0;

  /** `lastAt`: when the last event happened that is known at the start; 0 where there is none. */
  constructor(
    private readonly sources: TimeSources,
    private readonly lastAt: number,
  ) {
    this.#catchUp();
  }

  /** Ms since the epoch; never less than before, nor than the last event. */
  now(): number {
    const offset = this.#catchUp();
    return offset === undefined ? this.lastAt : Math.floor(this.sources.monotonic() + offset);
  }

  /** Whether leases whose time is over end now. */
  mayEnd(): boolean {
    return this.#catchUp() !== undefined && this.sources.monotonic() >= this.#graceUntil;
  }

  /** What a person should know of it: none when all is well. */
  reasons(): string[] {
    const now = this.now();
    if (this.#offset === undefined)
      return [
        `the clock is behind the last event on leases (${shown(this.sources.wall())}, ${shown(this.lastAt)}): no lease ends until it has caught up; set it right`,
      ];
    const left = this.#graceUntil - this.sources.monotonic();
    if (left > 0)
      return [
        `the clock is ${Math.round(this.#ahead / 60_000)} minutes ahead of the last event on leases: none ends before ${shown(now + left)}; see that it is right`,
      ];
    const off = this.sources.wall() - now;
    if (Math.abs(off) <= OFF_MS) return [];
    return [
      `the clock was set ${off > 0 ? 'ahead' : 'back'} by ${Math.round(Math.abs(off) / 1000)} s while the allocator ran: leases go by the time that has passed; restart it when the clock is right`,
    ];
  }

  /** Goes by the wall clock once it is where it can be, and from then on by the running time. */
  #catchUp(): number | undefined {
    const wall = this.sources.wall();
    if (this.#offset !== undefined || wall < this.lastAt) return this.#offset;
    const running = this.sources.monotonic();
    this.#offset = wall - running;
    if (this.lastAt > 0 && wall - this.lastAt > HOUR) {
      this.#ahead = wall - this.lastAt;
      this.#graceUntil = running + GRACE_MS;
    }
    return this.#offset;
  }
}

const shown = (time: number): string => new Date(time).toISOString();
