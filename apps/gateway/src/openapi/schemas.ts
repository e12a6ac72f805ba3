import type {
  BlobRef,
  Cause,
  Extended,
  Credentials,
  DefinitionRef,
  Desired,
  EventView,
  Change,
  Former,
  InstalledRef,
  LeftBehind,
  Offered,
  Offerings,
  Owner,
  Part,
  PickedProvisioner,
  Plan,
  PlanRead,
  PlanStep,
  ResourceRef,
  SnapshotCopy,
  SnapshotPart,
  SnapshotRecorded,
  Unsatisfied,
  Wire,
} from '@slipway/contracts';
import {
  CATEGORIES,
  DESIRED_STATES,
  DRIVER_VERBS,
  ERRORS,
  CHANGED_HOW,
  INVERSES,
  JOBS,
  OFFERED_BY,
  OWNER_TYPES,
  PLAN_OUTCOMES,
  PICKED_BY,
  RESOURCE_KINDS,
  STEP_ACTIONS,
} from '@slipway/contracts';
import {
  REQUEST_STATUSES,
  type Accepted,
  type CredentialsView,
  type EnvironmentView,
  type HandlerList,
  type HandlerView,
  type Info,
  type ParkedEvent,
  type Pause,
  type Problem,
  type Provided,
  type ProvisionerView,
  type Readiness,
  type RequestView,
  type ResourceView,
  type SnapshotView,
  type RotationView,
  type StepView,
  type ViewsState,
} from '@slipway/contracts/http';

/** The part of OpenAPI 3.0's Schema Object that is used here. */
export interface Schema {
  type?: 'object' | 'array' | 'string' | 'number' | 'integer' | 'boolean';
  format?: string;
  enum?: readonly unknown[];
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: boolean | Schema;
  oneOf?: Schema[];
  nullable?: boolean;
  description?: string;
  example?: unknown;
  $ref?: string;
}
interface Optional {
  optional: Schema;
}

const optional = (schema: Schema): Optional => ({ optional: schema });
const text: Schema = { type: 'string' };
const count: Schema = { type: 'integer' };
const flag: Schema = { type: 'boolean' };
const time: Schema = { type: 'string', format: 'date-time' };
const json: Schema = { type: 'object', additionalProperties: true };
const oneOf = (values: readonly unknown[]): Schema => ({ type: 'string', enum: values });
const list = (items: Schema): Schema => ({ type: 'array', items });
const described = (schema: Schema, description: string): Schema => ({ ...schema, description });
/** A reference to one of {@link SCHEMAS}. */
export const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

/**
 * The schema of what a type of the contracts says: the compiler sees to it that no field is forgotten, none invented, and
 * the optional ones are marked so. There is no second copy that could differ.
 */
function object<T>(fields: { [Field in keyof T]-?: undefined extends T[Field] ? Optional : Schema }): Schema {
  const entries = Object.entries(fields as Record<string, Schema | Optional>);
  return {
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, field]) => [name, 'optional' in field ? field.optional : field])),
    required: entries.filter(([, field]) => !('optional' in field)).map(([name]) => name),
  };
}

/** A page of a list. */
const pageOf = (items: Schema): Schema => ({
  type: 'object',
  required: ['items', 'position'],
  properties: {
    items: list(items),
    next: described(text, 'Give it as `cursor` to get the next page, of the same moment as the first; left out on the last one.'),
    position: described(text, 'Log position that the page was read at.'),
  },
});

const kind = oneOf(RESOURCE_KINDS);
const position = described(text, 'A position in the log: opaque, it grows.');
const actor = object<{ id: string; type: string }>({ id: text, type: oneOf([...OWNER_TYPES, 'system']) });

const cause = object<Cause>({
  code: { ...oneOf(Object.keys(ERRORS)), description: 'Compare this, never the text.' },
  message: text,
  hint: described(text, 'The way out.'),
  details: optional(json),
});

const step = object<StepView>({
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
});

const request = object<RequestView>({
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
});

