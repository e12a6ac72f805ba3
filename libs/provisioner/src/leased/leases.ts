import {
  SlipwayError,
  VERBS,
  causeOf,
  type AskLeaseCommand,
  type JsonObject,
  type LeaseGives,
  type LeaseRecorded,
  type LeaseStanding,
  type ResourceKind,
} from '@slipway/contracts';
import { systemContext, type Bus } from '@slipway/mesh';
import { told } from './told.js';

/** What a sub-provisioner wants of the allocator. All of it in its own name: whoever gives something back need not be who asked for it. */
export interface Leases {
  /** Asks for a lease; with the key of an earlier call it is that one. Throws what the allocator refuses with. */
  ask(wanted: AskLeaseCommand): Promise<string>;
  /** The lease that was asked for with a key, `undefined` where none is known. */
  ofKey(environment: string, key: string): Promise<LeaseStanding | undefined>;
  standing(leaseId: string): Promise<LeaseStanding>;
  /** What whoever stands on it works with. Throws `lease-not-active`. */
  gives(leaseId: string, token: number): Promise<JsonObject>;
  /** The same again changes nothing. */
  release(leaseId: string, reason: string): Promise<void>;
}

/** How long the allocator may take to record something, and to reach what is leased, in ms. */
const RECORDS_WITHIN = 10_000;
const REACHES_WITHIN = 60_000;

/** Which verbs of it. */
type Asked = (typeof VERBS)['askLease' | 'leaseOfKey' | 'leaseStanding' | 'leaseGives' | 'releaseLease'];

/** Asked over the bus. */
export function leasesOver(bus: Bus, kind: ResourceKind): Leases {
  const ask = <Answer>(verb: Asked, body: object, timeoutMs = RECORDS_WITHIN): Promise<Answer> =>
    bus.request<Answer>('allocator', verb, body, { timeoutMs, context: systemContext(kind) });
  return {
    ask: async (wanted) => (await ask<LeaseRecorded>(VERBS.askLease, wanted)).leaseId,
    ofKey: (environment, key) =>
      ask<LeaseStanding>(VERBS.leaseOfKey, { environment, key }).catch((error: unknown) => {
        if (causeOf(error).code === 'not-found') return undefined;
        throw error;
      }),
    standing: (leaseId) => ask<LeaseStanding>(VERBS.leaseStanding, { leaseId }),
    gives: async (leaseId, token) => (await ask<LeaseGives>(VERBS.leaseGives, { leaseId, token }, REACHES_WITHIN)).outputs,
    release: async (leaseId, reason) => void (await ask<LeaseRecorded>(VERBS.releaseLease, { leaseId, reason })),
  };
}

/** Throws `lease-not-active` unless that acquisition of it is the one that counts. */
export function assertActive(standing: LeaseStanding, wanted: number): void {
  const { leaseId, status, token } = standing;
  if (status === 'active' && token === wanted) return;
  const message = status === 'active' ? `${leaseId} was acquired anew` : told(standing);
  throw new SlipwayError('lease-not-active', message, { leaseId, status });
}
