import type { AllocationEvent } from '@slipway/contracts';
import type { BlueprintDeclaration } from '../blueprint/declaration.js';

interface Claim {
  status: 'pending' | 'acquired' | 'active' | 'broken' | 'released' | 'destroyed';
  on: string | undefined;
  amount: number;
  slots: readonly string[];
  times: Times;
}

/** When it is over, when nobody waits for it any more, and until when it may be renewed (ms since the epoch): never, where nothing is said. */
interface Times {
  until?: number;
  waitUntil?: number;
  latest?: number;
}

interface Thing {
  status: 'pending' | 'open' | 'draining' | 'broken' | 'closed' | 'destroyed';
  capacity: number;
  blueprint: string;
  manual: boolean;
  needs: readonly string[];
  /** Leases whose place on it broke before it was taken back. */
  remains: readonly string[];
}

const FROM: Readonly<Record<string, readonly Claim['status'][]>> = {
  LeaseAcquired: ['pending'],
  LeaseActivated: ['acquired'],
  LeaseRenewed: ['pending', 'acquired', 'active'],
  LeaseRequeued: ['acquired', 'active'],
  LeaseBroken: ['acquired', 'active'],
  LeaseReleased: ['pending', 'acquired', 'active', 'broken'],
  LeaseIrrevocable: ['released'],
  LeaseDestroyed: ['released'],
};

const TO: Readonly<Record<string, Claim['status']>> = {
  LeaseAcquired: 'acquired',
  LeaseActivated: 'active',
  LeaseRequeued: 'pending',
  LeaseBroken: 'broken',
  LeaseReleased: 'released',
  LeaseDestroyed: 'destroyed',
};

/**
 * What must hold of everything that is recorded on leases, told from the events alone: shares no rule with the decider. Throws what is wrong.
 */
export class Model {
  readonly claims = new Map<string, Claim>();
  readonly things = new Map<string, Thing>();
  #token = 0;
  #at = 0;

  constructor(private readonly limits: ReadonlyMap<string, () => number>) {}

  follow({ type, data }: AllocationEvent): void {
    if (data.at < this.#at) throw new Error(`Time went back with ${type}`);
    this.#at = data.at;
    if (type === 'LeaseRequested') this.#asked(data);
    else if ('leaseId' in data) this.#claimed(type, data);
    else if (type === 'ResourceRequested' || type === 'ResourceEntered') this.#added(type, data);
    else if ('resourceId' in data) {
      if (type === 'ResourceDestroyed' && !data.forced) this.#forgot(data.resourceId);
      this.#changed(type, data.resourceId, 'capacity' in data ? data.capacity : undefined);
    }
  }

  /** Leases that have a place on a resource. */
  on(resourceId: string): Claim[] {
    return [...this.claims.values()].filter(({ on }) => on === resourceId);
  }

  /** Leases that have left something behind that nobody has taken back or given up. */
  remaining(): string[] {
    return [...this.things.values()].filter(({ status }) => status !== 'destroyed').flatMap(({ remains }) => remains);
  }

  load(resourceId: string): number {
    return this.on(resourceId).reduce((sum, { amount }) => sum + amount, 0);
  }

  /** Leases whose time, or the time of whose waiting, is over, and which have not ended. */
  overdue(now: number): string[] {
    const due = ({ status, times: { until = Infinity, waitUntil = Infinity } }: Claim) =>
      (status === 'pending' ? Math.min(until, waitUntil) : until) <= now;
    return [...this.claims].filter(([, one]) => !['released', 'destroyed'].includes(one.status) && due(one)).map(([id]) => id);
  }

  /** What holds after each command, and need not within one. */
  settled(): void {
    for (const [id, { needs, status }] of this.things) {
      if (status === 'destroyed') continue;
      for (const need of needs)
        if (status === 'pending' || status === 'open' || status === 'draining')
          if (!['acquired', 'active'].includes(this.claims.get(need)?.status ?? ''))
            throw new Error(`${id} stands on nothing: ${need}`);
      const idle = this.on(id).length === 0;
      if (idle && status === 'draining') throw new Error(`${id} is drained, nobody has it, and it stays`);
      if (idle && status === 'broken' && !this.things.get(id)!.manual)
        throw new Error(`${id} is broken, nobody has it, and it stays`);
    }
  }

  #asked({ leaseId, amount, slots, ...asked }: { leaseId: string; amount: number; slots: readonly string[] } & Times): void {
    if (this.claims.has(leaseId)) throw new Error(`${leaseId} was asked for twice`);
    this.claims.set(leaseId, { status: 'pending', on: undefined, amount, slots, times: timesIn(asked) });
  }

