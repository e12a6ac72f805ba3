import {
  ERRORS,
  idOf,
  instant,
  isErrorCode,
  type Cause,
  type JsonObject,
  type PlanStep,
  type RequestAccepted,
  type RequestEvent,
} from '@slipway/contracts';
import type { RequestStatus, RequestView, StepView } from '@slipway/contracts/http';
import type { RecordedEvent } from '@slipway/event-store';
import { pauseOf } from './pause.js';

/** A request as its stream tells it; `null` when the stream holds none (it is empty, or its claim was voided). */
export function foldRequest(events: readonly RecordedEvent[]): RequestView | null {
  return events.reduce<RequestView | undefined>(evolveRequest, undefined) ?? null;
}

/** One event further. Pure; never changes the view that it is given. */
export function evolveRequest(view: RequestView | undefined, recorded: RecordedEvent): RequestView | undefined {
  const event = { type: recorded.type, data: recorded.data } as unknown as RequestEvent;
  if (event.type === 'RequestAccepted') return accepted(event.data, recorded);
  if (!view) return undefined;
  const next = { ...view, ...changes(view, event, recorded), updatedAt: recorded.recordedAt, position: recorded.position };
  return next.paused && MOVING.includes(next.status) ? { ...next, status: 'paused' } : next;
}

/** Statuses that a pause hides; one that needs attention says so even while it is paused. */
const MOVING: readonly RequestStatus[] = ['queued', 'running', 'undoing'];

const accepted = (data: RequestAccepted, { stream, metadata, recordedAt, position }: RecordedEvent): RequestView => ({
  id: idOf(stream),
  job: data.job,
  status: 'queued',
  environment: data.environment,
  instanceId: data.name,
  ...(typeof data.body.definition === 'string' && { definition: data.body.definition }),
  ...(data.provisioner && { provisioner: data.provisioner }),
  ...(data.body.offerings !== undefined && { offerings: data.body.offerings as JsonObject }),
  owner: data.owner,
  actor: data.actor,
  // Earlier releases took `null` for both, and times that are none.
  priority: data.priority ?? 0,
  ...(Number.isFinite(data.notBefore) && { notBefore: instant(data.notBefore!) }),
  ...(data.until !== undefined && { until: instant(data.until) }),
  acceptedAt: recordedAt,
  updatedAt: recordedAt,
  ...(metadata.logToken !== undefined && { logToken: metadata.logToken }),
  steps: [],
  position,
});

function changes(view: RequestView, event: RequestEvent, { recordedAt }: RecordedEvent): Partial<RequestView> {
  switch (event.type) {
    case 'PlanMade':
      return { plan: event.data.plan, steps: event.data.plan?.steps.map(pending) ?? [] };
    case 'RequestAdmitted':
      return { status: 'running', waiting: undefined };
    case 'RequestWaiting':
      return { waiting: { code: event.data.code, reason: event.data.reason } };
    case 'StepRequested':
      return {
        status: event.data.undo ? 'undoing' : 'running',
        waiting: undefined,
        steps: withStep(view.steps, event.data.stepId, event.data.action, () => ({
          ...AFRESH,
          status: event.data.undo ? 'undoing' : 'running',
          try: event.data.try,
          startedAt: recordedAt,
        })),
      };
    case 'UndoStarted':
      return { status: 'undoing', cause: event.data.cause, waiting: undefined };
    case 'RequestPaused':
      return { paused: true, pause: pauseOf(event.data, recordedAt) };
    case 'RequestResumed':
      return { paused: undefined, pause: undefined, status: atWork(view) };
    case 'CancelRequested':
      return view.status === 'attention' ? { status: 'running', cause: undefined, left: undefined } : {};
    case 'RequestRetried':
      return retried(view);
    case 'RequestSucceeded':
      return { ...ended(recordedAt), status: 'succeeded', result: event.data };
    case 'RequestUnsatisfied':
      return { ...ended(recordedAt), status: 'unsatisfied', result: event.data };
    case 'RequestFailed':
      return { ...ended(recordedAt), status: 'failed', cause: event.data.cause };
    case 'RequestCancelled':
      return { ...ended(recordedAt), status: 'cancelled', cause: event.data.cause };
    case 'RequestAbandoned':
      return { ...ended(recordedAt), status: 'abandoned', left: event.data.left };
    case 'AttentionNeeded':
      return { status: 'attention', cause: event.data.cause, left: event.data.left, waiting: undefined };
    default:
      return stepChanges(view, event, recordedAt);
  }
}

