import type { Category, ResourceKind, ServiceName } from './services.js';

/**
 * The subject of a command or query to a service: `slipway.<mesh>.<service>.<location>.<verb>`, or without location for
 * services whose work has no place (orchestrator, resolver). Queue group: `<service>` or `<service>.<location>`.
 */
export const subject = (mesh: string, service: ServiceName, verb: string, location?: string): string =>
  ['slipway', mesh, service, ...(location ? [location] : []), verb].join('.');

/**
 * Where the relay publishes what was recorded: `slipway.<mesh>.events.<category>.<event>` (JetStream). The event's name is
 * its type in kebab-case without the category: `request.succeeded` (RequestSucceeded), `request.step-undone` (StepUndone).
 */
export const eventSubject = (mesh: string, category: Category, type: string) => {
  const bare = type.toLowerCase().startsWith(category) && type.length > category.length ? type.slice(category.length) : type;
  const event = bare.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase();
  return `slipway.${mesh}.events.${category}.${event}` as const;
};

/** Progress of running steps, told and forgotten: `slipway.<mesh>.progress.<requestId>`. */
export const progressSubject = (mesh: string, requestId: string) => `slipway.${mesh}.progress.${requestId}` as const;

/** Where every replica of a place hears that a step is to end: `slipway.<mesh>.<kind>.<location>.cancelling`. */
export const cancellingSubject = (mesh: string, kind: ResourceKind, location: string) =>
  `slipway.${mesh}.${kind}.${location}.cancelling` as const;

/** What a call on a leased resource says while it goes on: `slipway.<mesh>.calls.<callId>`. */
export const callSubject = (mesh: string, callId: string) => `slipway.${mesh}.calls.${callId}` as const;

/** Where who tells a call hears how much of it was taken: `slipway.<mesh>.calls.<callId>.taken`. */
export const callTakenSubject = (mesh: string, callId: string) => `slipway.${mesh}.calls.${callId}.taken` as const;

/** Where every allocator hears that a call is to end: `slipway.<mesh>.allocator.cancelling`. */
export const callCancellingSubject = (mesh: string) => `slipway.${mesh}.allocator.cancelling` as const;

/** A replica's sign of life: `slipway.<mesh>.alive.<service>.<replica>`, every two seconds. */
export const aliveSubject = (mesh: string, service: ServiceName | '*', replica: string) =>
  `slipway.${mesh}.alive.${service}.${replica}` as const;

/** Where a process's figures are asked for (`{id, from}`), and, with the ask's id, where each process tells them (`{text}`). */
export function metricsSubject(mesh: string): `slipway.${string}.metrics`;
export function metricsSubject(mesh: string, id: string): `slipway.${string}.metrics.${string}`;
export function metricsSubject(mesh: string, id?: string): string {
  return `slipway.${mesh}.metrics${id === undefined ? '' : `.${id}`}`;
}

/** What a service can be asked. Who asks whom, with which body and answer: `MESSAGES`. */
export const VERBS = {
  accept: 'accept',
  plan: 'plan',
  offerings: 'offerings',
  extend: 'extend',
  cancel: 'cancel',
  retry: 'retry',
  abandon: 'abandon',
  pause: 'pause',
  resume: 'resume',
  pauseDispatch: 'pause-dispatch',
  resumeDispatch: 'resume-dispatch',
  receiveSnapshot: 'receive-snapshot',
  deleteSnapshot: 'delete-snapshot',
  ensure: 'ensure',
  destroy: 'destroy',
  stop: 'stop',
  export: 'export',
  update: 'update',
  inspect: 'inspect',
  compare: 'compare',
  strays: 'strays',
  adopt: 'adopt',
  drift: 'drift',
  cancelStep: 'cancel-step',
  log: 'log',
  setDesired: 'set-desired',
  credentials: 'credentials',
  rotate: 'rotate',
  instanceLog: 'instance-log',
  listHandlers: 'list-handlers',
  retryParked: 'retry-parked',
  discardParked: 'discard-parked',
  storeContent: 'store-content',
  removeContent: 'remove-content',
  content: 'content',
  packContent: 'pack-content',
  refreshContent: 'refresh-content',
  definition: 'definition',
  definitions: 'definitions',
  writeDefinition: 'write-definition',
  deleteDefinition: 'delete-definition',
  capabilities: 'capabilities',
  askLease: 'ask-lease',
  renewLease: 'renew-lease',
  releaseLease: 'release-lease',
  reclaimLeases: 'reclaim-leases',
  forceLease: 'force-lease',
  leaseStanding: 'lease-standing',
  leaseOfKey: 'lease-of-key',
  leaseGives: 'lease-gives',
  enterResource: 'enter-resource',
  changeResource: 'change-resource',
  drainResource: 'drain-resource',
  forceResource: 'force-resource',
  blueprints: 'blueprints',
  changeBlueprint: 'change-blueprint',
  approveBlueprint: 'approve-blueprint',
  revokeBlueprint: 'revoke-blueprint',
  setQuota: 'set-quota',
  callInterface: 'call-interface',
  cancelCall: 'cancel-call',
  health: 'health',
} as const;
