import { canonicalJson, type JsonObject, type LeasedResourceStatus, type Owner, type ResourceFacts } from '@slipway/contracts';
import type { PersistentMap } from '@slipway/event-store';

/** Something that is leased. */
export interface Resource extends ResourceFacts {
  id: string;
  status: LeasedResourceStatus;
  at: number;
  /** What its blueprint reaches it by; none while it is being made. */
  outputs?: JsonObject;
  /** When it first took leases: before that nobody can have been given anything on it. */
  openedAt?: number;
  /** How much of its capacity is leased. */
  load: number;
  /** Ids of the leases on it. */
  leases: PersistentMap<true>;
  /** Locks on it, and the lease that has each. */
  slots: PersistentMap<string>;
  /** Leases that it holds itself, by role. */
  needs: Readonly<Record<string, string>>;
  /** Since when nobody has it. */
  idleSince: number;
  /** Its blueprint is still to bring it to its attributes. */
  behind?: true;
  /** Of one that is idle: the greater, the later it became so. */
  idle?: number;
  /** It is not to take leases any more, whatever becomes of it. */
  isDrained?: true;
  /** What leases had on it that went elsewhere when it broke: to be taken back before it is opened again. */
  remains?: readonly Remains[];
  /** It could not be brought to its attributes, or not be destroyed, so far. */
  stuck?: { what: 'update' | 'destroy'; reason: string; tries: number; retryAt: number };
  /** Why it is what it is. */
  reason?: string;
}

/** What an acquisition has left on a resource, as its blueprint takes it back. */
export interface Remains {
  leaseId: string;
  token: number;
  owner: Owner;
  amount: number;
  slots: readonly string[];
  attributes: JsonObject;
}

/** Whether it can be leased, now or as soon as it is made. */
export const takesLeases = ({ status }: Pick<Resource, 'status'>): boolean => status === 'open' || status === 'pending';

/** Whether the allocator made it and nobody has it. */
export const isIdle = ({ manual, status, leases }: Resource): boolean => !manual && status === 'open' && leases.size === 0;

/** The same for resources that are alike. */
export const kindOf = ({ type, capacity, attributes }: Pick<Resource, 'type' | 'capacity' | 'attributes'>): string =>
  canonicalJson([type, capacity, attributes]);
