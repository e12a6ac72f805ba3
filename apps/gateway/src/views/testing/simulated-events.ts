import {
  hashOf,
  type Cause,
  type DefinitionRef,
  type EnvironmentEvent,
  type Installed,
  type JobKind,
  type JsonObject,
  type Plan,
  type PlanStep,
  type RequestEvent,
  type ResourceEvent,
  type ResourceKind,
  type StepAction,
} from '@slipway/contracts';

/** A request of a simulated history. */
export interface Job {
  id: string;
  kind: JobKind;
  environment: string;
  name: string;
  owner: string;
}

const KINDS: readonly [ResourceKind, string, string][] = [
  ['storage', '-data', 'directory'],
  ['database', '-db', 'sqlite'],
  ['instance', '', 'process'],
];
export const CAUSE: Cause = { code: 'driver-failed', message: 'exit code 1', hint: 'Read the log.' };
const DEFINITION: DefinitionRef = { name: 'guestbook', version: '1.0.0', hash: hashOf('guestbook') };

/** The plan of a job: a storage, a database and the instance that needs both, or their removal. */
export function planOf(job: Job, generationOf: (id: string) => number): Plan {
  const { environment, name } = job;
  const destroy = job.kind === 'deprovision';
  const steps = (destroy ? KINDS.toReversed() : KINDS).map(([kind, suffix, driver]): PlanStep => {
    const id = `${kind}/${name}${suffix}`;
    return {
      id,
      action: destroy ? 'destroy' : 'ensure',
      kind,
      name: name + suffix,
      generation: generationOf(id),
      definition: DEFINITION,
      location: 'local',
      driver,
      spec: { mode: '0750' },
      after: kind === 'instance' && !destroy ? [`storage/${name}-data`, `database/${name}-db`] : [],
      inverse: destroy ? 'forward' : 'destroy',
    };
  });
  const wires = destroy ? [] : [{ from: `instance/${name}`, requirement: 'data', to: `storage/${name}-data` }];
  const plan = {
    environment,
    outcome: destroy ? ('remove' as const) : ('install' as const),
    alreadySatisfied: [],
    steps,
    wires,
    leases: [] as [],
    reads: steps.map(({ id }) => ({ key: id, generation: null })),
    writes: steps.map(({ id }) => id),
    unsatisfied: [],
  };
  return { ...plan, hash: hashOf(plan) };
}

export function accepted(job: Job, priority: number): RequestEvent {
  const body = {
    instanceId: job.name,
    environment: job.environment,
    ...(job.kind === 'provision' && { definition: 'guestbook' }),
  };
  const who = { id: job.owner, type: 'user' as const };
  return {
    type: 'RequestAccepted',
    data: {
      job: job.kind,
      environment: job.environment,
      name: job.name,
      owner: who,
      actor: who,
      body,
      bodyHash: hashOf(body),
      priority,
      keepOnFailure: false,
    },
  };
}

export const requested = (step: PlanStep, tries: number, undo: boolean): RequestEvent => ({
  type: 'StepRequested',
  data: {
    stepId: step.id,
    try: tries,
    action: undo ? 'destroy' : step.action,
    undo,
    inputs: step.kind === 'instance' ? { data: { path: `/data/${step.name}` } } : {},
    deadline: 2e12,
  },
});

export const started = (job: Job, step: PlanStep, tries: number, action: StepAction): ResourceEvent => ({
  type: 'Started',
  data: {
    ...outcome(job, step, tries),
    action,
    replica: 'one',
    location: step.location,
    driver: step.driver,
    definition: step.definition,
    spec: step.spec,
    inputs: {},
    deadline: 2e12,
  },
});

/** The end of a plan that has carried out these steps. */
export function settled(job: Job, result: 'done' | 'undone' | 'abandoned', steps: PlanStep[]): EnvironmentEvent {
  const installed = steps.map(({ kind, name, generation, definition, location, driver, spec }): Installed => ({
    kind,
    name,
    generation,
    definition,
    location,
    guestLocation: 'local',
    driver,
    instanceId: job.name,
    owner: { id: job.owner, type: 'user' },
    spec,
    outputs: {},
  }));
  const destroyed = job.kind === 'deprovision' ? steps.map(({ id }) => id) : [];
  return {
    type: 'PlanSettled',
    data: {
      requestId: job.id,
      name: job.name,
      outcome: result,
      installed: job.kind === 'provision' ? installed : [],
      removed: destroyed,
      wires: [],
    },
  };
}

export const pausing: EnvironmentEvent = { type: 'DispatchPaused', data: { actor: { id: 'ada', type: 'user' } } };
export const resuming: EnvironmentEvent = { type: 'DispatchResumed', data: { actor: { id: 'ada', type: 'user' } } };
export const cancelling: RequestEvent = { type: 'CancelRequested', data: { actor: { id: 'ada', type: 'user' } } };

export const outcome = (job: Job, step: PlanStep, tries: number) => ({
  requestId: job.id,
  stepId: step.id,
  try: tries,
  generation: step.generation,
  epoch: 1,
});

export const outputsOf = (step: PlanStep): JsonObject =>
  step.action === 'destroy' ? {} : { path: `/data/${step.name}`, url: `http://127.0.0.1:20000/${step.name}` };

export const ended = (job: Job, step: PlanStep, tries: number): ResourceEvent =>
  step.action === 'ensure'
    ? {
        type: 'Provisioned',
        data: { ...outcome(job, step, tries), effect: 'made', outputs: outputsOf(step), observed: { mode: '0750' } },
      }
    : { type: 'Destroyed', data: { ...outcome(job, step, tries), effect: 'destroyed' } };
