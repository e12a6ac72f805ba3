import {
  ENDED,
  type Cause,
  type JsonObject,
  type Plan,
  type PlanStep,
  type RequestAccepted,
  type RequestStatus,
  type ResourceKind,
  type StepAction,
} from '@slipway/contracts';
import type { StepState, Tries } from './step.js';

/** How often and how long a kind of step is tried (see the configuration's `steps`). */
export interface TryPolicy {
  timeoutSeconds: number;
  tries: number;
  backoffSeconds: number;
  maxBackoffSeconds: number;
}

/** What a decision rests on beside the request's own stream. */
export interface Setting {
  /** Milliseconds since the epoch. */
  now: number;
  /** By kind; `data`: of what moves data, whatever its kind. */
  policies: Record<ResourceKind | 'data', TryPolicy>;
  /** Outputs of what is installed already, by key: what the plan's steps are wired to, and were before. */
  installed: Record<string, JsonObject>;
}

/** One request: a job and all that was done for it. */
export interface RequestState {
  phase: 'none' | 'voided' | Exclude<RequestStatus, 'paused'>;
  accepted?: RequestAccepted;
  /** The newest plan. One that stands in a blob is put in by who reads the stream. */
  plan?: Plan;
  steps: Readonly<Record<string, StepState>>;
  paused: boolean;
  /** Why it is to be cancelled. */
  cancel?: Cause;
  /** Why it is undone, needs attention or has failed. */
  cause?: Cause;
  undoing: boolean;
  waiting?: { code: string; reason: string };
  /** Greatest tries of earlier plans' steps. */
  spent: Readonly<Record<string, Tries>>;
}

export type StepOutcome =
  | { kind: 'succeeded'; outputs: JsonObject; log?: { sha256: string; bytes: number } }
  | { kind: 'failed'; cause: Cause; log?: { sha256: string; bytes: number } };

export type RequestCommand =
  /** `plan`: the one that it is to carry out exactly, and is made now. */
  | { type: 'Accept'; request: RequestAccepted; plan?: Plan }
  /** The claim's request never came. */
  | { type: 'Void'; environment: string; name: string }
  /** The resolver's answer. */
  | { type: 'Plan'; plan: Plan }
  /** It can't even be planned. */
  | { type: 'Refuse'; cause: Cause }
  /** Why it does not go on. */
  | { type: 'Wait'; code: string; reason: string }
  /** The environment has admitted the plan. */
  | { type: 'Admit'; planHash: string; setting: Setting }
  /** The outcome of a try. */
  | { type: 'Settle'; stepId: string; action: StepAction; try: number; outcome: StepOutcome; setting: Setting }
  /** A step can't be begun yet. */
  | { type: 'HoldStep'; stepId: string; action: StepAction; try: number; code: string; reason: string }
  /** What an export has read out is a snapshot now. */
  | { type: 'Keep'; snapshot: string }
  /** It can't be made one. */
  | { type: 'Lose'; cause: Cause; setting: Setting }
  /** Time has passed. */
  | { type: 'Tick'; setting: Setting }
  | { type: 'Cancel'; actor: RequestAccepted['actor']; reason?: string; setting: Setting }
  | { type: 'Pause'; actor: RequestAccepted['actor']; reason?: string }
  | { type: 'Resume'; actor: RequestAccepted['actor']; setting: Setting }
  | { type: 'Retry'; actor: RequestAccepted['actor']; reason?: string; setting: Setting }
  | { type: 'Abandon'; actor: RequestAccepted['actor']; reason: string };

export const initialState = (): RequestState => ({ phase: 'none', steps: {}, paused: false, undoing: false, spent: {} });

/** The policy of a step: what moves data takes as long as there are data; its undoing moves none. */
export const policyOf = ({ action, from, kind }: PlanStep, { policies }: Setting, undo: boolean): TryPolicy =>
  policies[!undo && (action === 'export' || from) ? 'data' : kind];

/** Whether all has been read out, and only the snapshot is missing. */
export const isReadOut = (state: RequestState): boolean =>
  state.phase === 'running' &&
  state.accepted?.job === 'export' &&
  state.plan !== undefined &&
  !isStopping(state) &&
  Object.values(state.steps).every(({ result }) => result === 'succeeded');

export const isEnded = ({ phase }: RequestState): boolean => ENDED.includes(phase as RequestStatus);

/** Whether no further step is begun because what was made is going to be undone. */
export const isStopping = (state: RequestState): boolean =>
  state.cancel !== undefined ||
  (state.accepted?.job !== 'deprovision' &&
    Object.values(state.steps).some(({ plan, result }) => result === 'failed' && plan.inverse !== 'forward'));
