import type { BlueprintLimits, LeaseAsk, LeaseStatus } from './allocation.js';
import type { Owner } from './context.js';
import type { Json, JsonObject } from './json.js';

/** Body of `allocator.ask-lease`. Who asks comes in the headers. Times are ISO 8601, with a zone. */
export interface AskLeaseCommand extends Partial<
  Pick<
    LeaseAsk,
    'attributes' | 'filter' | 'blueprint' | 'resourceId' | 'amount' | 'slots' | 'priority' | 'endless' | 'replace' | 'requestId'
  >
> {
  environment: string;
  type: string;
  owner: Owner;
  /** When it is over; as long as it may last when left out. */
  until?: string;
  /** How long he waits for it. */
  waitUntil?: string;
  /** Whether he waits where nothing is free now. */
  wait: boolean;
  /** `Idempotency-Key`: the same key of the same actor again is answered with the same lease, whatever times it says now. */
  key: string;
}

/** Answer to what is done with one lease. */
export interface LeaseRecorded {
  leaseId: string;
  /** Log position of the newest event of its environment's leases. */
  position: string;
  /** Nothing needed to be recorded. */
  repeated?: boolean;
}

/** Body of `allocator.renew-lease`. */
export interface RenewLeaseCommand {
  leaseId: string;
  until: string;
}

/** Body of `allocator.release-lease`. */
export interface ReleaseLeaseCommand {
  leaseId: string;
  reason?: string;
}

/** Body of `allocator.reclaim-leases`: one lease, or all that everything holds of which is said. */
export interface ReclaimLeasesCommand {
  environment: string;
  leaseId?: string;
  owner?: Owner;
  attributes?: JsonObject;
  reason: string;
}

/** Answer to {@link ReclaimLeasesCommand}. */
export interface LeasesReclaimed {
  /** Those that were ended now. */
  leaseIds: string[];
  position: string;
}

/** Body of `allocator.force-lease`: it is over, whatever is left of it. */
export interface ForceLeaseCommand {
  leaseId: string;
  reason: string;
}

/** Body of `allocator.lease-standing`. */
export interface LeaseStandingQuery {
  leaseId: string;
}

/** Body of `allocator.lease-of-key`: the lease that who asks this has asked for with that key. Answered with its {@link LeaseStanding}. */
export interface LeaseOfKeyQuery {
  environment: string;
  key: string;
}

/** Body of `allocator.lease-gives`. */
export interface LeaseGivesQuery {
  leaseId: string;
  /** Of the acquisition that is meant. */
  token: number;
}

/** What whoever stands on a lease works with. */
export interface LeaseGives {
  /** Secrets as `secret://…` only. Of a host: `host`, by which others reach what listens there, and `place`, a {@link LeasedPlace}. */
  outputs: JsonObject;
}

/** Where on a host the holder of a lease has his programs and files, and how they are reached; on the allocator's own machine where nothing is said of it. */
export interface LeasedPlace {
  /** Absolute; the lease's own: what is in it, and what runs from it, ends with the lease. */
  folder: string;
  /**
   * `hostKey`: `ssh-ed25519 SHA256:…`. The private key is a file of the allocator's machine, or a secret (`secret://…`): as such a file has it, or
   * the seed of one of Ed25519 in base64url.
   */
  ssh?: { address: string; port: number; user: string; hostKey: string } & ({ keyFile: string } | { key: string });
  /**
   * A container of a Docker engine (`unix:///…`, `tcp://…`). `certificates`: folder of the allocator's machine with `ca.pem`, `cert.pem` and `key.pem`, where that engine asks for them.
   */
  docker?: { engine: string; container: string; certificates?: string };
}

/** How a lease is, right now. */
export interface LeaseStanding {
  leaseId: string;
  status: LeaseStatus;
  /** Of one that waits: how many come before it among those that wait for the type, and itself. */
  place?: number;
  /** What it waits for, by blueprint; why it is broken; what could not be taken back. */
  reasons: string[];
  /** When it may become active, as far as that can be told: when the next one ends that it waits for (ISO 8601). */
  estimate?: string;
  /** Of the acquisition that counts now. */
  token?: number;
  resourceId?: string;
}

/** Body of `allocator.enter-resource`: it is there, and is never made or destroyed by the allocator. */
export interface EnterResourceCommand {
  environment: string;
  name: string;
  blueprint: string;
  attributes?: JsonObject;
  /** The blueprint's when left out, as `location`. */
  capacity?: number;
  location?: string;
  owner?: Owner;
}

