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
 * T2. After a start with a wall clock behind the last known time no lease ends until the clock has caught up.
 * T3. Whoever starts, or takes over from another replica, with a clock more than an hour ahead of the last known time ends no lease for ten minutes,
 *     in which holders can renew.
 * T4. What is odd about the clock is told, with what follows.
 * T5. No replica is behind what another one has recorded. Where that takes it more than a minute ahead, it ends no lease for ten minutes.
 * T6. Pauses and regular looks go on while the time stands.
 */
export class SteadyClock {
  /** Time now is the running time and this; none while the wall clock is behind. */
  #offset: number | undefined;
  /** None ends before this, of the running time. `lastAt`: of the event after which that was. */
  #grace: { until: number; why: string; lastAt: number } | undefined;
  /** How much another replica was ahead in all. */
  #followed = 0;
  readonly #runningOffset: number;

  /** `lastAt`: the last time that is known at the start, of the newest event or of a later tick; 0 where there is none. */
  constructor(
    private readonly sources: TimeSources,
    private lastAt: number,
  ) {
    this.#runningOffset = lastAt - sources.monotonic();
    this.#catchUp();
  }

  /** Ms since the epoch; never less than before, nor than the last known time. */
  now(): number {
    const offset = this.#catchUp();
    return offset === undefined ? this.lastAt : Math.floor(this.sources.monotonic() + offset);
  }

  /** T6. Ms since the epoch; never less than before, nor than `now`. */
  running(): number {
    return Math.max(this.now(), Math.floor(this.sources.monotonic() + this.#runningOffset));
  }

  /** Whether leases whose time is over end now. */
  mayEnd(): boolean {
    return this.#catchUp() !== undefined && this.sources.monotonic() >= (this.#grace?.until ?? -Infinity);
  }

  /** T5. `at`: when something happened that was recorded. */
  heard(at: number): void {
    const by = at - this.now();
    if (by <= 0) return;
    if (this.#offset === undefined) {
      this.lastAt = at;
      return;
    }
    this.#offset += by;
    this.#followed += by;
    if (by > OFF_MS)
      this.#giveGrace(`the clock of another replica is ${Math.round(by / 60_000)} minutes ahead of this one's`, at);
  }

  /** T3. `lastAt`: when the last event happened that is known; what was known at the start counts where that is later. */
  takesOver(lastAt: number): void {
    const known = Math.max(lastAt, this.lastAt);
    const ahead = this.now() - known;
    if (known === 0 || ahead <= HOUR || this.#grace?.lastAt === known) return;
    this.#giveGrace(`the clock is ${Math.round(ahead / 60_000)} minutes ahead of the last known time`, known);
  }

  /** What a person should know of it: none when all is well. */
  reasons(): string[] {
    const now = this.now();
    if (this.#offset === undefined)
      return [
        `the clock is behind the last known time (${shown(this.sources.wall())}, ${shown(this.lastAt)}): no lease ends until it has caught up; set it right`,
      ];
    const left = (this.#grace?.until ?? -Infinity) - this.sources.monotonic();
    if (left > 0) return [`${this.#grace!.why}: none ends before ${shown(now + left)}; see that it is right`];
    const off = this.sources.wall() - now;
    if (Math.abs(off) <= OFF_MS) return [];
    const seconds = Math.round(Math.abs(off) / 1000);
    if (off < 0 && this.#followed > OFF_MS)
      return [`the clock is ${seconds} s behind what another replica has recorded: leases go by that; set both right`];
    return [
      `the clock was set ${off > 0 ? 'ahead' : 'back'} by ${seconds} s while the allocator ran: leases go by the time that has passed; restart it when the clock is right`,
    ];
  }

  /** Goes by the wall clock once it is where it can be, and from then on by the running time. */
  #catchUp(): number | undefined {
    const wall = this.sources.wall();
    if (this.#offset !== undefined || wall < this.lastAt) return this.#offset;
    this.#offset = wall - this.sources.monotonic();
    this.takesOver(this.lastAt);
    return this.#offset;
  }

  #giveGrace(why: string, lastAt: number): void {
    this.#grace = { until: this.sources.monotonic() + GRACE_MS, why, lastAt };
  }
}

const shown = (time: number): string => new Date(time).toISOString();
