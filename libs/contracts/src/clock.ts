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

let newest = { ms: Number.NaN, text: '' };

/** Formats milliseconds since the epoch as an {@link Instant}. What is read in a row was often recorded in the same millisecond. */
export function instant(ms: number): Instant {
  if (ms !== newest.ms) newest = { ms, text: new Date(ms).toISOString() };
  return newest.text;
}
