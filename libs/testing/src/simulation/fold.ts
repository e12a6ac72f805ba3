import {
  ENDED,
  bareResourceEventType,
  categoryOf,
  idOf,
  resourceKey,
  type Category,
  type EnvironmentEvent,
  type InstalledRef,
  type PlanStep,
  type RequestEvent,
  type RequestStatus,
  type ResourceEvent,
  type ResourceKind,
  type StepAction,
} from '@slipway/contracts';

/** What of a recorded event is looked at; what the gateway's `/events` gives fits as well. */
export interface Recorded {
  stream: string;
  type: string;
  data: unknown;
}

/** Tells what is wrong. */
export type Wrong = (what: string) => void;

/** What a request has done since it was accepted, or retried after its end. */
export interface RequestRun {
  status: RequestStatus;
  /** Steps by how they ended, by id. */
  succeeded: Set<string>;
  undone: Set<string>;
  planned: Pick<PlanStep, 'id' | 'action' | 'inverse' | 'kind' | 'name'>[];
  installed: InstalledRef[];
}

/** Ends of requests by the event that records them. */
const END: Record<string, RequestStatus> = {
  RequestSucceeded: 'succeeded',
  RequestFailed: 'failed',
  RequestUnsatisfied: 'unsatisfied',
  RequestCancelled: 'cancelled',
  RequestAbandoned: 'abandoned',
  AttentionNeeded: 'attention',
};

/** A request's stream, told anew and apart from the code that wrote it. */
export function foldRequest(events: readonly Recorded[], wrong: Wrong): RequestRun {
  const fresh = (): RequestRun => ({ status: 'running', succeeded: new Set(), undone: new Set(), planned: [], installed: [] });
  let run = fresh();
  for (const recorded of events) {
    const { type, data } = recorded as unknown as RequestEvent;
    const isOver = ENDED.includes(run.status);
    if (type === 'RequestRetried') {
      run = isOver ? fresh() : { ...run, status: 'running' };
      continue;
    }
    if (isOver) wrong(`${type} after it had ended: ${run.status}`);
    if (type === 'PlanMade') run.planned = data.plan?.steps ?? [];
    if (type === 'StepSucceeded') once(run.succeeded, data.stepId, `${data.stepId} succeeded twice`, wrong);
    if (type === 'StepUndone') once(run.undone, data.stepId, `${data.stepId} was undone twice`, wrong);
    if (type === 'RequestSucceeded') run.installed = data.installed;
    run.status = END[type] ?? run.status;
  }
  return run;
}

function once(known: Set<string>, id: string, told: string, wrong: Wrong): void {
  if (known.has(id)) wrong(told);
  known.add(id);
}

/** What an environment's stream says is installed, by key, with its generation. */
export function foldEnvironment(events: readonly Recorded[], wrong: Wrong): Map<string, number> {
  const installed = new Map<string, { generation: number; instanceId?: string }>();
  /** Who works on a taken name, if anybody does. */
  const names = new Map<string, string | undefined>();
  /** Plans by request. */
  const admitted = new Map<string, string>();
  let last: EnvironmentEvent | undefined;
  for (const recorded of events) {
    const event = recorded as unknown as EnvironmentEvent;
    switch (event.type) {
      case 'NameClaimed': {
        const { name, requestId } = event.data;
        if (names.get(name)) wrong(`${name} was claimed by ${requestId} while ${names.get(name)} held it`);
        names.set(name, requestId);
        break;
      }
      case 'NameReleased':
        names.delete(event.data.name);
        break;
      case 'PlanAdmitted': {
        const { requestId, planHash } = event.data;
        // A big plan is told in pieces.
        if ((admitted.get(requestId) ?? planHash) !== planHash) wrong(`Two plans of ${requestId} were admitted at once`);
        admitted.set(requestId, planHash);
        break;
      }
      case 'PlanSettled': {
        const { requestId, name, removed, outcome } = event.data;
        const isPiece = last?.type === event.type && last.data.requestId === requestId && event.data.installed.length === 0;
        if (!isPiece && !admitted.has(requestId) && names.get(name) !== requestId) wrong(`${requestId} was settled twice`);
        admitted.delete(requestId);
        for (const one of [name, ...(event.data.along ?? [])]) if (names.get(one) === requestId) names.set(one, undefined);
        for (const key of removed) {
          if (!installed.delete(key) && outcome === 'done') wrong(`${key} was removed and was not there`);
        }
        for (const one of event.data.installed) {
          // What was updated is installed anew, under the generation that it has.
          const before = installed.get(resourceKey(one));
          if (before && before.generation !== one.generation) wrong(`${resourceKey(one)} was installed twice`);
          installed.set(resourceKey(one), one);
        }
        break;
      }
      default:
    }
    last = event;
  }
  for (const requestId of admitted.keys()) wrong(`The plan of ${requestId} was never settled`);
  for (const [name, holder] of names) {
    if (holder) wrong(`${name} is still held by ${holder}`);
    const stands = [...installed.values()].some(({ instanceId }) => instanceId === name);
    if (!stands) wrong(`The name ${name} is taken and nothing stands under it`);
  }
  return new Map([...installed].map(([key, { generation }]) => [key, generation]));
}

/** A resource's stream: the generation that stands at its place; none when nothing does. */
export function foldResource(kind: ResourceKind, events: readonly Recorded[], wrong: Wrong): number | undefined {
  let standing: number | undefined;
  let epoch = 0;
  let running: string | undefined;
  const outcomes = new Set<string>();
  for (const recorded of events) {
    const { type, data } = { type: bareResourceEventType(kind, recorded.type), data: recorded.data } as unknown as ResourceEvent;
    if (type === 'Started' || type === 'TakenOver') {
      if (data.epoch <= epoch) wrong(`epoch ${data.epoch} after ${epoch}`);
      ({ epoch } = data);
    }
    if (type === 'Started') {
      if (running) wrong(`${identity(data.action, data)} was started while ${running} was running`);
      running = identity(data.action, data);
    }
    const action = type === 'Failed' ? data.action : ENDS[type];
    if (!action) continue;
    const ended = identity(action, data as Step);
    once(outcomes, ended, `${ended} has two outcomes`, wrong);
    running = undefined;
    if (type === 'Provisioned') standing = data.generation;
    if (type === 'Destroyed') standing = undefined;
    if ((type === 'Stopped' || type === 'Exported' || type === 'Updated') && data.generation !== standing)
      wrong(`${ended}: it was not there`);
  }
  if (running) wrong(`${running} has no outcome`);
  return standing;
}

/** What the events that tell of success end. */
const ENDS: Partial<Record<ResourceEvent['type'], StepAction>> = {
  Provisioned: 'ensure',
  Destroyed: 'destroy',
  Stopped: 'stop',
  Exported: 'export',
  Updated: 'update',
};

type Step = { requestId: string; stepId: string; try: number; generation: number };
const identity = (action: StepAction, { requestId, stepId, try: tryNumber, generation }: Step): string =>
  `try ${tryNumber} to ${action} ${stepId} g${generation} for ${requestId}`;

/** Streams of a category by their ids, each with its events, in order. */
export function streamsOf(events: readonly Recorded[], category: Category): Map<string, Recorded[]> {
  const streams = new Map<string, Recorded[]>();
  for (const event of events) {
    if (categoryOf(event.stream) !== category) continue;
    const id = idOf(event.stream);
    streams.set(id, [...(streams.get(id) ?? []), event]);
  }
  return streams;
}
