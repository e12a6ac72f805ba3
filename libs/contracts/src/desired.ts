import type { ResourceRef } from './services.js';

/** Whether something that runs is to run. */
export const DESIRED_STATES = ['running', 'stopped'] as const;
export type DesiredState = (typeof DESIRED_STATES)[number];

/** What can be wanted of something that runs. */
export const DESIRED_CHANGES = ['start', 'stop', 'restart'] as const;
export type DesiredChange = (typeof DESIRED_CHANGES)[number];

/** Says whether something that was made is to run from now on. The same again changes nothing. */
export interface SetDesiredCommand {
  resource: ResourceRef;
  change: DesiredChange;
  /** Why; it is recorded. */
  reason?: string;
}

/** Answer to {@link SetDesiredCommand}: what is wanted, as it is recorded. That it is so is told by the health, through the log. */
export interface Desired {
  generation: number;
  desired: DesiredState;
  /** Log position of the resource's newest event. */
  position: string;
}
