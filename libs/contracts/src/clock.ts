/**
 * Time and timers as a port: the core never reads the wall clock itself, so that a simulation can turn it.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Runs `task` once after `ms` milliseconds; the returned function takes it back. */
  after(ms: number, task: () => void): () => void;
}

/** The real clock. Its timers do not keep a process alive. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (ms, task) => {
    const timer = setTimeout(task, ms);
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** An ISO 8601 instant in UTC with milliseconds, the form of every time in events and on the wire. */
export type Instant = string;

/** Formats milliseconds since the epoch as an {@link Instant}. */
export const instant = (ms: number): Instant => new Date(ms).toISOString();
