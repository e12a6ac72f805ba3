import type { Owner } from '../context.js';
import type { Cause } from '../errors.js';
import type { DesiredState } from '../desired.js';
import type { JsonObject } from '../json.js';
import type { DefinitionRef, Part, StepAction } from '../plan.js';
import type { BlobRef } from '../steps.js';
import type { ResourceKind } from '../services.js';

/** Health of something that runs. */
export const HEALTHS = ['starting', 'healthy', 'unhealthy', 'stopped', 'unknown'] as const;
export type Health = (typeof HEALTHS)[number];

interface Outcome {
  requestId: string;
  stepId: string;
  try: number;
  generation: number;
  epoch: number;
  log?: BlobRef;
}

/**
 * What is recorded on `storage-…`, `database-…` and `instance-…`; the type in the log carries the kind in front:
 * `StorageStarted`, `DatabaseProvisioned`, `InstanceHealthChanged` (see {@link resourceEventType}).
 * Owner: the sub-provisioner of that kind.
 */
export type ResourceEvent =
  | {
      type: 'Started';
      data: Outcome & {
        action: StepAction;
        replica: string;
        location: string;
        driver: string;
        definition: DefinitionRef;
        spec: JsonObject;
        inputs: Record<string, JsonObject>;
        from?: Part;
        deadline: number;
        owner?: Owner;
        shared?: true;
      };
    }
  /** Another replica carries on, or the same one after a restart: what the older epoch still does is void. */
  | { type: 'TakenOver'; data: { generation: number; epoch: number; replica: string } }
  /** `stopped`: it had been stopped before the request did so too, and stays so. */
  | {
      type: 'Provisioned';
      data: Outcome & { effect: 'made' | 'found'; outputs: JsonObject; observed: JsonObject; stopped?: true };
    }
  | { type: 'Failed'; data: Outcome & { action: StepAction; cause: Cause } }
  /** What ran of it has ended; it stays so until it is ensured again. */
  | { type: 'Stopped'; data: Outcome }
  /** All its data were read out. */
  | { type: 'Exported'; data: Outcome & { part: Part } }
  /** What is there is now as this step was to make it, under the same generation. */
  | { type: 'Updated'; data: Outcome & { outputs: JsonObject; observed: JsonObject } }
  /** Somebody has taken what was found at the place into the log, as what is there from now on; nothing at the place was changed. */
  | { type: 'Adopted'; data: { generation: number; observed: JsonObject; reason?: string } }
  | { type: 'Destroyed'; data: Outcome & { effect: 'destroyed' | 'absent' } }
  | { type: 'HealthChanged'; data: { generation: number; from: Health; to: Health; reason: string } }
  /** It ended by itself and was started again. */
  | { type: 'Restarted'; data: { generation: number; restarts: number; reason: string } }
  /** Somebody was given its secrets, and those of what it is wired to. Which ones, by reference. */
  | { type: 'CredentialsRead'; data: { generation: number; secrets: string[] } }
  /** Its secrets are made anew from now on, and before them those of `owned`, by their keys. */
  | { type: 'RotationStarted'; data: { generation: number; rotation: string; owned?: string[] } }
  /** They are, and what it gives out and is given refers to the new ones. */
  | {
      type: 'CredentialsRotated';
      data: { generation: number; rotation: string; outputs: JsonObject; inputs: Record<string, JsonObject> };
    }
  | { type: 'RotationFailed'; data: { generation: number; rotation: string; cause: Cause } }
  /** Somebody wants it to run or not to run from now on. `restart`: stopped only to be started again. */
  | { type: 'DesiredStateChanged'; data: { generation: number; desired: DesiredState; restart?: true; reason?: string } };

/** `storage` and `Started` → `StorageStarted`. */
export const resourceEventType = (kind: ResourceKind, type: ResourceEvent['type']): string =>
  `${kind[0]!.toUpperCase()}${kind.slice(1)}${type}`;

/** `StorageStarted` → `Started`; the inverse of {@link resourceEventType}. */
export const bareResourceEventType = (kind: ResourceKind, type: string): ResourceEvent['type'] =>
  type.slice(kind.length) as ResourceEvent['type'];
