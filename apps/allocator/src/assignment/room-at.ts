import type { AllocationState } from '../allocation/state.js';
import { endOf } from '../lease/lease.js';
import type { Resource } from '../resource/resource.js';
import type { Kept } from './kept.js';
import type { Wanted } from './queue.js';

/**
 * When a resource has room and locks for what is wanted (ms since the epoch), if each has what he has until it is over, and what is kept for
 * others stays with them. `Infinity` where something in the way has no end.
 */
export function roomAt(state: AllocationState, resource: Resource, { amount, slots }: Wanted, kept: Kept, now: number): number {
  if (kept.hasSlot(resource.id, slots)) return Infinity;
  let at = Math.max(now, locksGivenBack(state, resource, slots, now));
  let free = resource.capacity - resource.load - kept.amountOf(resource.id);
  if (free >= amount || at === Infinity) return at;
  const held = [...resource.leases.entries()].map(([id]) => state.leases.get(id)!);
  for (const lease of held.toSorted((one, other) => endOf(one, now) - endOf(other, now))) {
    at = Math.max(at, endOf(lease, now));
    free += lease.amount;
    if (free >= amount) return at;
  }
  return Infinity;
}

/** When the last of some locks on a resource is given back. */
export const locksGivenBack = (
  { leases }: AllocationState,
  resource: Pick<Resource, 'slots'>,
  slots: readonly string[],
  now: number,
): number =>
  Math.max(
    -Infinity,
    ...slots.map((slot) => {
      const holder = resource.slots.get(slot);
      return holder === undefined ? -Infinity : endOf(leases.get(holder)!, now);
    }),
  );
