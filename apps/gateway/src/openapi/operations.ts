import { applyDecorators } from '@nestjs/common';
import { ApiBody, ApiHeader, ApiOperation, ApiParam, ApiQuery, ApiResponse, ApiSecurity, ApiTags } from '@nestjs/swagger';
import { CATEGORIES, type ErrorCode, type JobKind } from '@slipway/contracts';
import { ControlBody, PlanJob, SkipBody } from '@slipway/contracts/http';
import { statusOf } from '../problem/status.js';
import type { ViewName } from '../views/port.js';
import { projections } from '../views/registry.js';
import { EXAMPLES } from './examples.js';
import { ref } from './schemas/schema.js';

type Decorator = ClassDecorator & MethodDecorator & PropertyDecorator;
type BodyClass = new () => object;

/** The tag under which a controller's routes stand. */
export const ApiNoun = (noun: string): Decorator => applyDecorators(ApiTags(noun)) as Decorator;

const json = (schema: string) => ({
  'application/json': { schema: ref(schema), ...(EXAMPLES[schema] !== undefined && { example: EXAMPLES[schema] }) },
});
export const answer = (status: number, schema: string, description: string, headers: Record<string, string> = {}) =>
  ApiResponse({
    status,
    description,
    content: json(schema),
    headers: headersOf({ 'X-Request-Id': "The call's id.", ...headers }),
  } as never);
const headersOf = (headers: Record<string, string>) =>
  Object.fromEntries(Object.entries(headers).map(([name, description]) => [name, { description, schema: { type: 'string' } }]));

/** What may go wrong: codes by status, as application/problem+json. */
export function problems(...codes: ErrorCode[]): MethodDecorator[] {
  const statuses = [...new Set(codes.map(statusOf))];
  return statuses.map((status) =>
    ApiResponse({
      status,
      description: codes
        .filter((code) => statusOf(code) === status)
        .map((code) => `\`${code}\``)
        .join(', '),
      content: { 'application/problem+json': { schema: ref('Problem'), example: EXAMPLES['Problem'] } },
    } as never),
  );
}
export const DOOR: ErrorCode[] = ['unauthenticated', 'forbidden'];
export const withKey = (...decorators: (ClassDecorator | MethodDecorator | PropertyDecorator)[]): MethodDecorator =>
  applyDecorators(ApiSecurity('key'), ApiHeader(REQUEST_ID), ApiHeader(LOG_TOKEN), ...(decorators as MethodDecorator[]));

const REQUEST_ID = {
  name: 'X-Request-Id',
  required: false,
  description: "The call's id: taken over if it is sane, else made; returned and carried through everything that it causes.",
};
const LOG_TOKEN = {
  name: 'X-Log-Token',
  required: false,
  description: 'A token of your own (printable, at most 128 characters) on every log line and event.',
};
export const AT_LEAST = {
  name: 'Slipway-At-Least',
  required: false,
  description: 'A log position that the answer must have reached; waits up to 2 s for it.',
};
export const AS_OF = {
  name: 'asOf',
  required: false,
  type: String,
  description: 'As it was at that time (ISO 8601) or log position.',
};
export const CHANGES: ErrorCode[] = [
  ...DOOR,
  'bad-input',
  'too-large',
  'wrong-content-type',
  'no-server',
  'unreachable',
  'log-unavailable',
  'timed-out',
];
export const READS: ErrorCode[] = [...DOOR, 'bad-input', 'gone', 'behind'];
export const PAGED = [
  ApiQuery({ name: 'limit', required: false, type: Number, description: 'Rows of a page; 1 to 500, 50 when left out.' }),
  ApiQuery({ name: 'cursor', required: false, type: String, description: '`next` of the page before.' }),
];

