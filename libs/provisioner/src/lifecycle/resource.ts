import {
  SlipwayError,
  canonicalJson,
  type Cause,
  type DefinitionRef,
  type DesiredChange,
  type DesiredState,
  type Health,
  type JsonObject,
  type ResourceEvent,
} from '@slipway/contracts';
import type { Decider } from '@slipway/event-store';
import { inputsOn } from '../leased/leased-host.js';

type Data<Type extends ResourceEvent['type']> = Extract<ResourceEvent, { type: Type }>['data'];
/** A step that was started and has no outcome yet. */
export type Running = Data<'Started'>;
export type Action = Running['action'];
type Outcome = Extract<ResourceEvent, { type: 'Provisioned' | 'Failed' | 'Destroyed' | 'Stopped' | 'Exported' | 'Updated' }>;

/** What a rotation has brought. */
export type Rotated = Pick<Data<'CredentialsRotated'>, 'outputs' | 'inputs'>;

/** What the stream says is there. */
export interface Present {
  generation: number;
  location: string;
  driver: string;
  definition: DefinitionRef;
  spec: JsonObject;
  inputs: Record<string, JsonObject>;
  outputs: JsonObject;
  /** What was found there when it was made, changed or adopted. */
  observed: JsonObject;
  /** As last recorded; `healthy` when it was provisioned, because that is when `ensure` ends well; `stopped` when it was stopped. */
  health: Health;
  restarts: number;
}

/** One resource: a storage, a database or an instance. */
export interface ResourceState {
  /** Grows with each Started and TakenOver. */
  epoch: number;
  /** The greatest one that was ever asked for. */
  generation: number;
  /** The greatest one that a destroy was begun of; 0 before there is any. What is there and not newer is on its way out. */
  leaving: number;
  /** All that were begun. After a restore of the log there is a gap of millions between two of them. */
  begun: readonly number[];
  /** The greatest one whose tombstone stands. */
  destroyed: number;
  running?: Running;
  present?: Present;
  /** By generation, outputs of the leased host that it stands on, or was begun on; nothing of what stands at its location. */
  standsOn: Readonly<Record<number, JsonObject>>;
  /** Whether what is there is to run. What was made anew is. */
  desired: DesiredState;
  /** It is stopped only to be started again. */
  restarting: boolean;
  /** The request whose step has stopped what was to run; nothing when somebody wants it stopped. */
  stoppedFor?: string;
  /** The rotation of its secrets that is under way. */
  rotating?: string;
  /** Keys of what that rotates before. */
  rotatingWith?: readonly string[];
  /** The rotation that ended last, and why if it failed. */
  rotated?: { rotation: string; cause?: Cause };
  /** Greatest try that was started, by step ({@link stepKey}): it and all before are settled, unless it is running. */
  tries: Record<string, number>;
}

/** What of a step's command decides whether it is the same step. */
export type StepIdentity = Pick<Running, 'requestId' | 'stepId' | 'action' | 'try'>;

export type ResourceCommand =
  /** Begins a step. `supersede`: one that is running is given up first, with this cause. */
  | { type: 'Start'; step: Omit<Running, 'epoch' | 'log'>; supersede?: Cause }
  /** Carries on what nobody works on any more; only if the epoch is still this one. */
  | { type: 'TakeOver'; epoch: number; replica: string }
  /** The outcome of what runs; of an older epoch it is void. */
  | { type: 'Settle'; outcome: Outcome }
  /** Wants what is there to run or not; nothing when it is wanted so already. */
  | { type: 'Desire'; change: DesiredChange; reason?: string }
  /** What was stopped to be started again has ended. */
  | { type: 'GoOn'; generation: number }
  | { type: 'Rotate'; rotation: string; owned?: readonly string[] }
  /** The outcome of the rotation that is under way. */
  | { type: 'EndRotation'; rotation: string; outcome: Rotated | { cause: Cause } }
  /** Takes what was found at the place as what is there; nothing when that is recorded already. */
  | { type: 'Adopt'; generation: number; observed: JsonObject; reason?: string }
  /** Somebody is given its secrets. */
  | { type: 'ReadCredentials'; secrets: string[] }
  /** What was seen of something that runs. */
  | { type: 'Observe'; generation: number; health: Health; restarts: number; reason: string };

export const stepKey = ({ requestId, stepId, action }: Omit<StepIdentity, 'try'>): string => `${requestId}/${stepId}/${action}`;

/** Whether this very try is the one that runs. */
export const isRunning = (state: ResourceState, step: StepIdentity): boolean =>
  state.running !== undefined && stepKey(state.running) === stepKey(step) && state.running.try === step.try;

