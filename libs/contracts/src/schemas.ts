import { OWNER_TYPES } from './context.js';
import { DESIRED_CHANGES, DESIRED_STATES } from './desired.js';
import { DRIFTS, REPAIRS } from './drift.js';
import { ERRORS } from './errors.js';
import { DEFINITION_NAME, DEFINITION_REFERENCE, FILTER_CHARACTERS, RESOURCE_URI } from './names.js';
import { OFFERED_BY } from './offering.js';
import { CATEGORIES, DRIVER_VERBS, RESOURCE_KINDS, SERVICES } from './services.js';
import { JOBS } from './job.js';
import { CHANGED_HOW, INVERSES, PLAN_OUTCOMES, STEP_ACTIONS } from './plan.js';
import { ALLOCATOR_SCHEMAS } from './schemas/allocator.js';
import { CONTENT_SCHEMAS } from './schemas/content.js';
import { DRIFT_SCHEMAS, difference } from './schemas/drift.js';
import {
  anything,
  atLeast,
  blobRef,
  boolean,
  holder,
  listOf,
  mapOf,
  name,
  object,
  owner,
  reason,
  resource,
  sha256,
  string,
  text,
  words,
  type Schema,
} from './schemas/words.js';
import { SNAPSHOT_FORMAT } from './snapshot.js';

const definition = object({ name: words(128), version: words(128), hash: words(128) });
const ofStep = { requestId: words(128), stepId: words(256), resource };
const ofResource = {
  ...ofStep,
  try: atLeast(1),
  generation: atLeast(1),
  driver: name,
  location: name,
  definition,
  deadline: { type: 'number', minimum: 0 },
  owner,
  shared: { const: true },
};

const role = text(/^([a-z0-9-]+(\/[a-z0-9-]+)*)?$/, 'must be names of requirements, apart by slashes');
const ofPart = {
  sha256,
  bytes: atLeast(0),
  mediaType: words(128),
  contentBytes: atLeast(0),
};
const part = object({ ...ofPart, holder }, ['holder']);
const wire = object({ from: string, requirement: string, to: string });
const ofSnapshotPart = {
  ...ofPart,
  role,
  kind: { enum: RESOURCE_KINDS },
  driver: name,
  definition,
  spec: anything,
  file: text(/^parts\/[1-9][0-9]{0,3}\.zst$/, 'must be parts/<n>.zst'),
};
const snapshotPart = object(ofSnapshotPart);
const changeable = object({ inPlace: listOf(words(128)), replaces: listOf(words(128)) });
const fields = listOf(object({ field: words(128), reason: words(1_000) }));
const announced = object(
  {
    ...{ name, verbs: listOf({ enum: DRIVER_VERBS }), accepts: listOf(words(128)), changes: changeable },
    bounds: object({ needs: fields, lacks: fields }),
    outputs: listOf(words(128)),
    finds: { type: 'object', additionalProperties: words(128) },
  },
  ['accepts', 'changes', 'bounds', 'outputs', 'finds'],
);
/** Of {@link SnapshotManifest}: what an archive's first entry has to be, whoever wrote it. */
export const SNAPSHOT_MANIFEST: Schema = object(
  {
    format: { const: SNAPSHOT_FORMAT },
    id: text(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, 'must be a UUID'),
    takenAt: text(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/, 'must be a time in UTC, such as 2026-03-01T06:00:00Z'),
    mesh: name,
    environment: name,
    instanceId: name,
    owner,
    definition,
    offerings: anything,
    parts: { ...listOf(snapshotPart), minItems: 1, maxItems: 1_000 },
    wires: { ...listOf(wire), maxItems: 10_000 },
  },
  ['offerings'],
);
const installed = object({ kind: { enum: RESOURCE_KINDS }, name, generation: atLeast(1), definition });
const capabilityRequirement = object(
  {
    namespace: text(DEFINITION_NAME, 'must be lower-case letters, digits and inner . _ -'),
    name,
    attributes: anything,
    range: words(64),
    filter: { type: 'string', maxLength: FILTER_CHARACTERS },
    resolution: { enum: ['mandatory', 'optional'] },
  },
  ['name', 'attributes', 'range', 'filter', 'resolution'],
);
const planStep = object(
  {
    id: string,
    action: { enum: STEP_ACTIONS },
    kind: { enum: RESOURCE_KINDS },
    name,
    generation: atLeast(1),
    definition,
    location: name,
    driver: name,
    spec: anything,
    offerings: anything,
    requirements: listOf(capabilityRequirement),
    after: listOf(string),
    inverse: { enum: INVERSES },
    shared: boolean,
    belongs: object({ owner, instanceId: string, guestLocation: string, provisioner: string }, ['instanceId', 'provisioner']),
    because: string,
    from: part,
    role,
    changes: listOf(object({ field: string, from: string, to: string, how: { enum: CHANGED_HOW } }, ['from', 'to'])),
    before: object({ definition, spec: anything, offerings: anything, wires: listOf(wire) }, ['offerings']),
  },
  ['offerings', 'requirements', 'shared', 'belongs', 'because', 'from', 'role', 'changes', 'before'],
);
const read = object(
  { key: string, generation: { type: ['integer', 'null'] }, updates: atLeast(1), users: listOf(string), leaving: listOf(string) },
  ['updates', 'users', 'leaving'],
);
const unsatisfied = object({ chain: listOf(string), requirement: string, reason: string, message: string });