const JOB_SUMMARIES: Readonly<Record<JobKind, string>> = {
  provision: 'Ask for a service and everything it needs',
  deprovision: 'Give an instance back, with everything made for it',
  import: 'Ask for a service as a snapshot holds it, under a name that nothing has yet',
  export: 'Read out all data of an instance, of one moment, and keep them as a snapshot',
  repair: 'Bring back what is other than the log says',
  update: 'Change what is there: a size, a choice, a newer version of its definition',
};

/** A job: 202, or with `Prefer: wait=<s>` held until it has ended. */
export const ApiJob = (job: JobKind, body: BodyClass): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: job,
      summary: JOB_SUMMARIES[job],
      description: 'Always queued. The same `Idempotency-Key` gets the same answer and does nothing twice.',
    }),
    ApiHeader({ name: 'Idempotency-Key', required: false, description: '1 to 128 printable characters; made when left out.' }),
    ApiHeader({
      name: 'Prefer',
      required: false,
      description: '`wait=<seconds>` (RFC 7240, at most 300): hold the answer until the job has ended.',
    }),
    ApiBody({ type: body }),
    answer(202, 'Accepted', 'It was recorded and will be done.', {
      Location: 'Where the request is.',
      'Slipway-Position': 'Log position of what was recorded.',
      'Preference-Applied': 'The wait that was honoured.',
    }),
    answer(200, 'RequestView', 'It has ended while the answer was held.'),
    ...problems(
      ...CHANGES,
      'name-taken',
      'not-possible',
      'plan-changed',
      'key-reused',
      'too-busy',
      'not-found',
      'archive-invalid',
    ),
  );

export const ApiPlan = (): MethodDecorator =>
  withKey(
    ApiOperation({ operationId: 'plan', summary: 'What a request would do; changes nothing' }),
    ApiBody({ type: PlanJob }),
    ApiResponse({
      status: 200,
      description:
        'What is satisfied, what would be made in which order, or what is unsatisfied and why; as a diff for people, or as a graph, when asked for.',
      content: {
        ...json('Plan'),
        'text/plain': { schema: { type: 'string' }, example: '  + storage/shop-data (volume@1.0.0, directory at local)\n' },
        'text/vnd.graphviz': { schema: { type: 'string' }, example: 'digraph plan {\n}\n' },
        'text/vnd.mermaid': { schema: { type: 'string' }, example: 'flowchart LR\n' },
      },
      headers: headersOf({ 'X-Request-Id': "The call's id." }),
    } as never),
    ...problems(...CHANGES, 'not-found', 'driver-unknown', 'not-portable', 'undecided'),
  );

/** `inEnvironment`: its id may be bare, and is then of the environment that is named beside it. */
interface NounShown {
  schema: string;
  page: string;
  id: string;
  inEnvironment?: true;
}

const resource: NounShown = {
  ...{ schema: 'ResourceView', page: 'ResourcePage', inEnvironment: true },
  id: '`<environment>.<name>`, or a name of `environment`.',
};
const NOUNS = {
  requests: { schema: 'RequestView', page: 'RequestPage', id: "The request's id." },
  instances: resource,
  storages: resource,
  databases: resource,
  environments: { schema: 'EnvironmentView', page: 'EnvironmentPage', id: "The environment's name." },
  snapshots: { schema: 'SnapshotView', page: 'SnapshotPage', id: "The snapshot's id." },
  leases: {
    ...{ schema: 'LeaseView', page: 'LeasePage', inEnvironment: true },
    id: '`<environment>.lease-<number>`, or without its `environment`.',
  },
  'leased-resources': {
    ...{ schema: 'LeasedResourceView', page: 'LeasedResourcePage', inEnvironment: true },
    id: '`<environment>.<type>-<number>`, or without its `environment`.',
  },
  quotas: { schema: 'QuotaView', page: 'QuotaPage', id: "The quota's id." },
} as const satisfies Partial<Record<ViewName, NounShown>>;
type Noun = keyof typeof NOUNS;
const shown = (noun: Noun): NounShown => NOUNS[noun];