/** Whether this try has its outcome, or a later one has made it void. */
export const isSettled = (state: ResourceState, step: StepIdentity): boolean =>
  step.try <= (state.tries[stepKey(step)] ?? 0) && !isRunning(state, step);

/**
 * The lifecycle of a resource.
 *
 * R1. Generations and epochs only grow; an epoch begins with Started or TakenOver, and one step runs at a time.
 * R2. A try has at most one outcome, of the epoch that was the newest; what an older epoch still brings is void.
 * R3. Once a destroy of a generation has begun, no ensure of that generation or an older one starts (`generation-old`).
 *     A generation that never existed can be destroyed: an ensure that comes late then finds its mark.
 * R4. Health and restarts are recorded of what is there and is to stay, and only when they change; of what is not to run
 *     nothing but that it stands still, or that nobody knows.
 * R5. Whether it is to run, and that its secrets are made anew, is wanted of what is there and is to stay, while no step
 *     works on it (`too-busy`).
 * R6. Only what is there and is to stay can be stopped by a step, read out or updated, where it is and by its own driver; reading
 *     it out changes no state. What was not to run before a request stopped it stays stopped when that request ensures it again.
 * R8. What was found at the place is taken as what is there while no step works on it; nothing else of the state changes.
 * R7. What is there is as it was until an update of it has ended well, and then as that says: of the same generation, and to
 *     run or not as it was.
 */
export const resource: Decider<ResourceState, ResourceCommand, ResourceEvent> = {
  initialState: () => ({
    epoch: 0,
    generation: 0,
    leaving: 0,
    begun: [],
    destroyed: 0,
    desired: 'running',
    restarting: false,
    standsOn: {},
    tries: {},
  }),
  decide,
  evolve,
};

function decide(state: ResourceState, command: ResourceCommand): ResourceEvent[] {
  switch (command.type) {
    case 'Start':
      return start(state, command.step, command.supersede);
    case 'TakeOver': {
      const { running } = state;
      if (!running || state.epoch !== command.epoch) return [];
      return [{ type: 'TakenOver', data: { generation: running.generation, epoch: state.epoch + 1, replica: command.replica } }];
    }
    case 'Settle':
      return state.running?.epoch === command.outcome.data.epoch ? [command.outcome] : [];
    case 'Desire':
      return desire(state, command);
    case 'GoOn':
      return state.restarting && isIdle(state, command.generation) ? [wantedToBe('running', command.generation)] : [];
    case 'Rotate':
      return rotate(state, command);
    case 'EndRotation':
      return endRotation(state, command);
    case 'ReadCredentials': {
      const { generation } = whatIsThere(state);
      return [{ type: 'CredentialsRead', data: { generation, secrets: command.secrets } }];
    }
    case 'Adopt':
      return adopt(state, command);
    case 'Observe':
      return observe(state, command);
  }
}

function start(state: ResourceState, step: Omit<Running, 'epoch' | 'log'>, supersede: Cause | undefined): ResourceEvent[] {
  if (isRunning(state, step) || isSettled(state, step)) return [];
  if (step.action === 'ensure') assertNotOld(state, step.generation);
  if (['stop', 'export', 'update'].includes(step.action)) assertThere(state, step);
  const { running, epoch } = state;
  const started: ResourceEvent = { type: 'Started', data: { ...step, epoch: epoch + 1 } };
  if (!running) return [started];
  if (!supersede) throw busyWith(running);
  const { requestId, stepId, action, generation } = running;
  const identity = { requestId, stepId, try: running.try, generation, epoch: running.epoch };
  return [{ type: 'Failed', data: { ...identity, action, cause: supersede } }, started];
}

function busyWith({ action, generation, requestId, stepId }: Running): SlipwayError {
  const holder = `${action} of generation ${generation} for request ${requestId}`;
  return new SlipwayError('too-busy', `Something else is being done with this resource: ${holder}`, {
    holder: requestId,
    stepId,
  });
}

function assertNotOld(state: ResourceState, generation: number): void {
  if (generation > state.leaving && generation >= state.generation) return;
  const newest = Math.max(state.leaving, state.generation);
  const why = generation <= state.leaving ? 'was given back' : `is older than generation ${newest}`;
  throw new SlipwayError('generation-old', `Generation ${generation} ${why}`, { generation, newest });
}

/** R6. */
function assertThere(state: ResourceState, { generation, location, driver }: Omit<Running, 'epoch' | 'log'>): void {
  const present = wanted(state);
  if (present?.generation === generation && present.location === location && present.driver === driver) return;
  const there = present ? `generation ${present.generation}, by ${present.driver} at ${present.location}` : 'none';
  throw new SlipwayError(
    'not-found',
    `Generation ${generation}, by ${driver} at ${location}, is not there to be stopped, read out or updated; there is ${there}`,
    { generation, ...(present && { present: present.generation }) },
  );
}

