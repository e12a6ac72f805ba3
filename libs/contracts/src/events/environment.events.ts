import type { Actor, Owner } from '../context.js';
import type { JsonObject } from '../json.js';
import type { OfferedCapability } from '../capability.js';
import type { CapabilityRequirement, InstalledRef, Needed, PlanRead, Wire } from '../plan.js';
import type { BlobRef } from '../steps.js';
import type { JobKind } from '../job.js';

/** Something installed, with what others need to know to use or remove it. */
export interface Installed extends InstalledRef {
  location: string;
  guestLocation: string;
  /** Who provisioned it. Earlier releases recorded none. */
  provisioner?: string;
  driver: string;
  /** The instance it was made for; none for what is shared. */
  instanceId?: string;
  owner: Owner;
  spec: JsonObject;
  /** What held of all that was offered for it. */
  offerings?: JsonObject;
  /** Of what has the instance's own name: what its job needed beside the definition. Earlier releases recorded none. */
  requirements?: CapabilityRequirement[];
  /** What it offers beside its identity, and all that it needs, as it was resolved: content may say otherwise since. Earlier releases recorded none. */
  capabilities?: OfferedCapability[];
  needs?: Needed[];
  outputs: JsonObject;
  /** An update of it was given up half done, or half undone: it may be other than this says, until an update of it has succeeded. */
  uncertain?: true;
}

/**
 * What is recorded on `environment-<name>`. Owner: orchestrator. The only place where names are claimed and plans
 * admitted (decision 2).
 */
export type EnvironmentEvent =
  | {
      type: 'NameClaimed';
      /** `along`: the request works on another name, and its plan takes this instance away as well. `owner`: the name's own. */
      data: { kind: 'instance'; name: string; requestId: string; owner: Owner; job: JobKind; along?: true };
    }
  /** The claiming request has ended and nothing is left under the name. */
  | { type: 'NameReleased'; data: { name: string; requestId: string } }
  | {
      type: 'PlanAdmitted';
      data: {
        requestId: string;
        owner: Owner;
        planHash: string;
        reads: PlanRead[];
        writes: { key: string; generation: number }[];
      };
    }
  /** The plan has ended: what it installed and removed. `installedBlob` instead of `installed` when it is too big. */
  | {
      type: 'PlanSettled';
      data: {
        requestId: string;
        name: string;
        outcome: 'done' | 'undone' | 'abandoned';
        installed: Installed[];
        installedBlob?: BlobRef;
        removed: string[];
        wires: Wire[];
        /** Keys of what may be other than it was before, and than it was to be: it was given up before it was undone. */
        uncertain?: string[];
        /** Names of the instances that it took along: it holds none of them any more. */
        along?: string[];
      };
    }
  /** How long an instance is wanted: as the request said that made it, or found it there. `until`: ms since the epoch. */
  | { type: 'UntilSet'; data: { name: string; requestId: string; until: number } }
  | { type: 'UntilExtended'; data: { name: string; from: number; until: number; actor: Actor; reason?: string } }
  /** Its time is nearly over. */
  | { type: 'InstanceExpiring'; data: { name: string; until: number } }
  /** Its time is over: it is given back, by a request that this event causes. `requestId`: that set its time. */
  | { type: 'InstanceExpired'; data: { name: string; until: number; requestId: string } }
  | { type: 'DispatchPaused'; data: { actor: Actor; reason?: string } }
  | { type: 'DispatchResumed'; data: { actor: Actor } };

/** What is recorded on `partition-<n>`. Who works on which requests: only a matter of liveness (decision 9). */
export type PartitionEvent =
  | { type: 'PartitionClaimed'; data: { replica: string; epoch: number } }
  | { type: 'PartitionReleased'; data: { replica: string; epoch: number } };
