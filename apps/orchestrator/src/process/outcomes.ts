import {
  RESOURCE_KINDS,
  bareResourceEventType,
  resourceEventType,
  resourceStream,
  type ResourceEvent,
  type ResourceKind,
  type ResourceRef,
  type StepAction,
} from '@slipway/contracts';
import type { EventStore, RecordedEvent } from '@slipway/event-store';
import type { StepOutcome } from '../request/state.js';

/** What ends a try. */
const ENDINGS = ['Provisioned', 'Stopped', 'Exported', 'Updated', 'Failed', 'Destroyed'] as const;
type Ending = Extract<ResourceEvent, { type: (typeof ENDINGS)[number] }>;
const isEnding = (event: ResourceEvent): event is Ending => (ENDINGS as readonly string[]).includes(event.type);

/** Types of the events that end a try. */
export const OUTCOME_TYPES = RESOURCE_KINDS.flatMap((kind) => ENDINGS.map((type) => resourceEventType(kind, type)));

/** The outcome of one try, as a sub-provisioner recorded it. */
export interface Outcome {
  requestId: string;
  stepId: string;
  action: StepAction;
  try: number;
  outcome: StepOutcome;
}

/** An event of a resource's stream as an outcome; nothing when it is none. */
export function outcomeOf(kind: ResourceKind, { type, data }: Pick<RecordedEvent, 'type' | 'data'>): Outcome | undefined {
  const event = { type: bareResourceEventType(kind, type), data } as unknown as ResourceEvent;
  if (!isEnding(event)) return undefined;
  const { requestId, stepId, try: tryNumber, log } = event.data;
  const of = { requestId, stepId, try: tryNumber };
  const kept = log && { log };
  switch (event.type) {
    case 'Provisioned':
      return { ...of, action: 'ensure', outcome: { kind: 'succeeded', outputs: event.data.outputs, ...kept } };
    case 'Stopped':
      return { ...of, action: 'stop', outcome: { kind: 'succeeded', outputs: {}, ...kept } };
    case 'Exported':
      return { ...of, action: 'export', outcome: { kind: 'succeeded', outputs: { part: { ...event.data.part } }, ...kept } };
    case 'Updated':
      return { ...of, action: 'update', outcome: { kind: 'succeeded', outputs: event.data.outputs, ...kept } };
    case 'Destroyed':
      return { ...of, action: 'destroy', outcome: { kind: 'succeeded', outputs: {}, ...kept } };
    case 'Failed':
      return { ...of, action: event.data.action, outcome: { kind: 'failed', cause: event.data.cause, ...kept } };
  }
}

/** What a resource's stream says of a try. */
export interface Found {
  outcome?: StepOutcome;
  /** Whether this try, or an earlier one of the step, was ever begun. */
  started: boolean;
}

/** Looks up a try in the resource's own stream: for what happened while nobody listened. */
export async function findOutcome(
  store: Pick<EventStore, 'read'>,
  resource: ResourceRef,
  wanted: Omit<Outcome, 'outcome'>,
): Promise<Found> {
  const found: Found = { started: false };
  for (const event of await store.read(resourceStream(resource))) {
    const started = event.data as { requestId?: string; stepId?: string; action?: string };
    if (bareResourceEventType(resource.kind, event.type) === 'Started') {
      found.started ||=
        started.requestId === wanted.requestId && started.stepId === wanted.stepId && started.action === wanted.action;
    }
    const ended = outcomeOf(resource.kind, event);
    const same =
      ended?.requestId === wanted.requestId &&
      ended.stepId === wanted.stepId &&
      ended.action === wanted.action &&
      ended.try === wanted.try;
    if (same) found.outcome = ended.outcome;
  }
  return found;
}
