import { SlipwayError, type Actor, type Cause, type HandledEvent, type HandlerEvent, type Instant } from '@slipway/contracts';
import type { ParkedEvent } from '@slipway/contracts/http';
import type { Decider } from '@slipway/event-store';

/**
 * How far a handler has come, and what it has parked.
 *
 * H1. `last` only goes forward: what was handled or parked is behind it, and who rests on an older `last` is refused.
 * H2. An event that is parked stays so until it was handled or discarded.
 */
export interface HandlerState {
  registered: boolean;
  /** The newest event that it has behind it; none yet: it begins behind its own registration. */
  last: HandledEvent | null;
  parked: ParkedEvent[];
}

export type HandlerCommand =
  | { type: 'Register'; handler: string }
  /** `after`: the `last` that it was taken up behind, by its id. */
  | { type: 'Succeed'; event: HandledEvent; after: string | null }
  | { type: 'Park'; event: HandledEvent; after: string | null; tries: number; cause: Cause; at: Instant }
  | { type: 'Retry'; eventId: string; actor: Actor; reason?: string }
  | { type: 'Discard'; eventId: string; actor: Actor; reason: string };

export const handler: Decider<HandlerState, HandlerCommand, HandlerEvent> = {
  initialState: () => ({ registered: false, last: null, parked: [] }),
  decide,
  evolve,
};

function decide(state: HandlerState, command: HandlerCommand): HandlerEvent[] {
  switch (command.type) {
    case 'Register':
      return state.registered ? [] : [{ type: 'HandlerRegistered', data: { handler: command.handler } }];
    case 'Succeed':
      assertTurn(state, command);
      return [{ type: 'HandlerSucceeded', data: command.event }];
    case 'Park': {
      assertTurn(state, command);
      const { event, tries, cause, at } = command;
      return [{ type: 'HandlerParked', data: { ...event, tries, cause, at } }];
    }
    case 'Retry': {
      if (parkedIn(state, command.eventId).retrying) return [];
      const { eventId, actor, reason } = command;
      return [{ type: 'HandlerRetried', data: { eventId, actor, ...(reason !== undefined && { reason }) } }];
    }
    case 'Discard': {
      const { eventId, actor, reason } = command;
      parkedIn(state, eventId);
      return [{ type: 'HandlerDiscarded', data: { eventId, actor, reason } }];
    }
  }
}

function evolve(state: HandlerState, event: HandlerEvent): HandlerState {
  switch (event.type) {
    case 'HandlerRegistered':
      return { ...state, registered: true };
    case 'HandlerSucceeded':
      return behind(state, event.data);
    case 'HandlerParked': {
      const { at, ...parked } = event.data;
      const next = behind(state, event.data);
      return { ...next, parked: [...next.parked, { ...parked, parkedAt: at, retrying: false }] };
    }
    case 'HandlerRetried':
      return {
        ...state,
        parked: state.parked.map((one) => (one.eventId === event.data.eventId ? { ...one, retrying: true } : one)),
      };
    case 'HandlerDiscarded':
      return { ...state, parked: without(state, event.data.eventId) };
  }
}

/** H1: of an event that is tried again, that it still is to be; of a new one, that nobody else has gone on meanwhile. */
function assertTurn({ last, parked }: HandlerState, { event, after }: { event: HandledEvent; after: string | null }): void {
  const again = parked.find(({ eventId }) => eventId === event.eventId);
  if (again ? again.retrying : (last?.eventId ?? null) === after) return;
  throw new SlipwayError('epoch-old', `Another replica has gone on behind ${event.eventId}`);
}

/** What was tried again was behind it already. */
function behind(state: HandlerState, { eventId, name, stream, revision }: HandledEvent): HandlerState {
  const again = state.parked.some((one) => one.eventId === eventId);
  return { ...state, last: again ? state.last : { eventId, name, stream, revision }, parked: without(state, eventId) };
}

const without = ({ parked }: HandlerState, eventId: string): ParkedEvent[] => parked.filter((one) => one.eventId !== eventId);

function parkedIn({ parked }: HandlerState, eventId: string): ParkedEvent {
  const found = parked.find((one) => one.eventId === eventId);
  if (found) return found;
  throw new SlipwayError('not-found', `It has parked no event ${eventId.slice(0, 64)}`);
}