/** Whether an ensure only ends a stop of the same request, of what was stopped already (R6). */
export const staysStopped = (
  state: ResourceState,
  { requestId, generation }: Pick<Running, 'requestId' | 'generation'>,
): boolean =>
  state.desired === 'stopped' &&
  state.stoppedFor === undefined &&
  wanted(state)?.generation === generation &&
  Object.keys(state.tries).some((key) => key.startsWith(`${requestId}/`) && key.endsWith('/stop'));

/** What is to stay, and to run if it is something that runs and is not stopped. */
export const wanted = ({ present, leaving }: ResourceState): Present | undefined =>
  present && present.generation > leaving ? present : undefined;

/** Where a generation is: what a driver's context is made of. */
export const placeOf = (
  { standsOn }: Pick<ResourceState, 'standsOn'>,
  { location, driver, generation }: Pick<Present, 'location' | 'driver' | 'generation'>,
) => ({ location, driver, on: standsOn[generation] });

/** Generations of which something may be at the place, and run: also of a try that failed or was left without an outcome. */
export const mayBeThere = ({ begun, destroyed }: ResourceState): number[] => begun.filter((generation) => generation > destroyed);

function desire(state: ResourceState, { change, reason }: Extract<ResourceCommand, { type: 'Desire' }>): ResourceEvent[] {
  const { running, desired, restarting } = state;
  if (running) throw busyWith(running);
  const present = whatIsThere(state);
  const to = (next: DesiredState, restart = false) => [wantedToBe(next, present.generation, { restart, reason })];
  // What is being restarted ends and starts anyway.
  if (change === 'stop') return desired === 'stopped' && !restarting ? [] : to('stopped');
  if (restarting) return [];
  if (state.stoppedFor !== undefined) throw heldStopped(state.stoppedFor);
  if (desired === 'stopped') return to('running');
  return change === 'restart' ? to('stopped', true) : [];
}

/** What runs again would change the data that a request reads out. */
const heldStopped = (requestId: string): SlipwayError =>
  new SlipwayError(
    'too-busy',
    `Request ${requestId} holds it stopped, and starts it again when it ends; or cancel that request`,
    {
      requestId,
    },
  );

function wantedToBe(
  desired: DesiredState,
  generation: number,
  { restart = false, reason }: { restart?: boolean; reason?: string | undefined } = {},
): ResourceEvent {
  const data = { generation, desired, ...(restart && { restart: true as const }), ...(reason !== undefined && { reason }) };
  return { type: 'DesiredStateChanged', data };
}

function rotate(state: ResourceState, { rotation, owned = [] }: Extract<ResourceCommand, { type: 'Rotate' }>): ResourceEvent[] {
  const { running, rotating, rotated } = state;
  if (rotating === rotation || rotated?.rotation === rotation) return [];
  if (running) throw busyWith(running);
  const { generation } = whatIsThere(state);
  if (rotating !== undefined) {
    throw new SlipwayError('too-busy', `Its secrets are being made anew already: rotation ${rotating}`, { rotation: rotating });
  }
  return [{ type: 'RotationStarted', data: { generation, rotation, ...(owned.length > 0 && { owned: [...owned] }) } }];
}

function endRotation(
  state: ResourceState,
  { rotation, outcome }: Extract<ResourceCommand, { type: 'EndRotation' }>,
): ResourceEvent[] {
  const present = wanted(state);
  if (!present || state.running || state.rotating !== rotation) return [];
  const { generation } = present;
  if ('cause' in outcome) return [{ type: 'RotationFailed', data: { generation, rotation, cause: outcome.cause } }];
  return [{ type: 'CredentialsRotated', data: { generation, rotation, ...outcome } }];
}

function whatIsThere(state: ResourceState): Present {
  const present = wanted(state);
  if (present) return present;
  throw new SlipwayError('not-found', 'It is not there: nothing was made that is to stay');
}

function adopt(
  state: ResourceState,
  { generation, observed, reason }: Extract<ResourceCommand, { type: 'Adopt' }>,
): ResourceEvent[] {
  if (state.running) throw busyWith(state.running);
  const present = whatIsThere(state);
  if (present.generation !== generation)
    throw new SlipwayError('not-found', `Generation ${present.generation} is there, not ${generation}`, { generation });
  if (canonicalJson(present.observed) === canonicalJson(observed)) return [];
  return [{ type: 'Adopted', data: { generation, observed, ...(reason !== undefined && { reason }) } }];
}

/** Whether that generation is what is there and is to stay, and nothing works on it. */
const isIdle = (state: ResourceState, generation: number): boolean => !state.running && wanted(state)?.generation === generation;