function stepChanges(view: RequestView, event: RequestEvent, recordedAt: string): Partial<RequestView> {
  const step = (stepId: string, change: (step: StepView) => Partial<StepView>) => ({
    steps: withStep(view.steps, stepId, 'ensure', change),
  });
  switch (event.type) {
    case 'StepWaiting':
      return step(event.data.stepId, ({ status }) => ({ status: idle(status), cause: causeOfWaiting(event.data) }));
    case 'StepSucceeded':
      return step(event.data.stepId, () => ({
        ...AFRESH,
        status: 'succeeded',
        endedAt: recordedAt,
        outputs: event.data.outputs,
        log: event.data.log,
      }));
    case 'StepRetryScheduled':
      return step(event.data.stepId, ({ status }) => ({
        status: idle(status),
        nextTryAt: instant(event.data.at),
        cause: event.data.cause,
        log: event.data.log,
      }));
    case 'StepUncertain':
      return step(event.data.stepId, () => ({ status: 'uncertain' }));
    case 'StepFailed':
      return step(event.data.stepId, () => ({ ...AFRESH, status: 'failed', endedAt: recordedAt, ...causeAndLog(event.data) }));
    case 'StepUndone':
      return step(event.data.stepId, () => ({
        ...AFRESH,
        status: 'undone',
        endedAt: recordedAt,
        outputs: undefined,
        log: event.data.log,
      }));
    case 'StepUndoFailed':
      return step(event.data.stepId, () => ({
        ...AFRESH,
        status: 'undo-failed',
        endedAt: recordedAt,
        ...causeAndLog(event.data),
      }));
    default:
      return {};
  }
}

/** What is over when a step begins a try, or has ended. */
const AFRESH = { endedAt: undefined, nextTryAt: undefined, cause: undefined } satisfies Partial<StepView>;

const causeAndLog = ({ cause, log }: Pick<StepView, 'cause' | 'log'>) => ({ cause, log });

/** A step between two tries; one that is being undone stays so. */
const idle = (status: StepView['status']): StepView['status'] => (status === 'undoing' ? 'undoing' : 'waiting');

const ended = (endedAt: string): Partial<RequestView> => ({
  endedAt,
  paused: undefined,
  pause: undefined,
  cause: undefined,
  waiting: undefined,
  left: undefined,
});

const pending = ({ id, kind, name, action, generation, location, driver, after }: PlanStep): StepView => ({
  id,
  kind,
  name,
  action,
  generation,
  location,
  driver,
  after,
  status: 'pending',
  try: 0,
});

/** Of a plan that is kept as a blob only the steps that were requested are known, by their ids (`storage/shop-data`). */
const unplanned = (id: string, action: StepView['action']): StepView => {
  const [kind, name] = id.split('/') as [StepView['kind'], string];
  return { id, kind, name, action, generation: 0, location: '', driver: '', after: [], status: 'pending', try: 0 };
};

function withStep(
  steps: StepView[],
  id: string,
  action: StepView['action'],
  change: (step: StepView) => Partial<StepView>,
): StepView[] {
  const known = steps.some((step) => step.id === id) ? steps : [...steps, unplanned(id, action)];
  return known.map((step) => (step.id === id ? { ...step, ...change(step) } : step));
}

/** What a request that is let go on comes back to. Only an undo leaves a cause on one that has not ended. */
function atWork({ status, cause, steps }: RequestView): RequestStatus {
  if (status !== 'paused') return status;
  if (cause) return 'undoing';
  return steps.some((step) => step.status !== 'pending') ? 'running' : 'queued';
}

/** Goes on with the undo, or from the failed steps, where attention was needed; begins anew where it had ended. */
function retried({ status, cause, steps }: RequestView): Partial<RequestView> {
  const again = { left: undefined, cause: undefined };
  if (status !== 'attention') {
    return { ...again, status: 'queued', endedAt: undefined, result: undefined, plan: undefined, steps: [] };
  }
  const undo = steps.some((step) => step.status === 'undone' || step.status === 'undo-failed');
  if (undo) return { ...again, status: 'undoing', cause };
  const anew = (step: StepView): StepView => (step.status === 'failed' ? { ...step, ...AFRESH, status: 'pending' } : step);
  return { ...again, status: 'running', steps: steps.map(anew) };
}

const causeOfWaiting = ({ code, reason }: { code: string; reason: string }): Cause => {
  const known = isErrorCode(code) ? code : 'internal';
  return { code: known, message: reason, hint: ERRORS[known].hint };
};
