import { ALLOCATION_MESSAGES } from './messages/allocation.js';
import type { AskedMessage, ToldMessage } from './messages/message.js';
import { RESOURCE_KINDS, SERVICES } from './services.js';
import { VERBS } from './subjects.js';

const toOrchestrator = { senders: ['gateway'], handlers: ['orchestrator'] } as const;
const control = { ...toOrchestrator, body: 'ControlCommand', answer: 'Accepted' } as const;
const dispatch = { ...toOrchestrator, body: 'DispatchCommand', answer: 'Accepted' } as const;
const toKinds = { senders: ['orchestrator'], handlers: RESOURCE_KINDS } as const;
const toHandlers = { senders: ['gateway'], handlers: ['handlers'] } as const;
const toResolver = { senders: ['gateway'], handlers: ['resolver'] } as const;
const health = { body: undefined, answer: 'HealthReport', senders: ['gateway'] } as const;

const asked: readonly AskedMessage[] = [
  {
    verb: VERBS.accept,
    ...toOrchestrator,
    senders: ['gateway', 'handlers'],
    body: 'AcceptCommand',
    answer: 'Accepted',
    description: 'Takes a job in; answered once it is recorded. The same key again: the same answer, `repeated`',
  },
  {
    verb: VERBS.plan,
    ...toOrchestrator,
    body: 'PlanQuery',
    answer: 'Plan',
    description: 'Tells what a job would do. Changes nothing',
  },
  {
    verb: VERBS.plan,
    body: 'ResolveQuery',
    answer: 'Plan',
    senders: ['orchestrator'],
    handlers: ['resolver'],
    description: 'Stateless: environment and repository in, plan or explanation out',
  },
  {
    verb: VERBS.offerings,
    ...toOrchestrator,
    body: 'OfferingsQuery',
    answer: 'Offerings',
    description: 'Tells what can be chosen by a job that names the same',
  },
  {
    verb: VERBS.offerings,
    body: 'ResolveOfferingsQuery',
    answer: 'Offerings',
    senders: ['orchestrator'],
    handlers: ['resolver'],
    description: 'Tells what can be chosen of a definition at a place; what was chosen is checked',
  },
  {
    verb: VERBS.drift,
    ...toOrchestrator,
    body: 'DriftQuery',
    answer: 'Drift',
    description: 'Tells how an environment is other than the log says. Changes nothing',
  },
  {
    verb: VERBS.extend,
    ...toOrchestrator,
    body: 'ExtendCommand',
    answer: 'Extended',
    description: 'Wants an instance for longer; answered once it is recorded',
  },
  { verb: VERBS.cancel, ...control, description: 'Ends a request and undoes what it did' },
  { verb: VERBS.retry, ...control, description: 'Goes on from what failed, or begins anew what has ended' },
  { verb: VERBS.abandon, ...control, description: 'Leaves what is left, with a reason' },
  { verb: VERBS.pause, ...control, description: 'Begins no further step of a request' },
  { verb: VERBS.resume, ...control, description: 'Goes on with a paused request' },
  {
    verb: VERBS.pauseDispatch,
    ...dispatch,
    description: 'Admits no further plan in an environment. `requestId` of the answer is the correlation id of the call',
  },
  { verb: VERBS.resumeDispatch, ...dispatch, description: 'Admits plans again; answered as above' },
  {
    verb: VERBS.receiveSnapshot,
    ...toOrchestrator,
    body: 'ReceiveSnapshotCommand',
    answer: 'SnapshotRecorded',
    description:
      'Keeps a snapshot whose archive was read and found good. The same again changes nothing, and what was given for it is removed',
  },
  {
    verb: VERBS.deleteSnapshot,
    ...toOrchestrator,
    body: 'DeleteSnapshotCommand',
    answer: 'SnapshotRecorded',
    description: 'Forgets a snapshot; its parts are removed after the answer. The same again changes nothing',
  },
  {
    verb: VERBS.ensure,
    ...toKinds,
    body: 'EnsureCommand',
    answer: 'StepAccepted',
    description:
      'Makes a resource as it is specified, or finds it so; answered within 2 s. The outcome comes through the log only, and may come first',
  },
  {
    verb: VERBS.destroy,
    ...toKinds,
    body: 'DestroyCommand',
    answer: 'StepAccepted',
    description: 'Takes a resource away; answered as above',
  },
  {
    verb: VERBS.stop,
    ...toKinds,
    body: 'StopCommand',
    answer: 'StepAccepted',
    description: 'Ends what runs of a resource and keeps all it has; answered as above',
  },
  {
    verb: VERBS.export,
    ...toKinds,
    body: 'ExportCommand',
    answer: 'StepAccepted',
    description: 'Reads out all data of a resource as they are at one moment; answered as above',
  },
  {
    verb: VERBS.update,
    ...toKinds,
    body: 'UpdateCommand',
    answer: 'StepAccepted',
    description: 'Changes what is there to what is specified and keeps its data; answered as above',
  },
  {
    verb: VERBS.inspect,
    ...toKinds,
    body: 'InspectQuery',
    answer: 'InspectAnswer',
    description: 'Tells what exists at the place',
  },
  {
    verb: VERBS.compare,
    ...toKinds,
    body: 'CompareQuery',
    answer: 'Comparison',
    description: 'Tells how what exists at the place is other than recorded. Changes nothing',
  },
  {
    verb: VERBS.strays,
    ...toKinds,
    body: 'StraysQuery',
    answer: 'Strays',
    description: 'Tells what carries our mark at the place and stands in no stream. Changes nothing',
  },
  {
    verb: VERBS.adopt,
    ...toKinds,
    senders: ['gateway'],
    body: 'AdoptCommand',
    answer: 'Adopted',
    description: 'Takes what was found into the log as what is there; answered once it is recorded. Nothing at the place changes',
  },
  {
    verb: VERBS.cancelStep,
    ...toKinds,
    body: 'StepCancelCommand',
    answer: 'StepCancelAnswer',
    description: 'Ends a step if it runs; its outcome comes through the log',
  },
  {
    verb: VERBS.log,
    ...toKinds,
    senders: ['gateway'],
    body: 'StepLogQuery',
    answer: 'StepLog',
    description: 'Tells the log of a step that still runs',
  },
  {
    verb: VERBS.setDesired,
    ...toKinds,
    senders: ['gateway'],
    body: 'SetDesiredCommand',
    answer: 'Desired',
    description:
      'Wants something to run, not to run, or to be restarted; answered once it is recorded. The same again changes nothing. Where it is being changed: `too-busy`',
  },
  {
    verb: VERBS.instanceLog,
    ...toKinds,
    senders: ['gateway'],
    body: 'InstanceLogQuery',
    answer: 'InstanceLogPart',
    description: 'Tells a part of what an instance itself has written; where to go on is the asker’s to remember',
  },
  {
    verb: VERBS.credentials,
    ...toKinds,
    senders: ['gateway'],
    body: 'CredentialsQuery',
    answer: 'SealedCredentials',
    description:
      'Tells what opens a resource and what it is wired to, sealed for the one who asks; that it was read is recorded first',
  },
  {
    verb: VERBS.rotate,
    ...toKinds,
    senders: ['gateway', ...RESOURCE_KINDS],
    body: 'RotateCommand',
    answer: 'Rotation',
    description:
      'Makes the secrets of a resource anew, and those of what was made for it; answered once it is recorded. The same rotation again: what has become of it',
  },
  {
    verb: VERBS.listHandlers,
    ...toHandlers,
    body: 'HandlersQuery',
    answer: 'HandlerList',
    description: 'Tells how all handlers are, or one, and what they have parked',
  },
  {
    verb: VERBS.retryParked,
    ...toHandlers,
    body: 'RetryParkedCommand',
    answer: 'Accepted',
    description: 'Lets a handler try a parked event again. `requestId` of the answer is the correlation id of the call',
  },
  {
    verb: VERBS.discardParked,
    ...toHandlers,
    body: 'DiscardParkedCommand',
    answer: 'Accepted',
    description: 'Ends a parked event unhandled, with a reason; answered as above',
  },
  {
    verb: VERBS.storeContent,
    ...toResolver,
    body: 'StoreContentCommand',
    answer: 'ContentRecorded',
    description:
      'Checks a content package as a whole and takes it into the layer `dynamic`; answered once it is recorded. The same content again changes nothing',
  },
  {
    verb: VERBS.removeContent,
    ...toResolver,
    body: 'RemoveContentCommand',
    answer: 'ContentRecorded',
    description: 'Takes a content package out of the layer `dynamic`; answered once it is recorded',
  },
  {
    verb: VERBS.content,
    ...toResolver,
    body: 'ContentQuery',
    answer: 'ContentList',
    description: 'Tells which content packages are in force, what is not and why, and how other repositories are',
  },
  {
    verb: VERBS.packContent,
    ...toResolver,
    body: 'ContentQuery',
    answer: 'PackedContent',
    description: 'Puts a content package that is in force into a blob, as it can be uploaded elsewhere',
  },
  {
    verb: VERBS.definition,
    ...toResolver,
    body: 'DefinitionQuery',
    answer: 'DefinitionView',
    description: 'Tells a definition, where it stands, and what it overrides',
  },
  {
    verb: VERBS.refreshContent,
    ...toResolver,
    body: 'RefreshContentCommand',
    answer: 'ContentRefreshed',
    description: 'Asks other repositories what they have, all or one of them; answered once what has changed is recorded',
  },
  {
    verb: VERBS.definitions,
    ...toResolver,
    body: 'DefinitionsQuery',
    answer: 'DefinitionList',
    description: 'Tells which definitions are in force, all, of one name or of one layer, a page at once',
  },
  {
    verb: VERBS.writeDefinition,
    ...toResolver,
    body: 'WriteDefinitionCommand',
    answer: 'DefinitionRecorded',
    description: 'Checks a definition and takes it into the layer `writable`, or changes it there; answered once it is recorded',
  },
  {
    verb: VERBS.deleteDefinition,
    ...toResolver,
    body: 'DeleteDefinitionCommand',
    answer: 'DefinitionRecorded',
    description: 'Takes a definition out of the layer `writable`; answered once it is recorded',
  },
  {
    verb: VERBS.capabilities,
    ...toResolver,
    body: 'CapabilitiesQuery',
    answer: 'CapabilityList',
    description: 'Tells what the definitions in force offer, all or in one namespace, or what a filter matches, a page at once',
  },
  ...ALLOCATION_MESSAGES,
  {
    verb: VERBS.health,
    ...health,
    handlers: ['orchestrator', 'resolver', 'handlers', 'allocator'],
    description: 'Tells how a replica is',
  },
  { verb: VERBS.health, ...health, handlers: RESOURCE_KINDS, description: 'Tells how a replica is at a location' },
];