/** Body of `allocator.change-resource`. What is left out stays. */
export interface ChangeResourceCommand {
  resourceId: string;
  attributes?: JsonObject;
  capacity?: number;
}

/** Body of `allocator.drain-resource`: it takes no leases any more, and goes once nobody has it. */
export interface DrainResourceCommand {
  resourceId: string;
  reason: string;
}

/** Body of `allocator.force-resource`: it is gone, whatever is left of it. */
export interface ForceResourceCommand {
  resourceId: string;
  reason: string;
}

/** Answer to what is done with one leased resource. */
export interface LeasedResourceRecorded {
  resourceId: string;
  position: string;
  repeated?: boolean;
}

/** Body of `allocator.blueprints`. */
export interface BlueprintsQuery {
  environment: string;
  /** All when left out. */
  name?: string;
}

export interface BlueprintList {
  items: BlueprintView[];
}

/** A blueprint, as it stands in an environment. */
export interface BlueprintView {
  name: string;
  /** Of the resources that it makes. */
  type: string;
  location: string;
  can: string[];
  interfaces: string[];
  /** Values that an attribute can have, by its name. */
  attributes: JsonObject;
  capacity: number;
  placing: 'spread' | 'pack';
  limits: BlueprintLimits;
  /** Leases that each resource holds itself, by role. */
  needs: JsonObject;
  /** Resources that it made and that are not destroyed; of these, how many are being made. */
  made: number;
  making: number;
  /** Of what it could not make the last times what is tried again last: how often it failed, why, and when it is tried (ISO 8601). */
  failed?: { failures: number; reason: string; retryAt: string };
  /** Owners that may use it, `<type>/<id>`. */
  approved: string[];
  /** Who may approve who uses it, beside operators. */
  owner?: Owner;
}

/** Body of `allocator.change-blueprint`. What is left out stays. */
export interface ChangeBlueprintCommand {
  environment: string;
  name: string;
  limits: Partial<BlueprintLimits>;
}

/** Body of `allocator.approve-blueprint` and `allocator.revoke-blueprint`: an owner may use it, or may no more. */
export interface ApproveBlueprintCommand {
  environment: string;
  name: string;
  owner: Owner;
  reason?: string;
}

/** Answer to what is done with a blueprint. */
export interface BlueprintRecorded {
  name: string;
  position: string;
  repeated?: boolean;
}

/** Body of `allocator.set-quota`: most leases that an owner may have at once, of a type or in all; `null`: as many as he likes. */
export interface SetQuotaCommand {
  environment: string;
  owner: Owner;
  leaseType?: string;
  most: number | null;
}

/** Answer to {@link SetQuotaCommand}. */
export interface QuotaRecorded {
  position: string;
}

/** Body of `allocator.call-interface`: one method of an interface of a lease that is active. */
export interface CallInterfaceCommand {
  leaseId: string;
  /** Of the acquisition that is meant: what was acquired anew in the meantime is not called. */
  token: number;
  interface: string;
  method: string;
  /** At most 256 KiB. */
  arguments: JsonObject;
  /** A UUID: what the call says on its way goes by it, it is ended by it, and it holds the blobs that are handed over. Made by who calls. */
  callId: string;
}

/** What a call of an interface comes to. */
export interface CallAnswer {
  /** At most 256 KiB. */
  result: Json;
}

/** Answer to {@link CallInterfaceCommand}, once the call has ended. */
export interface CallEnded extends CallAnswer {
  /** How many lines were told: whoever has heard fewer has lost some. */
  lines: number;
}

/** Body of `allocator.cancel-call`, and of what is told to all replicas then. */
export interface CancelCallCommand {
  callId: string;
}

/** Answer to {@link CancelCallCommand}. */
export interface CallCancelling {
  callId: string;
}

/** Lines of a call that goes on, or a sign of life (`from: 'alive'`, every 5 s, without a line). */
export interface CallLines {
  from: 'stdout' | 'stderr' | 'alive';
  lines: readonly string[];
}

/** The same on its way through the mesh, where messages may be lost. */
export interface NumberedCallLines extends CallLines {
  /** Of the first of them among all lines of its call: from 1 on, without a gap. */
  number: number;
}

/** What who hears a call has handed on: so many lines, or again as many every 5 s, as a sign of life. */
export interface CallTaken {
  lines: number;
}