const resource = object<ResourceView>({
  id: { ...text, example: 'default.shop' },
  kind,
  environment: text,
  name: text,
  status: oneOf(['making', 'present', 'failed', 'destroying', 'destroyed']),
  generation: described(count, 'Grows when it is made anew.'),
  location: text,
  driver: text,
  guestLocation: optional(described(text, 'Where it was made, as the configuration calls it; once the request has ended.')),
  provisioner: optional(described(text, 'Who provisioned it; once the request has ended.')),
  definition: ref('DefinitionRef'),
  ownerId: optional(text),
  instanceId: optional(text),
  requestId: described(text, 'Request that touched it last.'),
  outputs: described(json, 'What others are wired to; an instance: its `url`.'),
  observed: json,
  resourceUri: optional(described(text, 'Path at which it is called.')),
  resourceUrl: optional(described(text, 'Its address and that path: where `/instances/{id}/resource` leads.')),
  desired: optional(described(oneOf(DESIRED_STATES), 'Whether it is to run.')),
  health: optional(oneOf(['starting', 'healthy', 'unhealthy', 'stopped', 'unknown'])),
  healthReason: optional(text),
  restarts: optional(count),
  until: optional(described(time, 'Of an instance: how long it is wanted; then it is given back by itself.')),
  rotation: optional(
    described(
      object<NonNullable<ResourceView['rotation']>>({
        id: text,
        state: oneOf(['rotating', 'rotated', 'failed']),
        cause: optional(ref('Cause')),
      }),
      'Its secrets made anew: the newest time.',
    ),
  ),
  createdAt: time,
  updatedAt: time,
  cause: optional(ref('Cause')),
  position,
});

const environment = object<EnvironmentView>({
  name: text,
  paused: flag,
  pause: optional(ref('Pause')),
  instances: count,
  storages: count,
  databases: count,
  names: list(
    object<EnvironmentView['names'][number]>({ name: text, ownerId: text, requestId: optional(text), until: optional(time) }),
  ),
  updatedAt: time,
  position,
});

const snapshotPart = object<SnapshotPart>({
  role: described(text, 'What it is to the instance: names of the requirements that lead to it; empty for the instance itself.'),
  kind,
  driver: text,
  definition: ref('DefinitionRef'),
  spec: json,
  file: described(text, 'Its name in the archive.'),
  sha256: text,
  bytes: count,
  mediaType: text,
  contentBytes: count,
});

const snapshot = object<SnapshotView>({
  id: { ...text, format: 'uuid' },
  status: oneOf(['kept', 'deleted']),
  origin: described(oneOf(['taken', 'received']), 'By an export here, or it came from elsewhere.'),
  environment: text,
  instanceId: text,
  mesh: described(text, 'That it was taken in.'),
  owner: ref('Owner'),
  definition: ref('DefinitionRef'),
  offerings: optional(json),
  takenAt: time,
  createdAt: described(time, 'When it was recorded here.'),
  updatedAt: time,
  bytes: described(count, 'Of all parts, as they are stored.'),
  contentBytes: described(count, 'Of all parts, uncompressed.'),
  parts: list(ref('SnapshotPart')),
  copy: optional(object<SnapshotCopy>({ store: text, file: described(text, "Path below the store's folder.") })),
  position,
});

const event = object<EventView>({
  id: { ...text, format: 'uuid' },
  position,
  stream: { ...text, example: 'request-6f1c…' },
  revision: count,
  category: oneOf(CATEGORIES),
  type: { ...text, example: 'RequestAccepted' },
  version: described(count, 'Schema version of `data`.'),
  recordedAt: time,
  environment: optional(text),
  requestId: optional(text),
  ownerId: optional(text),
  actor: optional(actor),
  correlationId: optional(described(text, '`X-Request-Id` of the call that caused it.')),
  logToken: optional(text),
  causationId: optional(text),
  data: json,
});

const plan = object<Plan>({
  environment: text,
  outcome: oneOf([...PLAN_OUTCOMES]),
  alreadySatisfied: list(ref('InstalledRef')),
  steps: list(ref('PlanStep')),
  wires: list(ref('Wire')),
  leases: list(json),
  reads: list(
    object<PlanRead>({
      key: text,
      generation: { ...count, nullable: true },
      updates: optional(described(count, 'How often it had been updated since its generation was made; left out where never.')),
      users: optional(described(list(text), 'Of what is changed or removed: all that were wired to it.')),
      leaving: optional(described(list(text), 'Of what is shared and left to others: its users that go.')),
    }),
  ),
  writes: list(text),
  destination: optional(described(text, 'Of an export: where its archive goes as well, `store` or `store:folder`.')),
  unsatisfied: list(ref('Unsatisfied')),
  hash: text,
});