/** The environment of an id that may be bare. */
export const OF_BARE_ID = ApiQuery({
  name: 'environment',
  required: false,
  type: String,
  description: 'Of a bare name; `default` when left out.',
});

/** Fields of a view that can be filtered by, or sorted by, with the values that they can have. */
export const fieldsOf = (noun: ViewName, can: 'filter' | 'sort'): { name: string; values?: readonly string[] | undefined }[] =>
  Object.entries(projections.find(({ name }) => name === noun)!.fields)
    .filter(([, field]) => field[can])
    .map(([name, { values }]) => ({ name, values }));

type Fields = ReturnType<typeof fieldsOf>;

/** A query parameter for each field. */
export const filters = (fields: Fields): MethodDecorator[] =>
  fields.map(({ name, values }) =>
    ApiQuery({
      ...{ name, required: false, type: String, description: 'Only where it is equal.' },
      ...(values && { enum: [...values] }),
    }),
  );

export const sorted = (noun: ViewName): MethodDecorator =>
  ApiQuery({
    name: 'sort',
    required: false,
    type: String,
    description: `One of ${fieldsOf(noun, 'sort')
      .map(({ name }) => name)
      .join(', ')}; \`-\` in front for descending.`,
  });

export const ApiList = (noun: Noun): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: `list-${noun}`,
      summary: `List ${noun.replace('-', ' ')}`,
      description: 'Each filter may be given several times: one of.',
    }),
    ...filters(fieldsOf(noun, 'filter')),
    sorted(noun),
    ...PAGED,
    ApiQuery(AS_OF),
    ApiHeader(AT_LEAST),
    answer(200, shown(noun).page, 'A page.', { 'Slipway-Position': 'Log position that it was read at.' }),
    ...problems(...READS),
  );

export const ApiGet = (noun: Noun): MethodDecorator =>
  withKey(
    ApiOperation({ operationId: `get-${noun.slice(0, -1)}`, summary: `One of the ${noun.replace('-', ' ')}` }),
    ApiParam({ name: 'id', description: shown(noun).id }),
    ...(shown(noun).inEnvironment ? [OF_BARE_ID] : []),
    ApiQuery(AS_OF),
    ApiHeader(AT_LEAST),
    answer(200, shown(noun).schema, 'As it stands.', { 'Slipway-Position': 'Log position of its newest event.' }),
    ...problems(...READS, 'not-found'),
  );

const ACTIONS = {
  cancel: 'End a request; what it made is undone',
  retry: 'Go on from the failed step',
  abandon: 'Give up a request that needs attention; somebody answers for what is left behind',
  pause: 'Start no further step',
  resume: 'Go on with what was paused',
} as const;

export const ApiProvisioners = (): MethodDecorator =>
  withKey(
    ApiOperation({ operationId: 'list-provisioners', summary: 'Who provisions, what, where, and whether it is there' }),
    answer(200, 'ProvisionerList', 'Those of the configuration.'),
    ...problems(...DOOR, 'bad-input'),
  );

export const ApiProvisioner = (): MethodDecorator =>
  withKey(
    ApiOperation({ operationId: 'get-provisioner', summary: 'One of the provisioners' }),
    ApiParam({ name: 'name', description: "The provisioner's name." }),
    answer(200, 'ProvisionerView', 'As it stands.'),
    ...problems(...DOOR, 'bad-input', 'not-found'),
  );

export const ApiOfferings = (): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: 'list-offerings',
      summary: 'What can be chosen by a job that names the same',
      description:
        "The definition's, the guest location's and the provisioner's offerings: of one name the definition's counts, else the guest location's. What is left out is what a job means that leaves it out.",
    }),
    ApiParam({ name: 'name', description: "The provisioner's name." }),
    ApiQuery({ name: 'guestLocation', required: false, type: String, description: 'A named place in the configuration.' }),
    ApiQuery({ name: 'definition', required: false, type: String, description: 'name or name@range.' }),
    ApiQuery({ name: 'clusterId', required: false, type: String, description: 'A named set of places.' }),
    ApiQuery({
      name: 'snapshot',
      required: false,
      type: String,
      description:
        "Of an import, as its job says it: the snapshot's definition counts where none is named, and what was chosen then is the default.",
    }),
    ApiQuery({ name: 'snapshotId', required: false, type: Boolean, description: '`snapshot` is the id of a known snapshot.' }),
    answer(200, 'Offerings', 'In the order of their names.'),
    ...problems(...DOOR, 'bad-input', 'not-found', 'archive-invalid', 'no-server', 'unreachable', 'timed-out'),
  );

