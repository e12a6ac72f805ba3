import { randomUUID } from 'node:crypto';
import { VERBS, type LeaseGives, type LeaseGivesQuery, type RequestContext } from '@slipway/contracts';
import type { Bus } from '@slipway/mesh';
import type { Uses } from './uses.js';

/** How long a replica elsewhere may take to tell it, in ms. */
const TOLD_WITHIN_MS = 60_000;

/** What whoever stands on a lease works with; to be told it is a use of the lease. */
export class Gives {
  constructor(
    private readonly uses: Uses,
    private readonly bus: Bus,
  ) {}

  /** Without secrets in clear. Throws `lease-not-active`, `not-found` and `forbidden` as a call does, and what the blueprint throws. */
  async tell(query: LeaseGivesQuery, context: RequestContext): Promise<LeaseGives> {
    const { uses, bus } = this;
    const held = await uses.admit(query, context);
    const { location } = held.resource;
    if (!uses.isHere(held)) return bus.request('allocator', VERBS.leaseGives, query, { location, timeoutMs: TOLD_WITHIN_MS });
    const use = { id: randomUUID(), about: {}, message: 'It was told what a lease gives' };
    return uses.carryOut(use, held, context, async ({ blueprint, lease, resource, context: at, coverJson }) => ({
      outputs: coverJson((await blueprint.gives?.(lease!, resource, at)) ?? {}),
    }));
  }
}
