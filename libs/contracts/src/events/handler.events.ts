import type { Instant } from '../clock.js';
import type { Actor } from '../context.js';
import type { Cause } from '../errors.js';

/** An event as it came to a handler: its id, under which of the handler's names it came, and where it stands in the log. */
export interface HandledEvent {
  eventId: string;
  name: string;
  stream: string;
  revision: number;
}

/** What is recorded on `handler-<name>`. Owner: handlers. All that a handler has behind it, and what of it is parked. */
export type HandlerEvent =
  /** It is there for the first time: what is recorded from here on is for it. */
  | { type: 'HandlerRegistered'; data: { handler: string } }
  | { type: 'HandlerSucceeded'; data: HandledEvent }
  /** It failed each time: it goes on with the next event, and this one waits for a person. */
  | { type: 'HandlerParked'; data: HandledEvent & { tries: number; cause: Cause; at: Instant } }
  /** Somebody wants a parked event to be handled again. */
  | { type: 'HandlerRetried'; data: { eventId: string; actor: Actor; reason?: string } }
  /** Somebody answers for a parked event never being handled. */
  | { type: 'HandlerDiscarded'; data: { eventId: string; actor: Actor; reason: string } };
