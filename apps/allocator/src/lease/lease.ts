import type { LeaseAsk, LeaseEnd, LeaseStatus } from '@slipway/contracts';

/** A claim on a resource, until all of it was taken back. */
export interface Lease extends LeaseAsk {
  id: string;
  /** Grows from lease to lease of an environment: who asked first. */
  number: number;
  status: LeaseStatus;
  /** When it was asked for. */
  at: number;
  /** How long its holder would wait at first, and waits again when it loses what it has, in ms. */
  patience?: number;
  /** When it had a resource for the first time: from then on it is counted how long it may last. */
  since?: number;
  /** Of what it has, from the moment it was acquired. */
  granted?: { resourceId: string; token: number; at: number };
  /** Since when it is usable. */
  activeAt?: number;
  /** Why it is broken, or waits again. */
  reason?: string;
  end?: { because: LeaseEnd; at: number; reason?: string };
  /** It could not be taken back so far. */
  irrevocable?: { reason: string; tries: number; retryAt: number };
}

/** Whether it goes on by itself: its time can run out, and be renewed. */
export const isLive = ({ status }: Lease): boolean => status === 'pending' || status === 'acquired' || status === 'active';

/** Whether something may be done with it by one of its acquisitions: each call is held against this. */
export const isUsable = ({ status, granted }: Lease, token: number): boolean => status === 'active' && granted?.token === token;

/** When something becomes of it by time alone: when it is over, or when nobody waits for it any more. None when that is never. */
export function dueAt({ status, until, waitUntil }: Lease): number | undefined {
  if (status === 'released' || status === 'destroyed') return undefined;
  if (status !== 'pending') return until;
  return waitUntil === undefined ? until : Math.min(waitUntil, until ?? Infinity);
}

/** When what it has is free again, as far as is known (ms since the epoch): `Infinity` where it has no end, or cannot be taken back. */
export function endOf({ status, until, irrevocable }: Pick<Lease, 'status' | 'until' | 'irrevocable'>, now: number): number {
  if (status !== 'released') return until ?? Infinity;
  return irrevocable ? Infinity : now;
}

/** Whether somebody asked for it; else a resource holds it, and it counts for nobody. */
export const isAskedFor = ({ holderId }: Lease): boolean => holderId === undefined;