  #claimed(type: AllocationEvent['type'], data: { leaseId: string; at: number; because?: string } & Times): void {
    const { leaseId } = data;
    const claim = this.claims.get(leaseId);
    if (!claim || !FROM[type]!.includes(claim.status)) throw new Error(`${type} of ${leaseId}, which is ${claim?.status}`);
    if (type === 'LeaseReleased') assertInTime(leaseId, claim, data);
    claim.times = { ...claim.times, ...timesIn(data) };
    const { until = 0, latest = Infinity } = claim.times;
    if (until > latest) throw new Error(`${type} of ${leaseId} lets it last longer than it may`);
    if (type === 'LeaseAcquired') this.#acquired(leaseId, claim, data as unknown as { resourceId: string; token: number });
    const thing = claim.on === undefined ? undefined : this.things.get(claim.on)!;
    if (type === 'LeaseRequeued' && thing?.status === 'broken') thing.remains = [...thing.remains, leaseId];
    if (type === 'LeaseRequeued' || type === 'LeaseDestroyed') claim.on = undefined;
    claim.status = TO[type] ?? claim.status;
  }

  #acquired(leaseId: string, claim: Claim, { resourceId, token }: { resourceId: string; token: number }): void {
    const thing = this.things.get(resourceId);
    if (thing?.status !== 'open' && thing?.status !== 'pending') throw new Error(`${leaseId} on ${resourceId}: ${thing?.status}`);
    if (token <= this.#token) throw new Error(`Token ${token} after ${this.#token}`);
    this.#token = token;
    if (this.load(resourceId) + claim.amount > thing.capacity) throw new Error(`${resourceId} is leased beyond its capacity`);
    const taken = this.on(resourceId).flatMap(({ slots }) => slots);
    if (claim.slots.some((slot) => taken.includes(slot))) throw new Error(`A lock on ${resourceId} is held twice`);
    claim.on = resourceId;
  }

  #added(
    type: string,
    { resourceId, capacity, blueprint, needs = {} }: { resourceId: string; capacity: number; blueprint: string; needs?: object },
  ): void {
    if (this.things.has(resourceId)) throw new Error(`${resourceId} was made twice`);
    const manual = type === 'ResourceEntered';
    const made = [...this.things.values()].filter(
      (one) => one.blueprint === blueprint && !one.manual && one.status !== 'destroyed',
    );
    if (!manual && made.length >= this.limits.get(blueprint)!()) throw new Error(`${blueprint} made more than it may`);
    const status = manual ? 'open' : 'pending';
    this.things.set(resourceId, { status, capacity, blueprint, manual, needs: Object.values(needs) as string[], remains: [] });
  }

  /** What is made goes as a whole; what was entered by hand stays where it is, with all that is on it. */
  #forgot(resourceId: string): void {
    const { manual, remains } = this.things.get(resourceId)!;
    if (manual && remains.length > 0)
      throw new Error(`${resourceId} is gone, and what ${remains.join(', ')} had on it is forgotten`);
  }

  #changed(type: string, resourceId: string, capacity: number | undefined): void {
    const thing = this.things.get(resourceId)!;
    if (thing.status === 'destroyed') throw new Error(`${type} of ${resourceId}, which is destroyed`);
    const free = this.on(resourceId).length === 0;
    if ((type === 'ResourceClosed' || type === 'ResourceDestroyed') && !free)
      throw new Error(`${type} of ${resourceId}, which is leased`);
    if (type === 'ResourceOpened' && thing.status !== 'pending' && thing.status !== 'broken')
      throw new Error(`${resourceId} was opened, ${thing.status}`);
    if (type === 'ResourceCleared' && thing.status !== 'broken') throw new Error(`${resourceId} was cleared, ${thing.status}`);
    if (type === 'ResourceOpened' || type === 'ResourceCleared') thing.remains = [];
    if (capacity !== undefined) thing.capacity = capacity;
    if (capacity !== undefined && this.load(resourceId) > capacity) throw new Error(`${resourceId} has less than is leased`);
    const became: Readonly<Record<string, Thing['status']>> = {
      ResourceOpened: 'open',
      ResourceFailed: 'closed',
      ResourceBroken: 'broken',
      ResourceDraining: thing.status === 'broken' ? 'broken' : 'draining',
      ResourceClosed: 'closed',
      ResourceDestroyed: 'destroyed',
    };
    thing.status = became[type] ?? thing.status;
  }
}

const timesIn = ({ until, waitUntil, latest }: Times): Times => ({
  ...(until !== undefined && { until }),
  ...(waitUntil !== undefined && { waitUntil }),
  ...(latest !== undefined && { latest }),
});

/** Nothing ends by its time before that. */
function assertInTime(leaseId: string, { status, times }: Claim, { because, at }: { because?: string; at: number }): void {
  const { until = Infinity, waitUntil = Infinity } = times;
  if (because === 'expired' && at < until) throw new Error(`${leaseId} was ended ${until - at} ms before its time`);
  if (because === 'waited' && (status !== 'pending' || at < waitUntil))
    throw new Error(`${leaseId}, ${status}, was given up ${waitUntil - at} ms before its time`);
}

/** How many resources each blueprint may make, for a {@link Model}. */
export const limitsIn = (catalogue: ReadonlyMap<string, BlueprintDeclaration>, now: (name: string) => number | undefined) =>
  new Map([...catalogue].map(([name, { limits }]) => [name, () => now(name) ?? limits.resources]));
