import type { Instant } from './clock.js';
import type { JobKind } from './job.js';
import { resourceEventType } from './events/resource.events.js';
import type { JsonObject } from './json.js';
import { RESOURCE_KINDS, type ResourceRef, type ServiceName } from './services.js';

/** What is told of something that was done, for who wants to know just that: after its success, never before. */
export interface Completion {
  /** Who did it. */
  service: ServiceName;
  /** The job in whose course it was done, as it was asked for. */
  request: { id: string; job: JobKind; body: JsonObject };
  resource: ResourceRef;
  /** When it was recorded. */
  at: Instant;
}

const OF_JOB: Partial<Record<JobKind, string>> = {
  provision: 'provisioned',
  deprovision: 'deprovisioned',
  import: 'imported',
  export: 'exported',
};

/** What it completes that a resource is there. */
const IS_THERE: Partial<Record<JobKind, string>> = { provision: 'provisioned', import: 'imported', update: 'provisioned' };

/**
 * The log's events that complete something, and its name below `slipway.<mesh>.dfe.`: the one table of both. That an
 * export brings up again what it has stopped completes nothing, and neither does what an update changes; what it makes and removes does.
 */
const COMPLETIONS: Readonly<Record<string, (job: JobKind) => string | undefined>> = {
  RequestSucceeded: (job) => OF_JOB[job],
  ...Object.fromEntries(
    RESOURCE_KINDS.flatMap((kind): [string, (job: JobKind) => string | undefined][] => [
      [resourceEventType(kind, 'Provisioned'), (job) => IS_THERE[job] && `${kind}.${IS_THERE[job]}`],
      [resourceEventType(kind, 'Exported'), () => `${kind}.exported`],
      [resourceEventType(kind, 'Destroyed'), () => `${kind}.deprovisioned`],
    ]),
  ),
};

/** Types of events that complete something. */
export const COMPLETING: readonly string[] = Object.keys(COMPLETIONS);

/** `provisioned`, `storage.deprovisioned`, ...: what an event of one of the types {@link COMPLETING} completes in a job, if anything. */
export const completionOf = (type: string, job: JobKind): string | undefined => COMPLETIONS[type]!(job);

/** Where a completion is published (JetStream): `slipway.<mesh>.dfe.storage.provisioned`. */
export const completionSubject = (mesh: string, completion: string) => `slipway.${mesh}.dfe.${completion}` as const;
