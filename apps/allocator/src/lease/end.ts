import { SlipwayError, badInput, type Actor, type LeaseEnd } from '@slipway/contracts';
import type { Deciding } from '../allocation/deciding.js';
import { isLive, type Lease } from './lease.js';

/**
 * E1. What is over stays on its resource until it was taken back: nobody else gets what somebody may still use.
 * E2. Ending again what is over does nothing.
 */
export function end(
  deciding: Deciding,
  { id, status, granted }: Lease,
  because: LeaseEnd,
  by: { actor?: Actor; reason?: string } = {},
): void {
  if (status === 'released') return;
  const { now, state } = deciding;
  // On what never took leases nothing was given out, so nothing has to be taken back.
  const isNothingOut = granted === undefined || state.resources.get(granted.resourceId)!.openedAt === undefined;
  deciding.record({ type: 'LeaseReleased', data: { leaseId: id, because, ...by, at: now } });
  if (isNothingOut) deciding.record({ type: 'LeaseDestroyed', data: { leaseId: id, at: now } });
}

/** Its holder gives it back. Throws `not-possible` for what a resource holds itself: it would stand on nothing. */
export function release(deciding: Deciding, lease: Lease | null, by: { actor: Actor; reason?: string }): void {
  if (!lease) return;
  if (lease.holderId !== undefined)
    throw new SlipwayError('not-possible', `${lease.holderId} holds it, and gives it back when it goes: drain that one`, {
      holderId: lease.holderId,
    });
  end(deciding, lease, 'release', by);
}

/** Ends what its time is over for. */
export function expire(deciding: Deciding, lease: Lease): void {
  const { status, until, waitUntil } = lease;
  if (status === 'released') return;
  if (until !== undefined && until <= deciding.now) end(deciding, lease, 'expired');
  else if (status === 'pending' && waitUntil !== undefined && waitUntil <= deciding.now) end(deciding, lease, 'waited');
}

/** Ends what a request holds, in the order in which it was asked for, as much as one decision may: again, and the rest is. */
export function endRequest(deciding: Deciding, requestId: string): void {
  for (const id of deciding.state.requests.get(requestId) ?? []) {
    if (deciding.isLong) return;
    end(deciding, deciding.state.leases.get(id)!, 'request-ended');
  }
}

/** Throws `not-possible` for what is over or has no end, `bad-input` for an end that is not later, or beyond what is allowed. */
export function renew(deciding: Deciding, lease: Lease | null, { until, actor }: { until: number; actor: Actor }): void {
  if (!lease || !isLive(lease))
    throw new SlipwayError('not-possible', 'It is over, and over it stays: ask for a new lease', {
      status: lease?.status ?? 'destroyed',
    });
  const { id, until: from, latest } = lease;
  const { now } = deciding;
  if (from === undefined) throw new SlipwayError('not-possible', `${id} has no end that could be put off`, { leaseId: id });
  if (until === from) return;
  const least = Math.max(from, now);
  if (!Number.isSafeInteger(until) || until <= least)
    throw badInput([{ field: 'until', reason: `must be later than ${new Date(least).toISOString()}` }]);
  if (latest !== undefined && until > latest)
    throw badInput([
      { field: 'until', reason: `must not be later than ${new Date(latest).toISOString()}: longer it may not last in all` },
    ]);
  deciding.record({ type: 'LeaseRenewed', data: { leaseId: id, from, until, at: now, actor } });
}

/** Nothing of it is left. Throws `not-possible` for what is not over: it would lose its place without anybody having ended it. */
export function tookBack(deciding: Deciding, lease: Lease | null, forced?: { actor: Actor; reason: string }): void {
  if (!lease) return;
  if (lease.status !== 'released')
    throw new SlipwayError('not-possible', `${lease.id} is ${lease.status}: release it first`, { status: lease.status });
  deciding.record({ type: 'LeaseDestroyed', data: { leaseId: lease.id, ...(forced && { forced }), at: deciding.now } });
}

export function cannotTakeBack(
  deciding: Deciding,
  lease: Lease | null,
  { reason, retryAt }: { reason: string; retryAt: number },
): void {
  if (lease?.status !== 'released') return;
  const tries = (lease.irrevocable?.tries ?? 0) + 1;
  deciding.record({ type: 'LeaseIrrevocable', data: { leaseId: lease.id, reason, tries, retryAt, at: deciding.now } });
}
