import {
  SlipwayError,
  causeOf,
  type Clock,
  type JsonObject,
  type LeaseGivesQuery,
  type RequestContext,
} from '@slipway/contracts';
import type { AllocationState } from '../allocation/state.js';
import type { AtWork, Workshop } from '../blueprint/workshop.js';
import { isUsable, type Lease } from '../lease/lease.js';
import type { Resource } from '../resource/resource.js';
import { assertMayUse } from '../service/access.js';
import type { Deciders } from '../service/deciders.js';
import { environmentOfLease } from '../service/leases.js';
import { standingOf } from '../service/standing.js';

export interface UsesOptions {
  deciders: Deciders;
  workshop: Workshop;
  clock: Clock;
  /** Whether this replica reaches what is there. */
  serves(location: string): boolean;
  info(about: object, message: string): void;
}

/** Who holds a lease, as he says: by the token of the acquisition that he means. */
export type Claim = Pick<LeaseGivesQuery, 'leaseId' | 'token'>;

/** What whoever was let through has: the newest state, his lease, and what it is a lease on. */
export interface Held {
  state: AllocationState;
  lease: Lease;
  resource: Resource;
}

/** One use, as it is written down. */
export interface Use {
  /** It is ended by it. */
  id: string;
  /** Of what it is, beside who, on what and how it ended. */
  about: object;
  message: string;
}

interface Going extends Claim {
  ending: AbortController;
}

/**
 * What is done with leases that are active, in the name of who holds them.
 *
 * C1. Each use looks at the newest state first: only the token of the acquisition that counts gets through.
 * C2. A use ends when its lease does, when its place is given to another acquisition, or when who asked for it says so.
 * C3. What is used is written down with who, on what and how it ended; what was given to it and what it said is not.
 */
export class Uses {
  readonly #going = new Map<string, Going>();

  constructor(private readonly options: UsesOptions) {}

  /**
   * C1. Throws `lease-not-active` (its status; an estimate where there is one; a token of another acquisition), `not-found` and `forbidden`.
   */
  async admit({ leaseId, token }: Claim, { actor }: RequestContext): Promise<Held> {
    const { deciders } = this.options;
    const state = await deciders.newest(environmentOfLease(leaseId));
    const lease = state.leases.get(leaseId);
    if (lease) assertMayUse(actor, lease, leaseId);
    const standing = standingOf(state, deciders, leaseId);
    const resource = lease?.granted && state.resources.get(lease.granted.resourceId);
    const details = { ...standing } as unknown as JsonObject;
    if (lease?.status === 'active' && deciders.isOver(lease))
      throw new SlipwayError('lease-not-active', `The time of ${leaseId} is over`, details);
    if (lease?.status !== 'active' || !resource) {
      const when = standing.estimate === undefined ? '' : `, perhaps active after ${standing.estimate}`;
      throw new SlipwayError('lease-not-active', `${leaseId} is ${standing.status}${when}`, details);
    }
    if (!isUsable(lease, token))
      throw new SlipwayError('lease-not-active', `${leaseId} was acquired anew: token ${token} is over`, details);
    return { state, lease, resource };
  }

  /** Whether it is done here, and not by another replica, which is asked the same. */
  isHere({ resource }: Held): boolean {
    return this.options.serves(resource.location);
  }

  isGoing(id: string): boolean {
    return this.#going.has(id);
  }

  /** C2, C3. Throws what `work` throws, and `lease-not-active` where it was ended. */
  async carryOut<Answer>(
    { id, about, message }: Use,
    { state, lease, resource }: Held,
    { actor }: RequestContext,
    work: (at: AtWork, signal: AbortSignal) => Promise<Answer>,
  ): Promise<Answer> {
    const { clock, workshop, info } = this.options;
    const ending = new AbortController();
    const { signal } = ending;
    this.#going.set(id, { leaseId: lease.id, token: lease.granted!.token, ending });
    const began = clock.now();
    const told = (outcome: string) =>
      info({ lease: lease.id, resource: resource.id, ...about, actor, ms: clock.now() - began, outcome }, message);
    try {
      const at = await workshop.atWork(state, { resource, lease }, signal);
      signal.throwIfAborted();
      const answer = await orEnded(
        work(at, signal).catch((error: unknown) => {
          throw covered(error, at);
        }),
        signal,
      );
      told('ok');
      return answer;
    } catch (error) {
      // Whose lease is over is told that, and not how his program took it.
      const reason = signal.aborted ? signal.reason : error;
      told(causeOf(reason).code);
      throw reason;
    } finally {
      this.#going.delete(id);
    }
  }

  end(id: string, why: string): void {
    this.#going.get(id)?.ending.abort(new SlipwayError('lease-not-active', `The call was ended: ${why}`, { callId: id }));
  }

  /** C2: something was recorded. */
  noticed(state: AllocationState): void {
    for (const [id, { leaseId, token }] of this.#going) {
      if (environmentOfLease(leaseId) !== state.environment) continue;
      const lease = state.leases.get(leaseId);
      if (!lease || !isUsable(lease, token)) this.end(id, `${leaseId} is not active any more`);
    }
  }

  stop(): void {
    for (const id of this.#going.keys()) this.end(id, 'the allocator stops');
  }
}

/** What went wrong, without any of the secrets that were read: a library may well say what it was given. */
function covered(error: unknown, { cover, coverJson }: AtWork): SlipwayError {
  const { code, message, details } = causeOf(error);
  return new SlipwayError(code, cover(message), details && coverJson(details));
}

/** C2: also where what is done takes no notice of the signal. */
function orEnded<Answer>(answer: Promise<Answer>, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const end = () => reject(signal.reason as Error);
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
    answer.then(resolve, reject).finally(() => signal.removeEventListener('abort', end));
  });
}
