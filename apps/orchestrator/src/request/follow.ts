import type { JsonObject, Plan, RequestEvent } from '@slipway/contracts';
import { leftBehind, succeeded } from './result.js';
import { isStopping, type RequestState, type Setting } from './state.js';
import { isUnderWay, mustBeUndone, type StepState } from './step.js';

/** Steps that one append begins at most; the others follow at once in the next. */
export const MOST_AT_ONCE = 100;

/** What follows from a state by itself: steps that are due, undoing, ends. Nothing when it has to wait. */
export function follow(state: RequestState, setting: Setting): RequestEvent[] {
  if (!state.plan || !state.accepted) return [];
  if (state.phase === 'undoing') return undo(state, setting);
  if (state.phase !== 'running') return [];
  const steps = Object.values(state.steps);
  if (isStopping(state)) return stop(state, steps);
  if (steps.every(({ result }) => result === 'succeeded')) return [succeeded(state.plan)];
  const due = steps.filter(
    ({ plan, active, result }) => !active && !result && plan.after.every((id) => state.steps[id]?.result === 'succeeded'),
  );
  if (due.length > 0) return begin(state, due, false, setting);
  const cause = steps.find(({ result }) => result === 'failed')?.cause;
  return cause && !steps.some(({ active }) => active) ? needsAttention(state, cause) : [];
}

function stop(state: RequestState, steps: StepState[]): RequestEvent[] {
  if (steps.some(isUnderWay)) return [];
  const failure = steps.find(({ result }) => result === 'failed')?.cause;
  if (!state.cancel && state.accepted!.keepOnFailure) return needsAttention(state, failure!);
  return [{ type: 'UndoStarted', data: { cause: state.cancel ?? failure! } }];
}

function undo(state: RequestState, setting: Setting): RequestEvent[] {
  const steps = Object.values(state.steps);
  const open = steps.filter(mustBeUndone);
  if (open.length === 0) {
    const cause = state.cause!;
    return [state.cancel ? { type: 'RequestCancelled', data: { cause } } : { type: 'RequestFailed', data: { cause } }];
  }
  const blocked = new Set(open.flatMap(({ plan }) => plan.after));
  const due = open.filter((step) => !blocked.has(step.plan.id) && step.undone === undefined && !step.active?.undo);
  if (due.length > 0) return begin(state, due, true, setting);
  return open.some(({ active }) => active?.undo) ? [] : needsAttention(state, open.find(({ undone }) => undone)!.cause!);
}

const needsAttention = (state: RequestState, cause: NonNullable<RequestState['cause']>): RequestEvent[] => [
  { type: 'AttentionNeeded', data: { cause, left: leftBehind(state, 'It was kept when another step failed') } },
];

function begin(state: RequestState, due: StepState[], undoing: boolean, { now, policies, installed }: Setting): RequestEvent[] {
  if (state.paused) return [];
  return due.slice(0, MOST_AT_ONCE).map(({ plan, tries }) => ({
    type: 'StepRequested',
    data: {
      stepId: plan.id,
      try: (undoing ? tries.undo : tries.forward) + 1,
      action: undoing ? 'destroy' : plan.action,
      undo: undoing,
      inputs: undoing ? {} : inputsOf(plan.id, state.plan!, state.steps, installed),
      deadline: now + Math.round(policies[plan.kind].timeoutSeconds * 1000),
    },
  }));
}

/** Outputs of what a step is wired to, by the requirement's name. */
const inputsOf = (
  id: string,
  plan: Plan,
  steps: RequestState['steps'],
  installed: Setting['installed'],
): Record<string, JsonObject> =>
  Object.fromEntries(
    plan.wires
      .filter(({ from }) => from === id)
      .map(({ requirement, to }) => [requirement, steps[to]?.outputs ?? installed[to] ?? {}]),
  );
