import type { completionSubject, eventSubject } from '@slipway/contracts';
import type { Position, ReadFilter, RecordedEvent } from '@slipway/event-store';

/** One JetStream stream that is fed from the event log: what of it goes there, and in which form. */
export interface Outlet {
  /** Of the JetStream stream. */
  readonly stream: string;
  readonly subjects: string[];
  readonly description: string;
  /** Which events go there; all when left out. */
  readonly filter?: ReadFilter;
  /** The messages of events: at most one of each, in their order. */
  messages(events: RecordedEvent[]): Promise<OutgoingMessage[]>;
}

export interface OutgoingMessage {
  subject: ReturnType<typeof eventSubject> | ReturnType<typeof completionSubject>;
  data: Uint8Array;
  /** Of the event that it tells. */
  position: Position;
  eventId: string;
}
