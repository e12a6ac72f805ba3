/** The time that leases go by. */
export interface LeaseTime {
  /** Ms since the epoch; never goes back, and jumps no more than time has passed. */
  now(): number;
  /** Whether what its time is over for may be ended now: not while the clock is not to be trusted. */
  mayEnd(): boolean;
  /** What a person should know of it. */
  reasons(): string[];
}
