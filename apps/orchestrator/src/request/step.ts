import { resourceKey, type Cause, type JsonObject, type PlanStep, type StepAction } from '@slipway/contracts';

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
  /** First try since it was (re)started in the direction of the try under way, or of the last one; 0 before it was begun. */
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

/** What undoing does to a step; nothing where there is nothing to undo. */
export const undoActionOf = ({ plan: { inverse } }: Pick<StepState, 'plan'>): 'destroy' | 'ensure' | 'update' | undefined =>
  inverse === 'none' || inverse === 'forward' ? undefined : inverse;

/**
 * Whether a plan has come to where it only goes on: something that cannot be brought back was begun to be taken away. It stays so,
 * also while a retry has not begun it again.
 */
export const goesForward = (steps: readonly StepState[]): boolean =>
  steps.some(({ plan, first }) => plan.inverse === 'forward' && first > 0);

/** What undoing has to take away, to change back, or to bring up again: unless a later step has done that already. */
export function mustBeUndone(step: StepState, steps: readonly StepState[]): boolean {
  if (!step.touched || step.undone === 'yes') return false;
  const key = resourceKey(step.plan);
  const isUp = ({ plan, result }: StepState) => plan.action === 'ensure' && result === 'succeeded' && resourceKey(plan) === key;
  const { inverse } = step.plan;
  return inverse === 'destroy' || inverse === 'update' || (step.plan.inverse === 'ensure' && !steps.some(isUp));
}

/**
 * Whether, when its request is given up now, something stays that nobody wants there, or as it is: what was begun and has no outcome
 * counts too.
 */
export function wouldBeLeft(step: StepState, steps: readonly StepState[]): boolean {
  const { active } = step;
  return mustBeUndone({ ...step, touched: step.touched || (isUnderWay(step) && !active!.undo) }, steps);
}

export const isUnderWay = (step: StepState): boolean => step.active?.phase === 'running' || step.active?.phase === 'uncertain';
