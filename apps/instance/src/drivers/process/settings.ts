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
