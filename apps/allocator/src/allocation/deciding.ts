import { SlipwayError, type AllocationEvent } from '@slipway/contracts';
import type { BlueprintCatalogue, BlueprintDeclaration } from '../blueprint/declaration.js';
import type { Lease } from '../lease/lease.js';
import type { Resource } from '../resource/resource.js';
import { evolve } from './evolve.js';
import { isOfAnother, partsOf, type AllocationState } from './state.js';

/**
 * Events after which a decision comes to its end, and leaves what is left to the next one: it is one append, which has a bound, and what is more
 * than that could never be recorded. A few may follow the last of these.
 */
export const MOST_EVENTS = 200;

/** A decision as it grows: each event counts for what is decided after it. */
export class Deciding {
  readonly events: AllocationEvent[] = [];

  constructor(
    public state: AllocationState,
    readonly catalogue: BlueprintCatalogue,
    readonly now: number,
    /** By which it is told what is tried again now. */
    readonly running = now,
  ) {}

  record(...events: AllocationEvent[]): void {
    this.events.push(...events);
    this.state = events.reduce(evolve, this.state);
  }

  /** Whether what is left is for the next decision. */
  get isLong(): boolean {
    return this.events.length >= MOST_EVENTS;
  }

  /**
   * `null` for one that is over, and of which nothing is left. Throws `not-found` for one that never was; a number that a resource had which is
   * gone cannot be told from that of a lease any more.
   */
  lease(leaseId: string): Lease | null {
    const lease = this.state.leases.get(leaseId);
    if (lease) return lease;
    if (this.#wasThere(leaseId, 'lease')) return null;
    throw new SlipwayError('not-found', `There is no lease ${leaseId}`, { leaseId });
  }

  /** `null` for one that is destroyed. Throws `not-found` for one that never was. */
  resource(resourceId: string): Resource | null {
    const resource = this.state.resources.get(resourceId);
    if (resource) return resource;
    if (this.#wasThere(resourceId)) return null;
    throw new SlipwayError('not-found', `There is no resource ${resourceId}`, { resourceId });
  }

  /** Throws `no-blueprint`. */
  blueprint(name: string): BlueprintDeclaration {
    const declared = this.catalogue.get(name);
    if (declared) return declared;
    throw new SlipwayError('no-blueprint', `There is no blueprint ${name}; there are ${[...this.catalogue.keys()].join(', ')}`, {
      name,
    });
  }

  #wasThere(id: string, what?: string): boolean {
    const parts = partsOf(id);
    if (parts === null || parts.environment !== this.state.environment || parts.number > this.state.lastNumber) return false;
    if (what !== undefined && !id.startsWith(`${parts.environment}.${what}-`)) return false;
    return !isOfAnother(this.state, this.catalogue, id);
  }
}