const told: readonly ToldMessage[] = [
  {
    subject: 'slipway.<mesh>.progress.<requestId>',
    body: 'StepProgress',
    senders: RESOURCE_KINDS,
    handlers: ['gateway'],
    description: 'Progress of running steps: told and forgotten',
  },
  {
    subject: 'slipway.<mesh>.<service>.<location>.cancelling',
    body: 'StepCancelCommand',
    senders: RESOURCE_KINDS,
    handlers: RESOURCE_KINDS,
    description: 'A step is to end: for every replica of its place, whichever of them works on it',
  },
  {
    subject: 'slipway.<mesh>.calls.<callId>',
    body: 'NumberedCallLines',
    senders: ['allocator'],
    handlers: ['gateway'],
    description:
      'What a call on a leased resource says while it goes on, many lines at once, and a sign of life every five seconds',
  },
  {
    subject: 'slipway.<mesh>.calls.<callId>.taken',
    body: 'CallTaken',
    senders: ['gateway'],
    handlers: ['allocator'],
    description: 'How many lines of a call were handed on: who tells more waits for it. Said again every five seconds',
  },
  {
    subject: 'slipway.<mesh>.allocator.cancelling',
    body: 'CancelCallCommand',
    senders: ['allocator'],
    handlers: ['allocator'],
    description: 'A call is to end: for every replica, whichever of them carries it out',
  },
  {
    subject: 'slipway.<mesh>.alive.<service>.<replica>',
    body: 'HealthReport',
    senders: SERVICES,
    handlers: ['gateway', 'orchestrator', 'handlers', 'allocator', ...RESOURCE_KINDS],
    description: 'A replica’s sign of life, every two seconds: how it is, what it provides and where',
  },
  {
    subject: 'slipway.<mesh>.metrics',
    body: 'MetricsQuery',
    senders: ['gateway'],
    handlers: SERVICES,
    description: 'Asks every process but the asker for its figures',
  },
  {
    subject: 'slipway.<mesh>.metrics.<id>',
    body: 'MetricsText',
    senders: SERVICES,
    handlers: ['gateway'],
    description: 'Figures of a process (Prometheus), for the one who asked with that id',
  },
  {
    subject: 'slipway.<mesh>.events.<category>.<event>',
    body: 'EventView',
    senders: ['orchestrator'],
    handlers: [],
    description: 'What was recorded, in JetStream: see [events](events.md#on-nats)',
  },
  {
    subject: 'slipway.<mesh>.dfe.<completion>',
    body: 'Completion',
    senders: ['orchestrator'],
    handlers: [],
    description: 'What was completed, in JetStream: see [completions](events.md#completions)',
  },
];

/** All that goes over NATS between services: the one table that the reference and `asyncapi.yaml` are made from. */
export const MESSAGES = { asked, told } as const;
