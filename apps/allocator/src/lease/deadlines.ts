import type { AllocationEvent } from '@slipway/contracts';
import type { AllocationState } from '../allocation/state.js';
import { dueAt } from './lease.js';

interface Due {
  leaseId: string;
  /** Milliseconds since the epoch. */
  at: number;
}

/**
 * Which lease is due next: whose time, or the time of whose waiting, is over first. Told of what was recorded; each event takes the time of
 * the logarithm of the leases, and never that of all of them: a heap that knows where in it each lease stands.
 */
export class Deadlines {
  readonly #heap: Due[] = [];
  readonly #places = new Map<string, number>();

  /** Those of a state; from then on it is told of events. */
  constructor(state: AllocationState) {
    for (const [id, lease] of state.leases.entries()) this.#set(id, dueAt(lease));
  }

  /** `state`: after the event, or after others that followed it. */
  follow(state: AllocationState, { data }: AllocationEvent): void {
    if (!('leaseId' in data)) return;
    const lease = state.leases.get(data.leaseId);
    this.#set(data.leaseId, lease && dueAt(lease));
  }

  /** How many it has in hand. */
  get entries(): number {
    return this.#heap.length;
  }

  /** The one that is due first; none where no lease ever is. */
  next(): Due | undefined {
    return this.#heap[0];
  }

  #set(leaseId: string, at: number | undefined): void {
    const place = this.#places.get(leaseId);
    if (at !== undefined) this.#put(place ?? this.#heap.length, { leaseId, at });
    else if (place !== undefined) this.#remove(place);
  }

  #remove(place: number): void {
    this.#places.delete(this.#heap[place]!.leaseId);
    const last = this.#heap.pop()!;
    if (place < this.#heap.length) this.#put(place, last);
  }

  /** Puts one in the place of another one, or at the end, and from there where it belongs. */
  #put(place: number, due: Due): void {
    let at = place;
    for (let above = (at - 1) >> 1; at > 0 && this.#heap[above]!.at > due.at; at = above, above = (at - 1) >> 1)
      this.#stand(at, this.#heap[above]!);
    for (let below = this.#firstBelow(at); below && below.at < due.at; below = this.#firstBelow(at)) {
      const from = this.#places.get(below.leaseId)!;
      this.#stand(at, below);
      at = from;
    }
    this.#stand(at, due);
  }

  #firstBelow(at: number): Due | undefined {
    const [left, right] = [this.#heap[2 * at + 1], this.#heap[2 * at + 2]];
    return left && right && right.at < left.at ? right : left;
  }

  #stand(at: number, due: Due): void {
    this.#heap[at] = due;
    this.#places.set(due.leaseId, at);
  }
}
