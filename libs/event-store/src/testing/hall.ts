import { SlipwayError } from '@slipway/contracts';
import type { Decider } from '../decider.js';

export type HallEvent = { type: 'Seated'; data: { who: string; seat: number } } | { type: 'Left'; data: { who: string } };
export type HallCommand = { type: 'Sit' | 'Leave'; who: string };
/** Who sits where; the list has the order in which they came. */
export type Hall = readonly { who: string; seat: number }[];

/** A hall with so many seats: whoever sits is given the first that is free; `not-possible` where none is. */
export const hall = (seats: number): Decider<Hall, HallCommand, HallEvent> => ({
  initialState: () => [],
  decide(state, { type, who }) {
    const sits = state.some((one) => one.who === who);
    if (type === 'Leave') return sits ? [{ type: 'Left', data: { who } }] : [];
    if (sits) return [];
    const seat = Array.from({ length: seats }, (_, at) => at).find((at) => state.every((one) => one.seat !== at));
    if (seat === undefined) throw new SlipwayError('not-possible', 'All seats are taken');
    return [{ type: 'Seated', data: { who, seat } }];
  },
  evolve: (state, { type, data }) => (type === 'Seated' ? [...state, data] : state.filter(({ who }) => who !== data.who)),
});
