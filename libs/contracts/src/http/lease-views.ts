import type { LeaseEnd, LeaseStatus, LeasedResourceStatus } from '../allocation.js';
import type { Instant } from '../clock.js';
import type { Actor, Owner } from '../context.js';
import type { JsonObject } from '../json.js';
import type { LeaseStanding } from '../leases.js';

/** A claim on a resource, as the log knows it. */
export interface LeaseView {
  /** `<environment>.lease-<number>`. */
  id: string;
  environment: string;
  type: string;
  status: LeaseStatus;
  owner: Owner;
  /** Who asked for it. */
  actor: Actor;
  attributes: JsonObject;
  filter?: string;
  /** Of these only. */
  blueprint?: string;
  /** This resource only. */
  wantedResourceId?: string;
  /** How much of the resource's capacity. */
  amount: number;
  /** Locks on the resource that nobody else has meanwhile. */
  slots: string[];
  priority: number;
  /** Whether another resource is looked for when the one that it has breaks. */
  replace: boolean;
  /** The resource that it has. */
  resourceId?: string;
  /** Of the acquisition that counts: what is called through the lease is called with it. */
  token?: number;
  /** When it is over. */
  until?: Instant;
  /** It is never renewed beyond this. */
  latest?: Instant;
  waitUntil?: Instant;
  /** The request that holds it. */
  requestId?: string;
  /** The resource that holds it. */
  holderId?: string;
  /** Why it is broken, or waits again. */
  reason?: string;
  end?: { because: LeaseEnd; at: Instant; reason?: string; by?: Actor };
  /** It could not be taken back so far. */
  irrevocable?: { reason: string; tries: number; retryAt: Instant };
  /** An operator has said that it is over, whatever was left of it. */
  forced?: { by: Actor; reason: string };
  /** When it was asked for. */
  createdAt: Instant;
  acquiredAt?: Instant;
  activeAt?: Instant;
  updatedAt: Instant;
  /** Of one alone that is not active yet: how it is right now, unless the allocator is away. */
  standing?: Omit<LeaseStanding, 'leaseId' | 'token' | 'resourceId'>;
  /** Log position of its newest event. */
  position: string;
}

/** Something that is leased, as the log knows it. */
export interface LeasedResourceView {
  /** `<environment>.<type>-<number>`. */
  id: string;
  environment: string;
  type: string;
  name: string;
  status: LeasedResourceStatus;
  blueprint: string;
  /** Entered by hand: never made or destroyed by the allocator. */
  manual: boolean;
  location: string;
  owner?: Owner;
  attributes: JsonObject;
  /** Its blueprint has not brought it to these attributes yet. */
  behind?: true;
  /** How much of it can be leased at once. */
  capacity: number;
  /** How much of it is leased. */
  load: number;
  /** Its locks, and the lease that has each. */
  slots: { name: string; leaseId: string }[];
  /** Leases that it holds itself, by role. */
  needs: Record<string, string>;
  /** What its blueprint reaches it by. */
  outputs?: JsonObject;
  /** Why it is what it is. */
  reason?: string;
  /** It could not be brought to its attributes, or not be destroyed, so far. */
  stuck?: { what: 'update' | 'destroy'; reason: string; tries: number; retryAt: Instant };
  /** Leases that went elsewhere when it broke: what they had on it was not taken back yet. */
  remains?: { leaseId: string; token: number; owner: Owner }[];
  /** An operator has said that it is gone, whatever was left of it. */
  forced?: { by: Actor; reason: string };
  createdAt: Instant;
  updatedAt: Instant;
  position: string;
}

/** Most leases that an owner may have at once. */
export interface QuotaView {
  /** `<environment>.<owner type>/<owner id>.<type>`, `*` for all types. */
  id: string;
  environment: string;
  owner: Owner;
  /** Of this type; of all types together when left out. */
  type?: string;
  most: number;
  /** Who said so, and when. */
  actor: Actor;
  setAt: Instant;
  position: string;
}
