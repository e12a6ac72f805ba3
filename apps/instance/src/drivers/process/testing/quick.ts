import type { Supervision } from '../settings.js';

/** Quick enough for tests, and still a backoff that doubles. */
export const QUICK: Supervision = {
  firstBackoffMs: 100,
  longestBackoffMs: 1_600,
  steadySeconds: 60,
  graceSeconds: 2,
  logBytes: 64 * 1024,
};