export const ApiControl = (verb: keyof typeof ACTIONS, body: BodyClass): MethodDecorator =>
  withKey(
    ApiOperation({ operationId: `${verb}-request`, summary: ACTIONS[verb] }),
    ApiParam({ name: 'id', description: "The request's id." }),
    ApiBody({ type: body, required: verb === 'abandon' }),
    answer(202, 'Accepted', 'It was recorded.', {
      Location: 'Where the request is.',
      'Slipway-Position': 'Log position of what was recorded.',
    }),
    ...problems(...CHANGES, 'not-found', 'not-possible'),
  );

export const ApiDispatch = (verb: 'pause' | 'resume'): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: `${verb}-environment`,
      summary: verb === 'pause' ? 'Start nothing more in an environment' : 'Go on with everything in an environment',
    }),
    ApiParam({ name: 'id', description: "The environment's name." }),
    ApiBody({ type: ControlBody, required: false }),
    answer(202, 'Accepted', 'It was recorded.', {
      Location: 'Where the environment is.',
      'Slipway-Position': 'Log position of what was recorded.',
    }),
    ...problems(...CHANGES, 'not-found', 'not-possible'),
  );

export const ApiEventsOfRequest = (): MethodDecorator =>
  withKey(
    ApiOperation({ operationId: 'list-events-of-request', summary: "Events of a request's own stream, in order" }),
    ApiParam({ name: 'id', description: "The request's id." }),
    ApiQuery({ name: 'limit', required: false, type: Number, description: '1 to 5000, 500 when left out.' }),
    ApiQuery({ name: 'cursor', required: false, type: String, description: '`next` of the page before.' }),
    ApiQuery(AS_OF),
    answer(200, 'EventPage', 'A page, oldest first.'),
    ...problems(...DOOR, 'bad-input', 'gone', 'not-found', 'log-unavailable'),
  );

export const ApiLogs = (): MethodDecorator =>
  withKey(
    ApiOperation({ operationId: 'read-logs', summary: "Logs of a request's steps, the running ones as they are so far" }),
    ApiParam({ name: 'id', description: "The request's id." }),
    ApiQuery({ name: 'step', required: false, type: String, description: "Only this step's." }),
    ApiQuery({ ...AS_OF, description: `${AS_OF.description} Of the tries that had ended by then.` }),
    ApiResponse({
      status: 200,
      description: 'Each step under a heading; as JSON lines `{step, line}` when asked for.',
      content: {
        'text/plain': { schema: { type: 'string' }, example: '==> storage/shop-data (succeeded, try 1) <==\nmade\n' },
        'application/x-ndjson': { schema: { type: 'string' }, example: '{"step":"storage/shop-data","line":"made"}\n' },
      },
    }),
    ...problems(...DOOR, 'bad-input', 'gone', 'not-found', 'log-unavailable'),
  );

