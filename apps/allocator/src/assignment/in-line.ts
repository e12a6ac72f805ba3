import type { LeaseAsk } from '@slipway/contracts';
import { heldKey, type AllocationState } from '../allocation/state.js';
import type { Lease } from '../lease/lease.js';
import { EMPTY_QUEUE, dequeued, ownerKey, queued, reranked, type OwnerStanding, type Queue } from './queue.js';

/** A state in which a lease waits. */
export const standingInLine = (state: AllocationState, lease: Lease): AllocationState =>
  withQueue(state, lease.type, queued(queueOf(state, lease.type), lease, standingOf(state, lease.owner, lease.type)));

/** A state in which a lease waits no more. */
export const outOfLine = (state: AllocationState, lease: Lease): AllocationState =>
  withQueue(state, lease.type, dequeued(queueOf(state, lease.type), lease, standingOf(state, lease.owner, lease.type)));

/** A state in which an owner who has more of a type, or less, or may use other blueprints than before, stands where he belongs. */
export function whereHeBelongs(state: AllocationState, owner: LeaseAsk['owner'], type: string): AllocationState {
  const queue = state.queues.get(type);
  if (!queue?.owners.has(ownerKey(owner))) return state;
  return withQueue(state, type, reranked(queue, owner, standingOf(state, owner, type)));
}

const queueOf = ({ queues }: AllocationState, type: string): Queue => queues.get(type) ?? EMPTY_QUEUE;

function standingOf({ granted, blueprints }: AllocationState, owner: LeaseAsk['owner'], type: string): OwnerStanding {
  const key = ownerKey(owner);
  const approved: string[] = [];
  for (const [name, known] of blueprints) if (known.approved.has(key)) approved.push(name);
  return { granted: granted.get(heldKey(owner, type)) ?? 0, approved: approved.toSorted().join(' ') };
}

function withQueue(state: AllocationState, type: string, queue: Queue): AllocationState {
  const queues = new Map(state.queues);
  if (queue.lines.size > 0) queues.set(type, queue);
  else queues.delete(type);
  return { ...state, queues };
}
