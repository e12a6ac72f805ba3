/** How an instance is kept running. */
export interface Supervision {
  /** Before it is started again for the first time; doubles with each further time. */
  firstBackoffMs: number;
  longestBackoffMs: number;
  /** Having run this long, it begins with the first backoff again. */
  steadySeconds: number;
  /** Between SIGTERM and SIGKILL. */
  graceSeconds: number;
  /** One log file's size; there are two at most, and the current one may be a MiB larger. */
  logBytes: number;
}

export const SUPERVISION: Supervision = {
  firstBackoffMs: 500,
  longestBackoffMs: 60_000,
  steadySeconds: 60,
  graceSeconds: 5,
  logBytes: 4 * 1024 * 1024,
};

/** A range of numbers, both ends included. */
export interface Range {
  from: number;
  to: number;
}

/**
 * User ids that instances get: a part of what systemd's table of user ids calls unused (0x70000000 to 0x7fffffff). It is
 * so wide, and each instance's first choice so scattered, that two data folders on one host do not meet in it.
 */
export const USERS: Range = { from: 0x7000_0000, to: 0x77ff_ffff };

/** `20000-24999`, as configuration writes it. */
export function rangeOf(text: string): Range {
  const [from, to] = text.split('-').map(Number);
  return { from: from!, to: to! };
}
