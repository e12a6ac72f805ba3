import { ERRORS } from '@slipway/contracts';
import { leaseExamples } from './lease-examples.js';

/** Answers as they look: shown in the documentation, by schema. A test holds each against its schema. */
const ID = '0b8f6a52-6f5e-5f0c-9d38-2f6d1c3a7e10';
const POSITION = 'b7c1d0e2.0000000001.00000000000000000042';
const DEFINITION = {
  name: 'guestbook',
  version: '1.0.0',
  hash: '5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef',
};

const request = {
  id: ID,
  job: 'provision',
  status: 'succeeded',
  environment: 'default',
  instanceId: 'shop',
  definition: 'guestbook',
  provisioner: { name: 'slipway', by: 'default' },
  owner: { id: 'ada', type: 'user' },
  actor: { id: 'operator', type: 'user' },
  priority: 0,
  acceptedAt: '2026-01-05T09:30:00.000Z',
  updatedAt: '2026-01-05T09:30:02.000Z',
  endedAt: '2026-01-05T09:30:02.000Z',
  steps: [
    {
      id: 'storage/shop-data',
      kind: 'storage',
      name: 'shop-data',
      action: 'ensure',
      generation: 1,
      location: 'local',
      driver: 'directory',
      after: [],
      status: 'succeeded',
      try: 1,
    },
  ],
  result: {
    alreadySatisfied: [],
    installed: [{ kind: 'instance', name: 'shop', generation: 1, definition: DEFINITION }],
    removed: [],
    wires: [],
  },
  position: POSITION,
};

const content = {
  name: 'greetings',
  version: '1.0.0',
  layer: 'dynamic',
  overwritable: false,
  writable: false,
  source: 'upload by ada',
  counts: { definitions: 1, overridden: 0, capabilities: 0, requirements: 1, artefacts: 0 },
  hash: DEFINITION.hash,
};

const delegate = {
  name: 'upstream',
  kind: 'slipway',
  source: 'https://slipway.example',
  packages: 3,
  definitions: 12,
  answeredAt: '2026-01-05T10:00:00.000Z',
  problems: [],
};

const definition = {
  name: 'guestbook',
  version: '1.0.0',
  title: 'Guestbook',
  type: 'instance',
  layer: 'default',
  package: 'samples',
};

const capability = {
  namespace: 'database',
  attributes: { engine: 'sqlite' },
  definition: { name: 'sqlite', version: '1.0.0' },
  layer: 'default',
};

const drifted = {
  key: 'storage/shop-data',
  drift: 'changed',
  generation: 1,
  location: 'local',
  driver: 'directory',
  instanceId: 'shop',
  differences: [{ field: 'mode', recorded: '0750', found: '0777' }],
  seen: DEFINITION.hash,
  adoptable: true,
  repair: 'update',
};

const snapshot = {
  id: ID,
  status: 'kept',
  origin: 'taken',
  environment: 'default',
  instanceId: 'shop',
  mesh: 'dev',
  owner: { id: 'ada', type: 'user' },
  definition: DEFINITION,
  takenAt: '2026-01-05T09:30:01.000Z',
  createdAt: '2026-01-05T09:30:02.000Z',
  updatedAt: '2026-01-05T09:30:02.000Z',
  bytes: 4096,
  contentBytes: 10240,
  parts: [
    {
      role: 'data',
      kind: 'storage',
      driver: 'directory',
      definition: { name: 'volume', version: '1.0.0', hash: DEFINITION.hash },
      spec: {},
      file: 'parts/1.zst',
      sha256: DEFINITION.hash,
      bytes: 4096,
      mediaType: 'application/x-tar',
      contentBytes: 10240,
    },
  ],
  position: POSITION,
};

const provisioner = {
  name: 'slipway',
  default: true,
  guestLocations: ['local'],
  provides: [
    { kind: 'storage', driver: 'directory', guestLocation: 'local', location: 'local', present: true, verbs: ['provision'] },
  ],
  absent: [],
};

const handler = {
  name: 'welcome',
  file: '/home/ada/slipway/handlers/welcome.mjs',
  names: ['dfe.provisioned'],
  replica: 'here-handlers',
  parkedCount: 1,
  parked: [
    {
      eventId: '7d0c3f0e-6f0f-4b8e-9d7a-0a4a5f1f3c11',
      name: 'dfe.provisioned',
      stream: `request-${ID}`,
      revision: 12,
      parkedAt: '2026-01-05T09:31:00.000Z',
      tries: 5,
      cause: { code: 'handler-failed', message: 'The mail server does not answer', hint: ERRORS['handler-failed'].hint },
      retrying: false,
    },
  ],
};

const instance = {
  id: 'default.shop',
  kind: 'instance',
  environment: 'default',
  name: 'shop',
  status: 'present',
  generation: 1,
  location: 'local',
  driver: 'process',
  definition: DEFINITION,
  ownerId: 'ada',
  instanceId: 'shop',
  requestId: ID,
  outputs: { url: 'http://127.0.0.1:20000' },
  observed: { port: 20000 },
  health: 'healthy',
  createdAt: '2026-01-05T09:30:01.000Z',
  updatedAt: '2026-01-05T09:30:02.000Z',
  position: POSITION,
};

