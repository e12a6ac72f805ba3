import type { PartitionEvent } from '@slipway/contracts';
import type { Decider } from '@slipway/event-store';

/** Requests are spread over so many partitions. Written into logs that exist: it never changes. */
export const PARTITIONS = 8;

/** The partition of a request, by its id (UUID). */
export const partitionOf = (requestId: string): number => Number.parseInt(requestId.slice(0, 8), 16) % PARTITIONS;

/** Who works on a partition's requests. */
export interface PartitionState {
  /** Grows with each claim. */
  epoch: number;
  /** None when nobody does. */
  replica?: string;
}

export type PartitionCommand =
  /** `silent`: nothing was heard of who holds it for so long that it may be taken over. */
  { type: 'Claim'; replica: string; silent: boolean } | { type: 'Release'; replica: string; epoch: number };

/**
 * P1. Epochs only grow; the newest claim holds.
 * P2. Taken over from another replica only when that one has released it or is silent; from an earlier life of the same
 *     replica at once.
 * P3. A release of an older epoch is void.
 *
 * Who holds a partition is only a matter of liveness: what is right is decided in the streams of requests and environments.
 */
export const partition: Decider<PartitionState, PartitionCommand, PartitionEvent> = {
  initialState: () => ({ epoch: 0 }),
  decide(state, command) {
    const { replica } = command;
    if (command.type === 'Release') {
      const { epoch } = command;
      return state.replica === replica && state.epoch === epoch ? [{ type: 'PartitionReleased', data: { replica, epoch } }] : [];
    }
    if (state.replica !== undefined && state.replica !== replica && !command.silent) return [];
    return [{ type: 'PartitionClaimed', data: { replica, epoch: state.epoch + 1 } }];
  },
  evolve(state, { type, data: { replica, epoch } }) {
    if (type === 'PartitionClaimed') return { epoch, replica };
    return state.epoch === epoch ? { epoch } : state;
  },
};
