/** Kinds of jobs. */
export const JOBS = ['provision', 'deprovision', 'import', 'export', 'update', 'repair'] as const;
export type JobKind = (typeof JOBS)[number];