const offered = object({ name, title: words(120), schema: anything, default: {}, from: { enum: OFFERED_BY } });
const reference = text(DEFINITION_REFERENCE, 'must be a definition’s name, or name@range such as "guestbook@^1.0.0"');
const place = object(
  {
    guestLocation: name,
    location: name,
    provisioner: name,
    drivers: mapOf(listOf(name)),
    resourceUri: text(RESOURCE_URI, 'must be a path such as "/api"'),
    offered: listOf(offered),
  },
  ['resourceUri', 'offered'],
);

/** Bodies and answers by the name of their type. What a service is asked is checked by these before anything is done. */
export const SCHEMAS = {
  AcceptCommand: object({
    job: { enum: JOBS },
    body: anything,
    key: { ...words(256), description: 'must be a text of 1 to 256 characters' },
  }),
  PlanQuery: object({ body: anything }),
  ControlCommand: object({ requestId: string, reason }, ['reason']),
  DispatchCommand: object({ environment: name, reason }, ['reason']),
  ReceiveSnapshotCommand: object({ holder, manifest: blobRef }),
  DeleteSnapshotCommand: object({ snapshotId: words(64), reason }, ['reason']),
  HandlersQuery: object({ name }, ['name']),
  RetryParkedCommand: object({ handler: name, eventId: words(128), reason }, ['reason']),
  DiscardParkedCommand: object({ handler: name, eventId: words(128), reason: words(500) }),
  EnsureCommand: object({ ...ofResource, spec: anything, inputs: mapOf(anything), from: part }, ['owner', 'shared', 'from']),
  UpdateCommand: object({ ...ofResource, spec: anything, inputs: mapOf(anything) }, ['owner', 'shared']),
  DestroyCommand: object(ofResource, ['owner', 'shared']),
  StopCommand: object(ofResource, ['owner', 'shared']),
  ExportCommand: object(ofResource, ['owner', 'shared']),
  InspectQuery: object({ resource, generation: atLeast(1), driver: name, location: name }),
  ...DRIFT_SCHEMAS,
  StepCancelCommand: object(ofStep),
  StepLogQuery: object(ofStep),
  CredentialsQuery: object({ resource, recipient: text(/^[\w-]{43}$/, 'must be an X25519 public key, 32 bytes in base64url') }),
  InstanceLogQuery: object(
    {
      resource,
      after: { type: 'string', maxLength: 200 },
      tail: { type: 'integer', minimum: 0, maximum: 1_000_000 },
      waitMs: { type: 'integer', minimum: 0, maximum: 5_000 },
    },
    ['after', 'tail', 'waitMs'],
  ),
  RotateCommand: object({ resource, rotation: words(128), owned: listOf(words(256)), check: boolean }, ['owned', 'check']),
  SetDesiredCommand: object({ resource, change: { enum: DESIRED_CHANGES }, reason }, ['reason']),
  ResolveQuery: object(
    {
      job: { enum: JOBS },
      environment: name,
      instanceId: name,
      definition: reference,
      place,
      offerings: anything,
      requirements: listOf(capabilityRequirement),
      allowUpgrade: listOf(string),
      keepAsIs: listOf(string),
      prefer: listOf(reference),
      cascade: boolean,
      parts: listOf(object({ ...ofSnapshotPart, holder }, ['holder'])),
      destination: words(1024),
      announced: mapOf(listOf(announced)),
      repairs: listOf(
        object(
          {
            key: string,
            drift: { enum: DRIFTS.filter((drift) => drift !== 'extra') },
            by: { enum: REPAIRS },
            differences: listOf(object(difference, ['recorded', 'found'])),
          },
          ['by'],
        ),
      ),
      atLeast: { type: 'string', maxLength: 200 },
    },
    [
      ...['definition', 'offerings', 'requirements', 'allowUpgrade', 'keepAsIs', 'prefer', 'cascade'],
      ...['parts', 'destination', 'announced', 'repairs', 'atLeast'],
    ],
  ),
  OfferingsQuery: object(
    {
      provisioner: name,
      clusterId: name,
      guestLocation: name,
      definition: reference,
      snapshot: words(1024),
      snapshotId: boolean,
    },
    ['clusterId', 'guestLocation', 'definition', 'snapshot', 'snapshotId'],
  ),
  ResolveOfferingsQuery: object({ definition: reference, place, offerings: anything }, ['offerings']),
  Offerings: object({ items: listOf(offered) }),
  ExtendCommand: object({ environment: name, name, until: words(64), reason }, ['reason']),
  Extended: object({ environment: name, name, until: string, position: string }),
  Accepted: object({ requestId: string, position: string, repeated: boolean }, ['repeated']),
  SnapshotRecorded: object({ snapshotId: string, position: string, repeated: boolean }, ['repeated']),
  Plan: object(
    {
      environment: name,
      outcome: { enum: PLAN_OUTCOMES },
      alreadySatisfied: listOf(installed),
      steps: listOf(planStep),
      wires: listOf(wire),
      leases: listOf(
        object({
          key: string,
          holder: string,
          requirement: string,
          namespace: string,
          amount: { type: 'number' },
          capacity: { type: 'number' },
        }),
      ),
      reads: listOf(read),
      writes: listOf(string),
      turns: listOf(object({ key: string, generation: atLeast(1) })),
      affected: listOf(object({ key: string, through: listOf(string), why: string })),
      destination: string,
      along: listOf(string),
      unsatisfied: listOf(unsatisfied),
      explanation: object({
        lines: listOf(object({ suppose: string, because: string, therefore: string }, ['suppose', 'because', 'therefore'])),
        fixes: listOf(string),
      }),
      hash: string,
      repository: string,
      elsewhere: string,
    },
    ['turns', 'affected', 'destination', 'along', 'explanation', 'repository', 'elsewhere'],
  ),
  ...CONTENT_SCHEMAS,
  ...ALLOCATOR_SCHEMAS,
  HandlerList: object({
    items: listOf(
      object(
        {
          name: string,
          file: string,
          names: listOf(string),
          replica: string,
          problem: string,
          parkedCount: atLeast(0),
          parked: listOf(
            object({
              eventId: string,
              name: string,
              stream: string,
              revision: atLeast(0),
              parkedAt: string,
              tries: atLeast(1),
              cause: object({ code: { enum: Object.keys(ERRORS) }, message: string, hint: string, details: anything }, [
                'details',
              ]),
              retrying: boolean,
            }),
          ),
        },
        ['file', 'replica', 'problem'],
      ),
    ),
  }),
  StepAccepted: object({ status: { enum: ['accepted', 'settled'] }, epoch: atLeast(0) }),
  InspectAnswer: object({ state: { enum: ['absent', 'present', 'partial', 'destroyed'] }, observed: anything }),
  StepCancelAnswer: object({ cancelled: boolean }),
  StepLog: object({ text: string }),
  SealedCredentials: object({ generation: atLeast(1), enc: string, sealed: string, position: string }),
  InstanceLogPart: object({ data: string, after: string, more: boolean, gap: boolean }, ['gap']),
  Rotation: object({ state: { enum: ['possible', 'rotating', 'rotated'] }, outputs: anything, position: string }, ['outputs']),
  Desired: object({ generation: atLeast(1), desired: { enum: DESIRED_STATES }, position: string }),
  HealthReport: object(
    {
      service: string,
      replica: string,
      ready: boolean,
      locations: listOf(object({ location: name, kind: { enum: RESOURCE_KINDS }, drivers: listOf(announced) })),
      worksAt: listOf(name),
      reasons: listOf(string),
    },
    ['locations', 'worksAt'],
  ),
  Cause: object({ code: { enum: Object.keys(ERRORS) }, message: string, hint: string, details: anything }, ['details']),
  StepProgress: object(
    { requestId: string, stepId: string, fraction: { type: 'number', minimum: 0, maximum: 1 }, message: string },
    ['fraction'],
  ),
  MetricsQuery: object({ id: { type: 'string', pattern: '^[\\w-]{1,64}$' }, from: string }),
  MetricsText: object({ text: string }),
  Completion: object({
    service: { enum: SERVICES },
    request: object({ id: string, job: { enum: JOBS }, body: anything }),
    resource,
    at: string,
  }),
  EventView: object(
    {
      id: string,
      position: string,
      stream: string,
      revision: atLeast(0),
      category: { enum: CATEGORIES },
      type: string,
      version: atLeast(1),
      recordedAt: string,
      environment: string,
      requestId: string,
      ownerId: string,
      actor: object({ id: string, type: { enum: [...OWNER_TYPES, 'system'] } }),
      correlationId: string,
      logToken: string,
      causationId: string,
      data: anything,
    },
    ['environment', 'requestId', 'ownerId', 'actor', 'correlationId', 'logToken', 'causationId'],
  ),
} as const satisfies Record<string, Schema>;
