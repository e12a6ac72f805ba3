import type { LeaseEnd, LeaseAsk, ResourceFacts, BlueprintLimits } from '../allocation.js';
import type { Actor, Owner } from '../context.js';
import type { JsonObject } from '../json.js';

/**
 * What is recorded on `allocation-<environment>`. Owner: allocator. All leases and leased resources of an environment stand on one stream, so
 * that whoever is granted something is granted it against all others at once (decision 43). Times are ms since the epoch.
 */
export type AllocationEvent =
  /** `at`: when it was asked for, by the allocator's own clock, as in all that follows. */
  | { type: 'LeaseRequested'; data: LeaseAsk & { leaseId: string; at: number } }
  /**
   * Reserved. `token` is greater than all that were given before it in the environment. `until`: when it is over from now on, `latest`: beyond
   * which it is not renewed, by the longest that its blueprint lets it last, from the first acquisition on.
   */
  | {
      type: 'LeaseAcquired';
      data: { leaseId: string; resourceId: string; token: number; until?: number; latest?: number; at: number };
    }
  /** Usable. */
  | { type: 'LeaseActivated'; data: { leaseId: string; at: number } }
  | { type: 'LeaseRenewed'; data: { leaseId: string; from: number; until: number; at: number; actor: Actor } }
  /**
   * Its resource broke, or was not made: it waits for another one, in its old place in the queue. `waitUntil`: for as long as its holder would
   * have waited at first.
   */
  | { type: 'LeaseRequeued'; data: { leaseId: string; reason: string; waitUntil?: number; at: number } }
  /** Its resource broke, and no other one was asked for. It is to be released. */
  | { type: 'LeaseBroken'; data: { leaseId: string; reason: string; at: number } }
  /** Nothing can be done with it any more; what it had is being taken back, and stays its own until then. */
  | { type: 'LeaseReleased'; data: { leaseId: string; because: LeaseEnd; reason?: string; actor?: Actor; at: number } }
  /** It could not be taken back: its place does not answer. It is tried again, and can be forced. */
  | { type: 'LeaseIrrevocable'; data: { leaseId: string; reason: string; tries: number; retryAt: number; at: number } }
  /** All of it was taken back. `forced`: an operator says so, whatever is left. */
  | { type: 'LeaseDestroyed'; data: { leaseId: string; forced?: { actor: Actor; reason: string }; at: number } }
  /** To be made by its blueprint. `needs`: leases that it holds itself, by role; they were granted in the same append. */
  | { type: 'ResourceRequested'; data: ResourceFacts & { resourceId: string; needs?: Record<string, string>; at: number } }
  /** Entered by hand: it is there, and is never made or destroyed by the allocator. */
  | { type: 'ResourceEntered'; data: ResourceFacts & { resourceId: string; actor: Actor; at: number } }
  /** It takes leases, for the first time or since it works again. `outputs`: what its blueprint needs to reach it; no secrets. */
  | { type: 'ResourceOpened'; data: { resourceId: string; outputs?: JsonObject; at: number } }
  | { type: 'ResourceChanged'; data: { resourceId: string; attributes: JsonObject; capacity: number; actor?: Actor; at: number } }
  /** Its blueprint has brought it to these attributes. `outputs`: those that it has now, in place of the former ones. */
  | { type: 'ResourceUpdated'; data: { resourceId: string; attributes: JsonObject; outputs?: JsonObject; at: number } }
  /** It could not be brought to its attributes, or not be destroyed, so far. It is tried again; what cannot be destroyed can be forced. */
  | {
      type: 'ResourceStuck';
      data: { resourceId: string; what: 'update' | 'destroy'; reason: string; tries: number; retryAt: number; at: number };
    }
  /** It could not be made. What is left of it is destroyed; the blueprint makes no other one before `retryAt`. */
  | { type: 'ResourceFailed'; data: { resourceId: string; reason: string; failures: number; retryAt: number; at: number } }
  | { type: 'ResourceBroken'; data: { resourceId: string; reason: string; at: number } }
  /** What leases had left on it that went elsewhere when it broke was taken back; it takes no leases any more, so it is not opened again. */
  | { type: 'ResourceCleared'; data: { resourceId: string; at: number } }
  /** It takes no leases any more; those that are there go on. What is broken stays so. */
  | { type: 'ResourceDraining'; data: { resourceId: string; reason: string; actor?: Actor; at: number } }
  /** Nobody has it, and it is being given back. */
  | { type: 'ResourceClosed'; data: { resourceId: string; reason: string; at: number } }
  /** Nothing of it is left. `forced`: an operator says so, whatever is left. */
  | { type: 'ResourceDestroyed'; data: { resourceId: string; forced?: { actor: Actor; reason: string }; at: number } }
  /** What of a blueprint's limits was changed while it runs. */
  | { type: 'BlueprintChanged'; data: { blueprint: string; limits: Partial<BlueprintLimits>; actor: Actor; at: number } }
  | { type: 'BlueprintApproved'; data: { blueprint: string; owner: Owner; actor: Actor; at: number } }
  | { type: 'BlueprintRevoked'; data: { blueprint: string; owner: Owner; actor: Actor; reason?: string; at: number } }
  /** Most leases of a type that an owner may have at once; of any type where none is named. `most` null: as many as he likes. */
  | { type: 'QuotaSet'; data: { owner: Owner; leaseType?: string; most: number | null; actor: Actor; at: number } };
