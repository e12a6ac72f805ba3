import {
  ERRORS,
  JOBS,
  OWNER_TYPES,
  PICKED_BY,
  STEP_ACTIONS,
  type BlobRef,
  type Cause,
  type InstalledRef,
  type LeftBehind,
  type Owner,
  type PickedProvisioner,
  type ResourceRef,
  type Unsatisfied,
  type Wire,
} from '@slipway/contracts';
import { REQUEST_STATUSES, type Accepted, type Pause, type RequestView, type StepView } from '@slipway/contracts/http';
import {
  actor,
  count,
  described,
  flag,
  json,
  kind,
  list,
  object,
  oneOf,
  optional,
  pageOf,
  position,
  ref,
  text,
  time,
  type Schema,
} from './schema.js';

/** Requests: what was accepted, how far it is, and how it ended. */
export const REQUEST_SCHEMAS: Record<string, Schema> = {
  Accepted: object<Accepted>({
    requestId: { ...text, format: 'uuid' },
    position,
    repeated: optional(described(flag, 'An earlier call with the same idempotency key was answered the same.')),
  }),
  RequestPage: pageOf(ref('RequestView')),
  RequestView: object<RequestView>({
    id: { ...text, format: 'uuid' },
    job: oneOf([...JOBS]),
    status: oneOf(REQUEST_STATUSES),
    environment: text,
    instanceId: text,
    definition: optional(text),
    provisioner: optional(
      described(object<PickedProvisioner>({ name: text, by: oneOf(PICKED_BY) }), 'Who provisions, and who named it.'),
    ),
    offerings: optional(described(json, 'What was chosen of what is offered.')),
    owner: ref('Owner'),
    actor,
    priority: count,
    notBefore: optional(time),
    until: optional(described(time, 'How long the instance is wanted.')),
    acceptedAt: time,
    updatedAt: time,
    endedAt: optional(time),
    logToken: optional(text),
    paused: optional(described(flag, 'No step is begun; also told while it needs attention.')),
    pause: optional(ref('Pause')),
    waiting: optional(
      described(object<{ code: string; reason: string }>({ code: text, reason: text }), 'Why it does not go on just now.'),
    ),
    plan: optional(ref('Plan')),
    steps: list(ref('StepView')),
    result: optional({
      oneOf: [
        object<{
          alreadySatisfied: InstalledRef[];
          installed: InstalledRef[];
          removed: InstalledRef[];
          wires: Wire[];
          snapshot?: string;
        }>({
          alreadySatisfied: list(ref('InstalledRef')),
          installed: list(ref('InstalledRef')),
          removed: list(ref('InstalledRef')),
          wires: list(ref('Wire')),
          snapshot: optional(described(text, 'Id of the snapshot that an export has made.')),
        }),
        object<{ unsatisfied: Unsatisfied[] }>({ unsatisfied: list(ref('Unsatisfied')) }),
      ],
    }),
    cause: optional(ref('Cause')),
    left: optional(described(list(ref('LeftBehind')), 'What a person must look after.')),
    position,
  }),
  StepView: object<StepView>({
    id: { ...text, example: 'storage/shop-data' },
    kind,
    name: text,
    action: oneOf([...STEP_ACTIONS]),
    generation: count,
    location: text,
    driver: text,
    after: described(list(text), 'Ids of the steps that must be done before.'),
    status: oneOf(['pending', 'waiting', 'running', 'uncertain', 'succeeded', 'failed', 'undoing', 'undone', 'undo-failed']),
    try: described(count, 'Grows with each try; 0 before the first.'),
    startedAt: optional(time),
    endedAt: optional(time),
    nextTryAt: optional(described(time, 'When the next try starts.')),
    cause: optional(ref('Cause')),
    outputs: optional(json),
    log: optional(ref('BlobRef')),
  }),
  BlobRef: object<BlobRef>({ sha256: text, bytes: count }),
  Cause: object<Cause>({
    code: { ...oneOf(Object.keys(ERRORS)), description: 'Compare this, never the text.' },
    message: text,
    hint: described(text, 'The way out.'),
    details: optional(json),
  }),
  InstalledRef: object<InstalledRef>({ kind, name: text, generation: count, definition: ref('DefinitionRef') }),
  LeftBehind: object<LeftBehind>({ resource: ref('ResourceRef'), generation: count, location: text, reason: text }),
  Owner: object<Owner>({ id: text, type: oneOf(OWNER_TYPES) }),
  Pause: object<Pause>({
    at: time,
    by: actor,
    reason: optional(described(text, 'What was given as `reason`.')),
  }),
  ResourceRef: object<ResourceRef>({ environment: text, kind, name: text }),
};