export const ApiEvents = (): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: 'list-events',
      summary: 'Recorded events, oldest first',
      description:
        'The WebSocket at the same path follows them: send `{"type":"subscribe","id":"1","filter":{…},"from":"<position>"}`.',
    }),
    ApiQuery({ name: 'type', required: false, isArray: true, type: String }),
    ApiQuery({ name: 'category', required: false, isArray: true, enum: CATEGORIES }),
    ApiQuery({ name: 'environment', required: false, type: String }),
    ApiQuery({ name: 'request', required: false, type: String, description: "A request's id." }),
    ApiQuery({ name: 'owner', required: false, type: String, description: "An owner's id." }),
    ApiQuery({
      name: 'after',
      required: false,
      type: String,
      description: 'A position (exclusive); from the beginning when left out. The same as `cursor`.',
    }),
    ApiQuery({ name: 'cursor', required: false, type: String, description: '`next` of the page before.' }),
    ApiQuery({ name: 'limit', required: false, type: Number, description: '1 to 5000, 100 when left out.' }),
    ApiQuery(AS_OF),
    answer(200, 'EventPage', 'A page, oldest first.'),
    ...problems(...DOOR, 'bad-input', 'gone', 'log-unavailable', 'log-damaged'),
  );

export const ApiLive = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({ operationId: 'live', summary: 'The process runs; needs no key' }),
    answer(200, 'Live', 'It does.'),
  );

export const ApiReady = (): MethodDecorator =>
  applyDecorators(
    ApiOperation({ operationId: 'ready', summary: 'The mesh can do its work; needs no key' }),
    answer(200, 'Readiness', 'Everything is there.'),
    ...problems('not-ready'),
  );

export const ApiMetrics = (): MethodDecorator =>
  withKey(
    ApiOperation({ operationId: 'metrics', summary: 'Figures for Prometheus, of all processes of the mesh' }),
    ApiResponse({
      status: 200,
      description: 'Text exposition format 0.0.4.',
      content: { 'text/plain': { schema: { type: 'string' }, example: 'slipway_views_stopped 0\n' } },
    }),
    ...problems(...DOOR),
  );

export const ApiInfo = (): MethodDecorator =>
  withKey(
    ApiOperation({ operationId: 'info', summary: 'What this mesh is, and where its data are' }),
    answer(200, 'Info', 'As it runs.'),
    ...problems(...DOOR, 'log-unavailable'),
  );

export const TAR_CONTENT = { 'application/x-tar': { schema: { type: 'string' as const, format: 'binary' } } };

export const ApiBackup = (): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: 'backup',
      summary: 'A consistent copy of log, blobs, sealed secrets and models, as one tar',
      description:
        'While everything goes on. The last entry is `manifest.json` with the SHA-256 of each. The keys (`gateway.key`, `secrets.key`) are not in it.',
    }),
    ApiResponse({ status: 200, description: 'Streamed.', content: TAR_CONTENT }),
    ...problems(...DOOR, 'not-possible', 'log-unavailable'),
  );

export const ApiRestore = (): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: 'restore',
      summary: 'Put a backup in the place of what is there',
      description:
        'Checked as a whole before anything changes; takes effect when the mesh starts again, which it is asked to do.',
    }),
    ApiQuery({ name: 'replace', required: false, enum: ['true', 'false'], description: 'Also when there are requests already.' }),
    ApiBody({ required: true, schema: { type: 'string', format: 'binary' } }),
    answer(202, 'Staged', 'It is sound, and staged.'),
    ...problems(...DOOR, 'bad-input', 'wrong-content-type', 'not-possible', 'log-damaged', 'blob-damaged'),
  );

export const ApiViews = (): MethodDecorator =>
  withKey(
    ApiOperation({ operationId: 'list-views', summary: "How this gateway's read models stand" }),
    answer(200, 'ViewsState', 'As they stand.'),
    ...problems(...DOOR),
  );

export const ApiSkip = (): MethodDecorator =>
  withKey(
    ApiOperation({
      operationId: 'skip-event',
      summary: 'Let a read model that has stopped at an event go on without it',
      description: 'What it shows then lacks what the event says. It is remembered, also when the model is rebuilt.',
    }),
    ApiParam({ name: 'id', description: "The read model's name, as readiness says it." }),
    ApiBody({ type: SkipBody }),
    answer(200, 'ViewsState', 'It goes on.'),
    ...problems(...DOOR, 'bad-input', 'not-found', 'not-possible'),
  );