const planStep = object<PlanStep>({
  id: text,
  action: oneOf([...STEP_ACTIONS]),
  kind,
  name: text,
  generation: count,
  definition: ref('DefinitionRef'),
  location: text,
  driver: text,
  spec: json,
  offerings: optional(described(json, 'What holds of all that is offered for it: its driver gets it.')),
  requirements: optional(
    described(list(json), 'What its job needed beside the definition, each with the name that it is wired by.'),
  ),
  after: list(text),
  shared: optional(flag),
  because: optional(described(text, 'Why this definition, where others satisfy the requirement too.')),
  inverse: oneOf([...INVERSES]),
  from: optional(ref('Part')),
  role: optional(described(text, 'What it is to the instance, of an `export`: names of the requirements that lead to it.')),
  changes: optional(described(list(ref('Change')), 'Why, of an `update`.')),
  before: optional(described(ref('Former'), 'What it was, of an `update`.')),
});

const change = object<Change>({
  field: described(
    text,
    '`definition`, `spec.sizeLimit`, `offering.greeting`, `requirements.data`, `requirements.data.secrets`.',
  ),
  from: optional(described(text, 'Left out where there was nothing, or too much to be shown.')),
  to: optional(text),
  how: described(oneOf([...CHANGED_HOW]), 'In what is there, or by making anew what it touches; data are kept either way.'),
});

const former = object<Former>({
  definition: ref('DefinitionRef'),
  spec: json,
  offerings: optional(json),
  wires: list(ref('Wire')),
});

const unsatisfied = object<Unsatisfied>({
  chain: described(list(text), 'Who requires it, outermost first.'),
  requirement: text,
  reason: oneOf([
    'no-definition',
    'no-version',
    'no-capability',
    'circular',
    'no-location',
    'no-driver',
    'still-needed',
    'name-in-use',
    'snapshot-unfit',
    'not-updatable',
  ]),
  message: text,
});

const provisioner = object<ProvisionerView>({
  name: text,
  title: optional(text),
  default: described(flag, 'It provisions where neither a job nor its guest location names anybody.'),
  package: optional(described(text, 'The npm package that brings its drivers.')),
  resourceUri: optional(described(text, 'Path at an instance where it is called, where its definition says none.')),
  guestLocations: described(list(text), 'Guest locations where it provisions unless a job names another one.'),
  provides: list(ref('Provided')),
  absent: described(list(text), 'What is configured and must be there, and is not: a sentence each.'),
});

const handler = object<HandlerView>({
  name: text,
  file: optional(described(text, 'The file or package, as configured; left out when it is not configured any more.')),
  names: described(list(text), 'What it listens to; empty while it cannot be loaded.'),
  replica: optional(described(text, 'The replica that works on it.')),
  problem: optional(described(text, 'Why it does not work, or what it is just trying again.')),
  parkedCount: described(count, 'How many events are parked.'),
  parked: described(
    list(
      object<ParkedEvent>({
        eventId: text,
        name: { ...text, example: 'dfe.provisioned' },
        stream: text,
        revision: count,
        parkedAt: time,
        tries: count,
        cause: described(ref('Cause'), 'Why the last try failed.'),
        retrying: described(flag, 'Somebody has asked for it to be handled again, and it was not yet.'),
      }),
    ),
    'The oldest of them: of one handler at most 100, in the list of all at most 5 each.',
  ),
});

const problem = object<Problem>({
  type: text,
  title: text,
  status: count,
  detail: text,
  code: oneOf(Object.keys(ERRORS)),
  hint: text,
  requestId: described(text, 'Leads to every log line and event of this call.'),
  fields: optional(list(object<{ field: string; reason: string }>({ field: text, reason: text }))),
  details: optional(json),
});