const environment = {
  name: 'default',
  paused: false,
  instances: 1,
  storages: 1,
  databases: 1,
  names: [{ name: 'shop', ownerId: 'ada' }],
  updatedAt: '2026-01-05T09:30:02.000Z',
  position: POSITION,
};

const event = {
  id: '4c1c2f5e-0d9d-4d8f-8e52-1a3d3f7f1b11',
  position: POSITION,
  stream: `request-${ID}`,
  revision: 0,
  category: 'request',
  type: 'RequestAccepted',
  version: 1,
  recordedAt: '2026-01-05T09:30:00.000Z',
  environment: 'default',
  requestId: ID,
  ownerId: 'ada',
  actor: { id: 'operator', type: 'user' },
  correlationId: 'deploy-2026-01-05',
  data: { job: 'provision', environment: 'default', name: 'shop' },
};

export const EXAMPLES: Record<string, unknown> = {
  ...leaseExamples(POSITION),
  Accepted: { requestId: ID, position: POSITION },
  EnvironmentPage: { items: [environment], position: POSITION },
  EnvironmentView: environment,
  EventPage: { items: [event], next: POSITION, position: POSITION },
  Extended: { environment: 'default', name: 'shop', until: '2026-03-15T06:00:00.000Z', position: POSITION },
  Info: {
    name: 'slipway',
    version: '0.1.0',
    mesh: 'dev',
    profile: 'dev',
    eventLog: { kind: 'sqlite', logId: 'b7c1d0e2', position: POSITION },
    environment: 'default',
    defaultDefinition: 'guestbook',
    clusters: { default: ['local'] },
    dataFolder: '/home/ada/slipway/.slipway',
    startedAt: '2026-01-05T09:29:58.000Z',
  },
  HandlerList: { items: [handler] },
  HandlerView: handler,
  Drift: {
    environment: 'default',
    compared: 3,
    count: 1,
    items: [drifted],
    unknown: [],
    rules: ['storage/*:owner'],
    ignored: [{ key: 'storage/shop-data', field: 'owner', recorded: '0:0', found: '20001:20001', rule: 'storage/*:owner' }],
  },
  ResourceDrift: drifted,
  Adopted: { generation: 1, position: POSITION },
  Live: { live: true },
  Pause: { at: '2026-01-05T09:40:00.000Z', by: { id: 'operator', type: 'user' }, reason: 'waiting for Bob' },
  Plan: {
    environment: 'default',
    outcome: 'satisfied',
    alreadySatisfied: [{ kind: 'instance', name: 'shop', generation: 1, definition: DEFINITION }],
    steps: [],
    wires: [],
    leases: [],
    reads: [{ key: 'instance/shop', generation: 1 }],
    writes: [],
    unsatisfied: [],
    hash: '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08',
  },
  Problem: {
    type: '/api/docs#name-taken',
    title: 'The name is taken',
    status: 409,
    detail: 'instance/shop is claimed by ada',
    code: 'name-taken',
    hint: ERRORS['name-taken'].hint,
    requestId: 'deploy-2026-01-05',
    details: { holder: 'ada' },
  },
  Readiness: { ready: true, checks: [{ name: 'log', ready: true }] },
  Offerings: {
    items: [
      {
        name: 'size-limit',
        title: 'Space for what visitors leave in files',
        schema: { enum: ['64MiB', '256MiB', '1GiB'] },
        default: '64MiB',
        from: 'definition',
      },
    ],
  },
  ContentList: {
    items: [content],
    problems: ['greetings.yaml:5:14: definitions.0.version must be a semantic version such as "1.0.0"'],
    delegates: [delegate],
  },
  DelegateView: delegate,
  ContentRefreshed: { items: [delegate], position: POSITION },
  ContentView: content,
  ContentRecorded: { name: 'greetings', version: '1.0.0', layer: 'dynamic', definitions: 1, position: POSITION },
  DefinitionView: {
    definition: { name: 'greeting', version: '1.0.0', dependencies: ['hello@^1.0.0'] },
    hash: DEFINITION.hash,
    layer: 'dynamic',
    package: 'greetings',
    overrides: [],
  },
  DefinitionList: { items: [definition], next: 'MTAwIGd1ZXN0Ym9va0AxLjAuMA' },
  DefinitionSummary: definition,
  DefinitionRecorded: { name: 'greeting', version: '1.0.0', layer: 'writable', position: POSITION },
  CapabilityList: { items: [capability] },
  CapabilityView: capability,
  ProvisionerList: { items: [provisioner] },
  ProvisionerView: provisioner,
  RequestPage: { items: [request], position: POSITION },
  RequestView: request,
  SnapshotPage: { items: [snapshot], position: POSITION },
  SnapshotPart: snapshot.parts[0],
  SnapshotRecorded: { snapshotId: ID, position: POSITION },
  SnapshotView: snapshot,
  ResourcePage: { items: [instance], position: POSITION },
  ResourceView: instance,
  ViewsState: {
    position: POSITION,
    building: [],
    stopped: [{ view: 'instances', reason: 'generation is missing', eventId: ID }],
  },
  Staged: { staged: true, restarting: true, events: 1250, epoch: 1767605400 },
};
