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
 * the logarithm of the leases. A heap whose entries are left where they are when their lease is renewed or over, and are passed over later.
 */
export class Deadlines {
  #heap: Due[] = [];
  readonly #due = new Map<string, number>();

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

  /** How many it has in hand, of those that are passed over too. */
  get entries(): number {
    return this.#heap.length;
  }

  /** The one that is due first; none where no lease ever is. */
  next(): Due | undefined {
    for (let first = this.#heap[0]; first; first = this.#heap[0]) {
      if (this.#due.get(first.leaseId) === first.at) return first;
      this.#shift();
    }
    return undefined;
  }

  #set(leaseId: string, at: number | undefined): void {
    if (this.#due.get(leaseId) === at) return;
    if (at === undefined) this.#due.delete(leaseId);
    else {
      this.#due.set(leaseId, at);
      this.#push({ leaseId, at });
    }
    // Renewals leave one entry each.
    if (this.#heap.length > 2 * this.#due.size + 64) this.#rebuild();
  }

  #rebuild(): void {
    const entries = [...this.#due].map(([leaseId, at]) => ({ leaseId, at }));
    this.#heap = entries.toSorted((one, other) => one.at - other.at);
  }

  #push(due: Due): void {
    let at = this.#heap.length;
    this.#heap.push(due);
    for (let above = (at - 1) >> 1; at > 0 && this.#heap[above]!.at > due.at; at = above, above = (at - 1) >> 1)
      this.#heap[at] = this.#heap[above]!;
    this.#heap[at] = due;
  }

  #shift(): void {
    const last = this.#heap.pop()!;
    const { length } = this.#heap;
    if (length === 0) return;
    let at = 0;
    for (;;) {
      let below = 2 * at + 1;
      if (below >= length) break;
      if (below + 1 < length && this.#heap[below + 1]!.at < this.#heap[below]!.at) below += 1;
      if (this.#heap[below]!.at >= last.at) break;
      this.#heap[at] = this.#heap[below]!;
      at = below;
    }
    this.#heap[at] = last;
  }
}