/** Everything that answers are made of, by the name of its type in the contracts. */
export const SCHEMAS: Record<string, Schema> = {
  Accepted: object<Accepted>({
    requestId: { ...text, format: 'uuid' },
    position,
    repeated: optional(described(flag, 'An earlier call with the same idempotency key was answered the same.')),
  }),
  BlobRef: object<BlobRef>({ sha256: text, bytes: count }),
  Part: object<Part>({
    ...{ sha256: text, bytes: count, mediaType: text, contentBytes: count },
    holder: optional(described(text, 'Who has the blob: an id that names one snapshot’s parts.')),
  }),
  Cause: cause,
  CredentialsView: object<CredentialsView>({
    generation: count,
    credentials: list(
      object<Credentials>({ kind, name: described(text, 'The requirement’s; of the instance itself its own.'), values: json }),
    ),
    position: described(text, 'Log position of the record that they were read.'),
  }),
  RotationView: object<RotationView>({ rotation: described(text, "The instance's `rotation.id` from then on."), position }),
  DefinitionRef: object<DefinitionRef>({ name: text, version: text, hash: text }),
  Desired: object<Desired>({
    generation: count,
    desired: described(oneOf(DESIRED_STATES), 'A restart: `stopped` until it has ended, then `running`.'),
    position,
  }),
  EnvironmentPage: pageOf(ref('EnvironmentView')),
  EnvironmentView: environment,
  EventPage: pageOf(ref('EventView')),
  EventView: event,
  HandlerList: object<HandlerList>({ items: list(ref('HandlerView')) }),
  HandlerView: handler,
  Extended: object<Extended>({ environment: text, name: text, until: time, position }),
  Info: object<Info>({
    name: oneOf(['slipway']),
    version: text,
    mesh: text,
    profile: text,
    eventLog: object<Info['eventLog']>({ kind: oneOf(['sqlite', 'kurrentdb', 'memory']), logId: text, position }),
    environment: text,
    defaultDefinition: optional(text),
    clusters: described(
      { type: 'object', additionalProperties: list(text) },
      'Guest locations by cluster; a job that names none means the first of its cluster, or of `default`.',
    ),
    dataFolder: text,
    startedAt: time,
  }),
  Change: change,
  Former: former,
  InstalledRef: object<InstalledRef>({ kind, name: text, generation: count, definition: ref('DefinitionRef') }),
  LeftBehind: object<LeftBehind>({ resource: ref('ResourceRef'), generation: count, location: text, reason: text }),
  Live: object<{ live: true }>({ live: flag }),
  Owner: object<Owner>({ id: text, type: oneOf(OWNER_TYPES) }),
  Pause: object<Pause>({
    at: time,
    by: actor,
    reason: optional(described(text, 'What was given as `reason`.')),
  }),
  Plan: plan,
  PlanStep: planStep,
  Problem: problem,
  Readiness: object<Readiness>({
    ready: flag,
    checks: list(object<Readiness['checks'][number]>({ name: text, ready: flag, reason: optional(text) })),
  }),
  Offered: object<Offered>({
    name: text,
    title: text,
    schema: described(json, 'JSON Schema (draft 2020-12) of its values.'),
    default: described({}, 'What holds when nothing is chosen.'),
    from: described(oneOf(OFFERED_BY), 'Who offers it.'),
  }),
  Offerings: object<Offerings>({ items: list(ref('Offered')) }),
  ProvisionerList: object<{ items: ProvisionerView[] }>({ items: list(ref('ProvisionerView')) }),
  ProvisionerView: provisioner,
  Provided: object<Provided>({
    kind,
    driver: text,
    guestLocation: text,
    location: text,
    present: described(flag, 'Whether a replica announces that driver there.'),
    verbs: described(list(oneOf(DRIVER_VERBS)), 'What the driver can; nothing while it is not there.'),
    accepts: optional(described(list(text), 'Media types of data that it can begin with, of one that is portable.')),
  }),
  RequestPage: pageOf(ref('RequestView')),
  RequestView: request,
  ResourcePage: pageOf(ref('ResourceView')),
  ResourceRef: object<ResourceRef>({ environment: text, kind, name: text }),
  ResourceView: resource,
  SnapshotPage: pageOf(ref('SnapshotView')),
  SnapshotPart: snapshotPart,
  SnapshotRecorded: object<SnapshotRecorded>({
    snapshotId: text,
    position,
    repeated: optional(described(flag, 'Nothing needed to be recorded.')),
  }),
  SnapshotView: snapshot,
  Staged: object<{ staged: true; restarting: boolean; events: number; epoch: number }>({
    staged: flag,
    restarting: described(
      flag,
      'Whether the mesh starts again by itself now; else start it again to make the restore take effect.',
    ),
    events: described(count, 'Events of the restored log.'),
    epoch: described(count, 'Of the restored log: positions that were given after the backup are gone.'),
  }),
  StepView: step,
  Unsatisfied: unsatisfied,
  ViewsState: object<ViewsState>({
    position,
    building: list(
      object<ViewsState['building'][number]>({
        view: text,
        live: described(flag, 'Whether there are older rows to be read meanwhile.'),
        position,
      }),
    ),
    stopped: list(object<ViewsState['stopped'][number]>({ view: text, reason: text, eventId: optional(text) })),
  }),
  Wire: object<Wire>({ from: text, requirement: text, to: text }),
};
