import { ERRORS, SlipwayError, lackingIn, type Cause, type RequestEvent } from '@slipway/contracts';
import { evolve } from './evolve.js';
import { changedSince, hashAsShown } from './exactly.js';
import { MOST_AT_ONCE, follow } from './follow.js';
import { leftBehind, succeeded } from './result.js';
import {
  isEnded,
  isReadOut,
  isStopping,
  policyOf,
  type RequestCommand,
  type RequestState,
  type Setting,
  type StepOutcome,
} from './state.js';
import { goesForward, type StepState } from './step.js';

/** How long after a step's deadline its outcome may still arrive before the step counts as uncertain, in ms. */
export const GRACE = 1_500;

/** What a command records. Throws `key-reused` and `not-possible`. */
export function decide(state: RequestState, command: RequestCommand): RequestEvent[] {
  switch (command.type) {
    case 'Accept':
      return accept(state, command);
    case 'Void':
      if (state.phase !== 'none') return [];
      return [{ type: 'RequestVoided', data: { environment: command.environment, name: command.name } }];
    case 'Plan':
      return planned(state, command.plan);
    case 'Refuse':
      return state.phase === 'queued' ? [{ type: 'RequestFailed', data: { cause: command.cause } }] : [];
    case 'Wait': {
      const { code, reason } = command;
      if (state.phase !== 'queued' || state.waiting?.code === code) return [];
      return [{ type: 'RequestWaiting', data: { code, reason } }];
    }
    case 'Admit': {
      const { planHash, setting } = command;
      if (state.phase !== 'queued' || state.plan?.hash !== planHash) return [];
      return andWhatFollows(state, [{ type: 'RequestAdmitted', data: { planHash } }], setting);
    }
    case 'Settle':
      return settle(state, command);
    case 'HoldStep': {
      const { stepId, try: tryNumber, code, reason } = command;
      const active = activeTry(state, command);
      if (active?.phase !== 'running' || active.held === code || isEnded(state)) return [];
      return [{ type: 'StepWaiting', data: { stepId, try: tryNumber, code, reason } }];
    }
    case 'Keep':
      return isReadOut(state) ? [succeeded(state.plan!, command.snapshot)] : [];
    case 'Lose':
      if (!isReadOut(state)) return [];
      return andWhatFollows(state, [{ type: 'UndoStarted', data: { cause: command.cause } }], command.setting);
    case 'Tick':
      if (isEnded(state)) return [];
      return andWhatFollows(state, timePassed(state, command.setting), command.setting);
    case 'Cancel':
      return cancel(state, command);
    case 'Pause': {
      if (isEnded(state)) throw notPossible(state, 'paused');
      if (state.paused) return [];
      return [{ type: 'RequestPaused', data: { actor: command.actor, ...because(command) } }];
    }
    case 'Resume':
      if (isEnded(state)) throw notPossible(state, 'resumed');
      return resume(state, command);
    case 'Retry': {
      if (!mayBeRetried(state)) throw notPossible(state, 'retried');
      const again: RequestEvent = { type: 'RequestRetried', data: { actor: command.actor, ...because(command) } };
      return andWhatFollows(state, [again], command.setting);
    }
    case 'Abandon':
      if (!mayBeAbandoned(state)) throw notPossible(state, 'abandoned');
      return [
        {
          type: 'RequestAbandoned',
          data: { actor: command.actor, reason: command.reason, left: leftBehind(state, command.reason) },
        },
      ];
  }
}

/** Whether a retry begins anew, with a new plan: then the name has to be claimed again. */
export const beginsAnew = ({ phase }: RequestState): boolean =>
  phase === 'failed' || phase === 'cancelled' || phase === 'unsatisfied';

const mayBeRetried = (state: RequestState): boolean => state.phase === 'attention' || beginsAnew(state);

const mayBeAbandoned = (state: RequestState): boolean =>
  state.phase === 'attention' ||
  (!isEnded(state) && Object.values(state.steps).some(({ active }) => active?.phase === 'uncertain'));

function accept(state: RequestState, { request: asked, plan }: Extract<RequestCommand, { type: 'Accept' }>): RequestEvent[] {
  if (state.phase === 'none') {
    const accepted: RequestEvent = { type: 'RequestAccepted', data: asked };
    return plan ? [accepted, ...planned(evolve(state, accepted), plan)] : [accepted];
  }
  if (state.phase === 'voided') throw notPossible(state, 'accepted any more');
  if (state.accepted?.bodyHash !== asked.bodyHash) throw new SlipwayError('key-reused');
  return [];
}

function planned(state: RequestState, plan: Extract<RequestCommand, { type: 'Plan' }>['plan']): RequestEvent[] {
  if (state.phase !== 'queued') return [];
  const exactly = state.accepted?.exactly;
  if (exactly !== undefined && hashAsShown(plan) !== exactly)
    return [{ type: 'RequestFailed', data: { cause: changedSince(exactly, plan, state.plan) } }];
  const made: RequestEvent = { type: 'PlanMade', data: { plan, planHash: plan.hash } };
  if (plan.outcome === 'unsatisfied') return [made, { type: 'RequestUnsatisfied', data: { unsatisfied: lackingIn(plan) } }];
  return plan.outcome === 'satisfied' ? [made, succeeded(plan)] : [made];
}

/** The try under way, if it is this one. */
const activeTry = (state: RequestState, { stepId, action, try: tryNumber }: Pick<Settled, 'stepId' | 'action' | 'try'>) => {
  const active = state.steps[stepId]?.active;
  return active?.try === tryNumber && active.action === action ? active : undefined;
};

