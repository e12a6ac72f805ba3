import type { Cause, Plan, RequestEvent } from '@slipway/contracts';
import { initialState, type RequestState } from './state.js';
import { newStep, neverStarted, type StepState } from './step.js';

/** The state after an event. */
export function evolve(state: RequestState, event: RequestEvent): RequestState {
  switch (event.type) {
    case 'RequestAccepted':
      return { ...state, phase: 'queued', accepted: event.data };
    case 'RequestVoided':
      return { ...state, phase: 'voided' };
    case 'PlanMade':
      return event.data.plan ? withPlan(state, event.data.plan) : { ...without(state, 'plan'), steps: {} };
    case 'RequestWaiting':
      return { ...state, waiting: event.data };
    case 'RequestAdmitted':
      return { ...without(state, 'waiting'), phase: 'running' };
    case 'RequestPaused':
      return { ...state, paused: true };
    case 'RequestResumed':
      return { ...state, paused: false };
    case 'CancelRequested': {
      const reason = event.data.reason ?? 'It was cancelled';
      return { ...state, phase: state.phase === 'attention' ? 'running' : state.phase, cancel: cancelledBy(reason) };
    }
    case 'UndoStarted':
      return { ...state, phase: 'undoing', undoing: true, cause: event.data.cause };
    case 'AttentionNeeded':
      return { ...state, phase: 'attention', cause: event.data.cause };
    case 'RequestRetried':
      return retried(state);
    case 'RequestSucceeded':
      return { ...state, phase: 'succeeded' };
    case 'RequestUnsatisfied':
      return { ...state, phase: 'unsatisfied' };
    case 'RequestFailed':
      return { ...state, phase: 'failed', cause: event.data.cause };
    case 'RequestCancelled':
      return { ...state, phase: 'cancelled', cause: event.data.cause };
    case 'RequestAbandoned':
      return { ...state, phase: 'abandoned' };
    default: {
      const step = state.steps[event.data.stepId];
      if (!step) return state;
      return { ...state, steps: { ...state.steps, [event.data.stepId]: evolveStep(step, event) } };
    }
  }
}

const cancelledBy = (message: string): Cause => ({
  code: 'cancelled',
  message,
  hint: 'Make a new request if it is still wanted.',
});

function withPlan(state: RequestState, plan: Plan): RequestState {
  const steps = Object.fromEntries(plan.steps.map((step) => [step.id, newStep(step, state.spent[step.id])]));
  return { ...state, plan, steps };
}

type StepEvent = Extract<RequestEvent, { data: { stepId: string } }>;

function evolveStep(step: StepState, event: StepEvent): StepState {
  const { active } = step;
  switch (event.type) {
    case 'StepRequested': {
      const { action, undo, try: tryNumber, inputs, deadline } = event.data;
      const again = active?.phase === 'waiting' && active.undo === undo;
      return {
        ...step,
        active: { action, undo, try: tryNumber, phase: 'running', deadline, at: 0, inputs },
        tries: { ...step.tries, [undo ? 'undo' : 'forward']: tryNumber },
        first: again ? step.first : tryNumber,
      };
    }
    case 'StepWaiting':
      return active ? { ...step, active: { ...active, held: event.data.code } } : step;
    case 'StepUncertain':
      return active ? { ...step, active: { ...active, phase: 'uncertain' } } : step;
    case 'StepRetryScheduled': {
      const touched = step.touched || !neverStarted(event.data.cause);
      const { at, cause } = event.data;
      return active ? { ...step, active: { ...active, phase: 'waiting', at }, touched, cause } : step;
    }
    case 'StepSucceeded':
      return { ...without(step, 'active', 'cause'), result: 'succeeded', outputs: event.data.outputs, touched: true };
    case 'StepFailed': {
      const touched = step.touched || !neverStarted(event.data.cause);
      return { ...without(step, 'active'), result: 'failed', cause: event.data.cause, touched };
    }
    case 'StepUndone':
      return { ...without(step, 'active'), undone: 'yes' };
    case 'StepUndoFailed':
      return { ...without(step, 'active'), undone: 'failed', cause: event.data.cause };
  }
}

/** Goes on where attention was needed; begins anew where it had ended. */
function retried(state: RequestState): RequestState {
  if (state.phase !== 'attention') {
    const spent = Object.entries(state.steps).map(([id, { tries }]) => [id, tries]);
    const anew = { ...initialState(), phase: 'queued' as const, spent: { ...state.spent, ...Object.fromEntries(spent) } };
    return state.accepted ? { ...anew, accepted: state.accepted } : anew;
  }
  const steps = Object.entries(state.steps).map(([id, step]) => [id, begunAgain(step, state.undoing)]);
  const kept = { ...state, steps: Object.fromEntries(steps) as RequestState['steps'] };
  return state.undoing ? { ...kept, phase: 'undoing' } : { ...without(kept, 'cause'), phase: 'running' };
}

function begunAgain(step: StepState, undoing: boolean): StepState {
  if (undoing) return step.undone === 'failed' ? without(step, 'undone') : step;
  return step.result === 'failed' ? without(step, 'result') : step;
}

function without<T extends object, K extends keyof T>(whole: T, ...keys: K[]): T {
  const rest = { ...whole };
  for (const key of keys) delete rest[key];
  return rest;
}
