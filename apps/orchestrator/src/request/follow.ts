import { resourceKey, type JsonObject, type PlanStep, type RequestEvent, type StepAction, type Wire } from '@slipway/contracts';
import { leftBehind, succeeded } from './result.js';
import { isStopping, policyOf, type RequestState, type Setting } from './state.js';
import { isUnderWay, mustBeUndone, undoActionOf, type StepState, type Tries } from './step.js';

/** Steps that one append begins at most; the others follow at once in the next. */
export const MOST_AT_ONCE = 100;

/** What follows from a state by itself: steps that are due, undoing, ends. Nothing when it has to wait. */
export function follow(state: RequestState, setting: Setting): RequestEvent[] {
  if (!state.plan || !state.accepted) return [];
  if (state.phase === 'undoing') return undo(state, setting);
  if (state.phase !== 'running') return [];
  const steps = Object.values(state.steps);
  if (isStopping(state)) return stop(state, steps);
  // What was read out has to become a snapshot first.
  if (steps.every(({ result }) => result === 'succeeded')) return state.accepted.job === 'export' ? [] : [succeeded(state.plan)];
  const due = steps.filter(
    ({ plan, active, result }) => !active && !result && plan.after.every((id) => state.steps[id]?.result === 'succeeded'),
  );
  if (due.length > 0) return begin(state, due, false, setting);
  const cause = steps.find(({ result }) => result === 'failed')?.cause;
  return cause && !steps.some(({ active }) => active) ? needsAttention(state, cause) : [];
}

function stop(state: RequestState, steps: StepState[]): RequestEvent[] {
  if (steps.some(isUnderWay)) return [];
  // What was ended because another step had failed says nothing of why.
  const failures = steps.flatMap(({ result, cause }) => (result === 'failed' && cause ? [cause] : []));
  const failure = failures.find(({ code }) => code !== 'step-cancelled') ?? failures[0];
  if (!state.cancel && state.accepted!.keepOnFailure) return needsAttention(state, failure!);
  return [{ type: 'UndoStarted', data: { cause: state.cancel ?? failure! } }];
}

function undo(state: RequestState, setting: Setting): RequestEvent[] {
  const steps = Object.values(state.steps);
  const open = steps.filter((step) => mustBeUndone(step, steps));
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

function begin(state: RequestState, due: StepState[], undoing: boolean, setting: Setting): RequestEvent[] {
  if (state.paused) return [];
  return due.slice(0, MOST_AT_ONCE).map(({ plan, tries }) => {
    const action = undoing ? undoActionOf({ plan })! : plan.action;
    return {
      type: 'StepRequested',
      data: {
        stepId: plan.id,
        try: nextTry(tries, undoing, plan.inverse === plan.action),
        action,
        undo: undoing,
        inputs: inputsFor(action, undoing, plan, state, setting.installed),
        deadline: setting.now + Math.round(policyOf(plan, setting, undoing).timeoutSeconds * 1000),
      },
    };
  });
}

/** An action that undoes itself is told apart by its tries: none of both directions has the same number. */
const nextTry = ({ forward, undo: back }: Tries, undoing: boolean, reversible: boolean): number =>
  (reversible ? Math.max(forward, back) : undoing ? back : forward) + 1;

/** What is changed back is given what it was given before: nothing that was wired to it then has gone. */
function inputsFor(
  action: StepAction,
  undoing: boolean,
  step: PlanStep,
  { plan, steps }: RequestState,
  installed: Setting['installed'],
): Record<string, JsonObject> {
  if (action !== 'ensure' && action !== 'update') return {};
  if (!undoing || !step.before) return inputsOf(step, plan!.wires, steps, installed);
  const { offerings, wires } = step.before;
  return inputsOf({ kind: step.kind, name: step.name, ...(offerings && { offerings }) }, wires, {}, installed);
}

/**
 * Outputs of what a step's resource is wired to, by the requirement's name: as this plan has made it, else as it stands; and what
 * holds of all that is offered for it, as `offering`.
 */
const inputsOf = (
  step: Pick<PlanStep, 'kind' | 'name' | 'offerings'>,
  wires: readonly Wire[],
  steps: RequestState['steps'],
  installed: Setting['installed'],
): Record<string, JsonObject> => ({
  ...Object.fromEntries(
    wires
      .filter(({ from }) => from === resourceKey(step))
      .map(({ requirement, to }) => {
        const made = steps[to]?.result === 'succeeded' ? steps[to].outputs : undefined;
        return [requirement, made ?? installed[to] ?? {}];
      }),
  ),
  ...(step.offerings && { offering: step.offerings }),
});
