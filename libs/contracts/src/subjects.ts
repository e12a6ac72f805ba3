import type { Category, ServiceName } from './services.js';

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
export const eventSubject = (mesh: string, category: Category, type: string): string => {
  const bare = type.toLowerCase().startsWith(category) && type.length > category.length ? type.slice(category.length) : type;
  const event = bare.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '-').toLowerCase();
  return `slipway.${mesh}.events.${category}.${event}`;
};

/** Progress of running steps, told and forgotten: `slipway.<mesh>.progress.<requestId>`. */
export const progressSubject = (mesh: string, requestId: string): string => `slipway.${mesh}.progress.${requestId}`;

/** A replica's sign of life: `slipway.<mesh>.alive.<service>.<replica>`, every two seconds. */
export const aliveSubject = (mesh: string, service: ServiceName, replica: string): string =>
  `slipway.${mesh}.alive.${service}.${replica}`;

/** Where a process's figures are asked for (`{id, from}`), and, with the ask's id, where each process tells them (`{text}`). */
export const metricsSubject = (mesh: string, id?: string): string => `slipway.${mesh}.metrics${id === undefined ? '' : `.${id}`}`;

/** Verbs of each service. One that is not listed is not handled. */
export const VERBS = {
  /** body: AcceptCommand → Accepted. */
  accept: 'accept',
  /** body: PlanQuery → Plan. */
  plan: 'plan',
  /** body: ControlCommand {requestId, reason?} → Accepted. */
  cancel: 'cancel',
  retry: 'retry',
  abandon: 'abandon',
  pause: 'pause',
  resume: 'resume',
  /** body: DispatchCommand {environment, reason?} → Accepted. */
  pauseDispatch: 'pause-dispatch',
  resumeDispatch: 'resume-dispatch',
  /** body: EnsureCommand | DestroyCommand → StepAccepted. */
  ensure: 'ensure',
  destroy: 'destroy',
  /** body: InspectQuery → InspectAnswer. */
  inspect: 'inspect',
  /** body: StepCancelCommand → {cancelled}. */
  cancelStep: 'cancel-step',
  /** body: StepLogQuery → StepLog (the log of a step that is still running). */
  log: 'log',
  /** → HealthReport, asked by the gateway's readiness. */
  health: 'health',
} as const;
