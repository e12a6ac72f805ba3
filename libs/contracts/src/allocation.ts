import type { Owner, Actor } from './context.js';
import type { JsonObject } from './json.js';

/**
 * Of a lease. `pending`: waits for a resource; `acquired`: has one, which is not ready; `active`: usable; `broken`: its resource broke;
 * `released`: over, and being taken back; `destroyed`: nothing of it is left.
 */
export const LEASE_STATUSES = ['pending', 'acquired', 'active', 'broken', 'released', 'destroyed'] as const;
export type LeaseStatus = (typeof LEASE_STATUSES)[number];

/**
 * Of a leased resource. `pending`: being made; `open`: takes leases; `draining`: takes none, those that are there go on; `broken`: does not
 * work; `closed`: being given back; `destroyed`: gone.
 */
export const LEASED_RESOURCE_STATUSES = ['pending', 'open', 'draining', 'broken', 'closed', 'destroyed'] as const;
export type LeasedResourceStatus = (typeof LEASED_RESOURCE_STATUSES)[number];

/**
 * Why a lease is over. `release`: its holder gave it back; `expired`: its time is over; `waited`: none was free within the time that he
 * would wait; `request-ended`: the request that held it did; `holder-gone`: so did the resource that held it; `reclaim`: an operator's.
 */
export const LEASE_ENDS = ['release', 'expired', 'waited', 'request-ended', 'holder-gone', 'broken', 'reclaim'] as const;
export type LeaseEnd = (typeof LEASE_ENDS)[number];

/** What somebody wants. */
export interface LeaseAsk {
  /** Of resource: `host`, `database`. */
  type: string;
  owner: Owner;
  actor: Actor;
  /** Values that the resource must have. */
  attributes: JsonObject;
  /** What else must hold of its attributes: a filter of OSGi Core, `(memory>=4)`. */
  filter?: string;
  /** Of these only; any that makes the type when left out. */
  blueprint?: string;
  /** This one only. */
  resourceId?: string;
  /** How much of the resource's capacity. */
  amount: number;
  /** Names of locks on the resource that nobody else may have meanwhile: `port/8080`. */
  slots: string[];
  /** The greater, the sooner. */
  priority: number;
  /** When it is over; as long after it was acquired as its blueprint lets it last when left out. */
  until?: number;
  /** Only of what may last as long as it is wanted. */
  endless?: true;
  /** It is never renewed beyond this. */
  latest?: number;
  /** How long he waits for it. */
  waitUntil?: number;
  /** Whether another resource is looked for when the one that it has breaks. */
  replace: boolean;
  /** The request that holds it. */
  requestId?: string;
  /** The resource that holds it. */
  holderId?: string;
  /** By which the same call is known when it comes again: SHA-256 of actor and key, and of what was asked for. */
  key?: { id: string; body: string };
}

/** What a leased resource is. */
export interface ResourceFacts {
  type: string;
  /** Unique among those of its environment that are not destroyed. */
  name: string;
  blueprint: string;
  manual: boolean;
  location: string;
  owner?: Owner;
  attributes: JsonObject;
  /** How much of it can be leased at once. */
  capacity: number;
}

/** What may be changed of a blueprint while it runs. */
export interface BlueprintLimits {
  /** Most resources of it that the allocator makes; 0: none. */
  resources: number;
  /** Resources without a lease that are kept ready. */
  warm: number;
  /** How long a further one without a lease stays, in seconds. */
  idleSeconds: number;
  /** Longest that a lease may last in all, in seconds from its acquisition; 0: as long as it is wanted. */
  leaseSeconds: number;
}
