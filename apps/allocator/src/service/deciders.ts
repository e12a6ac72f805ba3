import { SlipwayError, badInput, isTime, type RequestContext } from '@slipway/contracts';
import type { EventMetadata, EventStore } from '@slipway/event-store';
import type { AllocationDecided, Allocations } from '../allocation/allocations.js';
import type { AllocationCommand } from '../allocation/commands.js';
import type { AllocationState } from '../allocation/state.js';
import type { BlueprintCatalogue } from '../blueprint/declaration.js';
import { holdingRequest } from '../lease/holding-request.js';
import type { Lease } from '../lease/lease.js';
import type { LeaseTime } from '../reconcile/lease-time.js';
import type { WorkTold } from './standing.js';

/** What a caller's time may be apart from that of the leases, in ms, before it is taken as a time from now. */
const APART_MS = 60_000;

/** Decides in the name of whoever calls. */
export class Deciders {
  constructor(
    private readonly ports: {
      allocations: Allocations;
      catalogue: BlueprintCatalogue;
      time: LeaseTime;
      /** What the wall clock says. */
      wall(): number;
      store: Pick<EventStore, 'head' | 'read'>;
      work: WorkTold;
    },
  ) {}

  get catalogue(): BlueprintCatalogue {
    return this.ports.catalogue;
  }

  get work(): WorkTold {
    return this.ports.work;
  }

  now(): number {
    return this.ports.time.now();
  }

  /** Whether its time is over, although that is not recorded yet. */
  isOver({ until }: Pick<Lease, 'until'>): boolean {
    return until !== undefined && until <= this.now() && this.ports.time.mayEnd();
  }

  head(): Promise<string> {
    return this.ports.store.head();
  }

  /** Throws `not-found`: a request that nobody accepted never ends, and would hold its leases for ever. */
  async assertRequest(requestId: string): Promise<void> {
    if (!(await holdingRequest(this.ports.store, requestId)))
      throw new SlipwayError('not-found', `There is no request ${requestId}`, { requestId });
  }

  decide(environment: string, command: AllocationCommand, context: RequestContext): Promise<AllocationDecided> {
    return this.ports.allocations.decide(environment, command, metadataOf(context));
  }

  /** As it is recorded right now. */
  async newest(environment: string): Promise<AllocationState> {
    const lane = this.ports.allocations.of(environment);
    await lane.refresh();
    return lane.state;
  }

  /**
   * A caller's time by the clock of the leases, which goes on evenly when the wall clock jumps: what he has left of it stays the same. Throws
   * `bad-input`.
   */
  timeOf(field: string, value: string): number {
    if (!isTime(value))
      throw badInput([{ field, reason: 'must be a date, a time and a zone as in ISO 8601, such as "2026-03-01T06:00:00Z"' }]);
    const apart = this.ports.time.now() - this.ports.wall();
    return Date.parse(value) + (Math.abs(apart) > APART_MS ? apart : 0);
  }
}

function metadataOf({ actor, correlationId, causationId, logToken, trace }: RequestContext): EventMetadata {
  return {
    actor,
    correlationId,
    ...(causationId !== undefined && { causationId }),
    ...(logToken !== undefined && { logToken }),
    ...(trace !== undefined && { trace }),
  };
}
