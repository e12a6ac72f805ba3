import type { Actor, Owner } from '../context.js';
import type { Cause } from '../errors.js';
import type { JobKind } from '../job.js';
import type { JsonObject } from '../json.js';
import type { InstalledRef, Plan, StepAction, Unsatisfied, Wire } from '../plan.js';
import type { BlobRef } from '../steps.js';
import type { ResourceRef } from '../services.js';

/** Something that exists and that a person must look after: what it is, where it is, and why it is still there. */
export interface LeftBehind {
  resource: ResourceRef;
  generation: number;
  location: string;
  reason: string;
}

/**
 * What is recorded on `request-<id>`. Owner: orchestrator. The stream is all the memory that the process manager has.
 */
export type RequestEvent =
  | { type: 'RequestAccepted'; data: RequestAccepted }
  /** The claim's request never came; expects no stream, so a late acceptance loses. */
  | { type: 'RequestVoided'; data: { environment: string; name: string } }
  /** A plan too big for an event stands in `planBlob`. */
  | { type: 'PlanMade'; data: { plan?: Plan; planBlob?: BlobRef; planHash: string } }
  /** The environment has admitted the plan: from here on steps may start. */
  | { type: 'RequestAdmitted'; data: { planHash: string } }
  /** Why it does not go on, shown until it does: in the queue, no server for a location, log away. */
  | { type: 'RequestWaiting'; data: { reason: string; code: string } }
  | {
      type: 'StepRequested';
      data: {
        stepId: string;
        try: number;
        action: StepAction;
        undo: boolean;
        inputs: Record<string, JsonObject>;
        deadline: number;
      };
    }
  | { type: 'StepWaiting'; data: { stepId: string; try: number; code: string; reason: string } }
  | { type: 'StepSucceeded'; data: { stepId: string; try: number; outputs: JsonObject; log?: BlobRef } }
  /** A try failed; the next one starts at `at` (milliseconds since the epoch). */
  | {
      type: 'StepRetryScheduled';
      data: { stepId: string; try: number; nextTry: number; at: number; cause: Cause; log?: BlobRef };
    }
  /** The deadline passed without an outcome; cancel and inspect settle it before anything is undone. */
  | { type: 'StepUncertain'; data: { stepId: string; try: number } }
  /** Failed for good: no further try. */
  | { type: 'StepFailed'; data: { stepId: string; try: number; cause: Cause; log?: BlobRef } }
  | { type: 'UndoStarted'; data: { cause: Cause } }
  | { type: 'StepUndone'; data: { stepId: string; try: number; log?: BlobRef } }
  | { type: 'StepUndoFailed'; data: { stepId: string; try: number; cause: Cause; log?: BlobRef } }
  | { type: 'CancelRequested'; data: { actor: Actor; reason?: string } }
  | { type: 'RequestPaused'; data: { actor: Actor; reason?: string } }
  | { type: 'RequestResumed'; data: { actor: Actor } }
  /** A result too big for an event stands in `resultBlob`, and the lists are empty. */
  | {
      type: 'RequestSucceeded';
      data: {
        alreadySatisfied: InstalledRef[];
        installed: InstalledRef[];
        removed: InstalledRef[];
        /** What is there still and was changed. */
        updated?: InstalledRef[];
        wires: Wire[];
        /** Id of the snapshot that an export has made. */
        snapshot?: string;
        resultBlob?: BlobRef;
      };
    }
  | { type: 'RequestUnsatisfied'; data: { unsatisfied: Unsatisfied[] } }
  | { type: 'RequestFailed'; data: { cause: Cause } }
  | { type: 'RequestCancelled'; data: { cause: Cause } }
  /** Undo failed for good, or what was made is kept by request: the name stays claimed until retry or abandon. */
  | { type: 'AttentionNeeded'; data: { cause: Cause; left: LeftBehind[] } }
  | { type: 'RequestRetried'; data: { actor: Actor; reason?: string } }
  | { type: 'RequestAbandoned'; data: { actor: Actor; reason: string; left: LeftBehind[] } };

export interface RequestAccepted {
  job: JobKind;
  environment: string;
  /** The instance's name. */
  name: string;
  owner: Owner;
  actor: Actor;
  /** The job as it was asked for. */
  body: JsonObject;
  /** {@link hashOf} the job and its body. */
  bodyHash: string;
  /** Higher goes first; 0 when not asked for. */
  priority: number;
  /** Milliseconds since the epoch before which it does not start. */
  notBefore?: number;
  keepOnFailure: boolean;
  /** Hash of the plan that is to be carried out exactly, as it was shown; left out where any will do. */
  exactly?: string;
  /** Milliseconds since the epoch until which the instance is wanted. */
  until?: number;
  /** Who provisions, and why just him; of a provision. */
  provisioner?: PickedProvisioner;
}

/** Who named the provisioner: the request itself, its guest location, or nobody but the configuration's default. */
export const PICKED_BY = ['request', 'guestLocation', 'default'] as const;

/** A provisioner, as it was picked for a request. */
export interface PickedProvisioner {
  name: string;
  by: (typeof PICKED_BY)[number];
}