function observe(state: ResourceState, seen: Extract<ResourceCommand, { type: 'Observe' }>): ResourceEvent[] {
  const present = wanted(state);
  const { generation, health, restarts, reason } = seen;
  if (!present || !isIdle(state, generation)) return [];
  // Seen by somebody who did not know yet that it is not to run.
  if (state.desired === 'stopped' && health !== 'stopped' && health !== 'unknown') return [];
  const events: ResourceEvent[] = [];
  if (restarts > present.restarts) events.push({ type: 'Restarted', data: { generation, restarts, reason } });
  if (health !== present.health) {
    events.push({ type: 'HealthChanged', data: { generation, from: present.health, to: health, reason } });
  }
  return events;
}

function evolve(state: ResourceState, event: ResourceEvent): ResourceState {
  switch (event.type) {
    case 'Started': {
      const { data } = event;
      return {
        ...state,
        epoch: data.epoch,
        generation: Math.max(state.generation, data.generation),
        begun: state.begun.includes(data.generation) ? state.begun : [...state.begun, data.generation],
        leaving: data.action === 'destroy' ? Math.max(state.leaving, data.generation) : state.leaving,
        running: data,
        standsOn: withHost(state.standsOn, data),
        tries: { ...state.tries, [stepKey(data)]: Math.max(data.try, state.tries[stepKey(data)] ?? 0) },
      };
    }
    case 'TakenOver': {
      const { epoch, replica } = event.data;
      return { ...state, epoch, ...(state.running && { running: { ...state.running, epoch, replica } }) };
    }
    case 'Provisioned': {
      const { running, ...rest } = state;
      if (!running) return state;
      const { location, driver, definition, spec, inputs } = running;
      const { generation, outputs, observed, stopped } = event.data;
      const was = state.present?.generation === generation ? state.present : undefined;
      const base = { generation, location, driver, definition, spec, inputs, outputs, observed };
      const present: Present = { ...base, health: stopped ? 'stopped' : 'healthy', restarts: was?.restarts ?? 0 };
      return { ...without(rest, 'stoppedFor'), present, desired: stopped ? 'stopped' : 'running', restarting: false };
    }
    case 'Updated': {
      const { running } = state;
      if (!running) return state;
      const { definition, spec, inputs } = running;
      const health = state.desired === 'stopped' ? 'stopped' : 'healthy';
      const { outputs, observed } = event.data;
      return withPresent(without(state, 'running'), { definition, spec, inputs, outputs, observed, health });
    }
    case 'Stopped':
      return {
        ...withPresent(without(state, 'running'), { health: 'stopped' }),
        ...((state.desired === 'running' || state.restarting) && { stoppedFor: event.data.requestId }),
        desired: 'stopped',
        restarting: false,
      };
    case 'Failed':
    case 'Exported':
      return without(state, 'running');
    case 'Destroyed': {
      const { generation } = event.data;
      const standsOn = Object.fromEntries(Object.entries(state.standsOn).filter(([one]) => Number(one) > generation));
      const settled = { ...without(state, 'running'), standsOn, destroyed: Math.max(state.destroyed, generation) };
      if (!settled.present || settled.present.generation > generation) return settled;
      return { ...without(without(settled, 'present'), 'rotating'), desired: 'running', restarting: false };
    }
    case 'Adopted':
      return withPresent(state, { observed: event.data.observed });
    case 'RotationStarted':
      return { ...state, rotating: event.data.rotation, rotatingWith: event.data.owned ?? [] };
    case 'CredentialsRotated': {
      const { rotation, outputs, inputs } = event.data;
      return withPresent({ ...without(state, 'rotating'), rotated: { rotation } }, { outputs, inputs });
    }
    case 'RotationFailed': {
      const { rotation, cause } = event.data;
      return { ...without(state, 'rotating'), rotated: { rotation, cause } };
    }
    case 'CredentialsRead':
      return state;
    case 'DesiredStateChanged':
      return { ...without(state, 'stoppedFor'), desired: event.data.desired, restarting: event.data.restart ?? false };
    case 'HealthChanged':
      return withPresent(state, { health: event.data.to });
    case 'Restarted':
      return withPresent(state, { restarts: event.data.restarts });
  }
}

function withHost(standsOn: ResourceState['standsOn'], { generation, spec, inputs }: Running): ResourceState['standsOn'] {
  const host = inputsOn(spec, inputs);
  return host ? { ...standsOn, [generation]: host } : standsOn;
}

const withPresent = (state: ResourceState, change: Partial<Present>): ResourceState =>
  state.present ? { ...state, present: { ...state.present, ...change } } : state;

function without(state: ResourceState, key: 'running' | 'present' | 'rotating' | 'stoppedFor'): ResourceState {
  const { [key]: _gone, ...rest } = state;
  return rest;
}
