/** The time that leases go by. */
export interface LeaseTime {
  /** Ms since the epoch; never goes back, and jumps no more than time has passed. */
  now(): number;
  /** The same as long as that goes on. While it stands this goes on by the running time: pauses and regular looks go by it. */
  running(): number;
  /** Whether what its time is over for may be ended now: not while the clock is not to be trusted. */
  mayEnd(): boolean;
  /** Another replica may have recorded something: `at`, when that happened by its clock. */
  heard(at: number): void;
  /** From now on this replica ends leases. `lastAt`: when the last event happened that is known. */
  takesOver(lastAt: number): void;
  /** What a person should know of it. */
  reasons(): string[];
}
