/** Where a request stands. The last five are ends. */
export const REQUEST_STATUSES = [
  'queued',
  'running',
  'undoing',
  'paused',
  'attention',
  'succeeded',
  'failed',
  'unsatisfied',
  'cancelled',
  'abandoned',
] as const;
export type RequestStatus = (typeof REQUEST_STATUSES)[number];
/** Statuses after which nothing happens by itself any more. */
export const ENDED: readonly RequestStatus[] = ['succeeded', 'failed', 'unsatisfied', 'cancelled', 'abandoned'];
