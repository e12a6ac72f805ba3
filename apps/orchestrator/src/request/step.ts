import type { Cause, JsonObject, PlanStep, StepAction } from '@slipway/contracts';

/** The try of a step that is under way: forwards, or undoing what was made. */
export interface ActiveTry {
  action: StepAction;
  undo: boolean;
  try: number;
  /** `waiting`: the next try starts at `at`. `uncertain`: its deadline has passed without an outcome. */
  phase: 'running' | 'waiting' | 'uncertain';
  /** Milliseconds since the epoch, of a try that runs. */
  deadline: number;
  /** Milliseconds since the epoch, of a try that waits. */
  at: number;
  inputs: Record<string, JsonObject>;
  /** Code of the reason why it waits for its server. */
  held?: string;
}

/** One step of a plan, as its request's stream tells it. */
export interface StepState {
  readonly plan: PlanStep;
  active?: ActiveTry;
  /** How it ended, forwards. */
  result?: 'succeeded' | 'failed';
  /** How its undo ended. */
  undone?: 'yes' | 'failed';
  /** Greatest try so far in each direction. They only grow, over retries of the request too. */
  tries: Tries;
  /** First try since it was (re)started in the direction of the try under way. */
  first: number;
  outputs: JsonObject;
  cause?: Cause;
  /** Something may have been made at the place. */
  touched: boolean;
}

export interface Tries {
  forward: number;
  undo: number;
}

export const newStep = (plan: PlanStep, tries: Tries = { forward: 0, undo: 0 }): StepState => ({
  plan,
  tries,
  first: 0,
  outputs: {},
  touched: false,
});

/** Whether a failure says that nothing was begun at the place: refused at the door, or no server until the deadline. */
export const neverStarted = (cause: Cause): boolean => cause.details?.['started'] === false;

/** What undoing has to take away. */
export const mustBeUndone = (step: StepState): boolean =>
  step.touched && step.undone !== 'yes' && step.plan.action === 'ensure' && step.plan.inverse === 'destroy';

export const isUnderWay = (step: StepState): boolean => step.active?.phase === 'running' || step.active?.phase === 'uncertain';