type Settled = Extract<RequestCommand, { type: 'Settle' }>;

function settle(state: RequestState, command: Settled): RequestEvent[] {
  const { stepId, try: tryNumber, outcome, setting } = command;
  const active = activeTry(state, command);
  const step = state.steps[stepId];
  if (!step || !active || active.phase === 'waiting' || isEnded(state)) return [];
  const log = outcome.log && { log: outcome.log };
  const data = { stepId, try: tryNumber, ...log };
  // What carries no mark of ours is not ours to take away: nothing of ours is there any more.
  const gone = active.undo && outcome.kind === 'failed' && outcome.cause.code === 'foreign';
  if (active.undo && (outcome.kind === 'succeeded' || gone))
    return andWhatFollows(state, [{ type: 'StepUndone', data }], setting);
  if (outcome.kind === 'succeeded')
    return andWhatFollows(state, [{ type: 'StepSucceeded', data: { ...data, outputs: outcome.outputs } }], setting);
  return andWhatFollows(state, [failed(state, step, outcome, data, setting)], setting);
}

function failed(
  state: RequestState,
  step: StepState,
  outcome: Extract<StepOutcome, { kind: 'failed' }>,
  data: { stepId: string; try: number },
  setting: Setting,
): RequestEvent {
  const { undo, phase, try: tryNumber } = step.active!;
  // We ended it ourselves because its time was over.
  const timedOut = outcome.cause.code === 'step-cancelled' && phase === 'uncertain' && (undo || !state.cancel);
  const cause = timedOut ? new SlipwayError('step-timed-out').toCause() : outcome.cause;
  const { tries, backoffSeconds, maxBackoffSeconds } = policyOf(step.plan, setting, undo);
  const used = tryNumber - step.first + 1;
  if (used < tries && mayBeTriedAgain(cause) && (undo || !isStopping(state))) {
    const wait = Math.min(backoffSeconds * 2 ** (used - 1), maxBackoffSeconds);
    const at = Math.round(setting.now + wait * 1000);
    return { type: 'StepRetryScheduled', data: { ...data, nextTry: tryNumber + 1, at, cause } };
  }
  return { type: undo ? 'StepUndoFailed' : 'StepFailed', data: { ...data, cause } };
}

/** A refusal stays one, and what waits for a person is not mended by trying. */
const mayBeTriedAgain = (cause: Cause): boolean => ERRORS[cause.code].advice === 'retry' && cause.details?.['started'] !== false;

function timePassed(state: RequestState, setting: Setting): RequestEvent[] {
  return Object.values(state.steps).flatMap(({ plan, active }): RequestEvent[] => {
    if (active?.phase === 'running' && active.deadline + GRACE <= setting.now)
      return [{ type: 'StepUncertain', data: { stepId: plan.id, try: active.try } }];
    const waits = active?.phase === 'waiting' && active.at <= setting.now && !state.paused;
    if (!waits || (!active.undo && isStopping(state))) return [];
    const { action, undo, inputs } = active;
    const deadline = setting.now + Math.round(policyOf(plan, setting, undo).timeoutSeconds * 1000);
    return [{ type: 'StepRequested', data: { stepId: plan.id, try: active.try + 1, action, undo, inputs, deadline } }];
  });
}

function resume(state: RequestState, { actor, setting }: Pick<Extract<RequestCommand, { type: 'Resume' }>, 'actor' | 'setting'>) {
  if (!state.paused) return [];
  const resumed: RequestEvent = { type: 'RequestResumed', data: { actor } };
  return andWhatFollows(state, [resumed, ...timePassed(evolve(state, resumed), setting)], setting);
}

/** Ends a pause too: it would hold back the undoing that is asked for. */
function cancel(state: RequestState, command: Extract<RequestCommand, { type: 'Cancel' }>): RequestEvent[] {
  if (isEnded(state) || !state.accepted) throw notPossible(state, 'cancelled');
  if (state.cancel) return resume(state, command);
  const asked: RequestEvent = { type: 'CancelRequested', data: { actor: command.actor, ...because(command) } };
  if (state.phase === 'queued') {
    const { cancel: cause } = evolve(state, asked);
    return [asked, { type: 'RequestCancelled', data: { cause: cause! } }];
  }
  if (state.accepted.job === 'deprovision') throw notPossible(state, 'cancelled: a deprovision only goes forward');
  if (goesForward(Object.values(state.steps)))
    throw notPossible(state, 'cancelled: what is not needed any more is being taken away');
  if (state.undoing) throw notPossible(state, 'cancelled: it is being undone already');
  const resumed: RequestEvent[] = state.paused ? [{ type: 'RequestResumed', data: { actor: command.actor } }] : [];
  return andWhatFollows(state, [...resumed, asked], command.setting);
}

const because = ({ reason }: { reason?: string }): { reason?: string } => (reason === undefined ? {} : { reason });

function notPossible({ phase }: RequestState, what: string): SlipwayError {
  return new SlipwayError('not-possible', `A request that is ${phase} cannot be ${what}`, { status: phase });
}

/** Events, and all that they make due. What is beyond {@link MOST_AT_ONCE} comes with the next tick. */
function andWhatFollows(before: RequestState, events: RequestEvent[], setting: Setting): RequestEvent[] {
  const all = [...events];
  let state = events.reduce(evolve, before);
  while (all.filter(({ type }) => type === 'StepRequested').length < MOST_AT_ONCE) {
    const more = follow(state, setting);
    if (more.length === 0) break;
    all.push(...more);
    state = more.reduce(evolve, state);
  }
  return all;
}
