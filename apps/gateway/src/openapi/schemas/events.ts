import { CATEGORIES, type EventView } from '@slipway/contracts';
import type { HandlerList, HandlerView, ParkedEvent } from '@slipway/contracts/http';
import {
  actor,
  count,
  described,
  flag,
  json,
  list,
  object,
  oneOf,
  optional,
  pageOf,
  position,
  ref,
  text,
  time,
  type Schema,
} from './schema.js';

/** What was recorded, and who handles it. */
export const EVENT_SCHEMAS: Record<string, Schema> = {
  EventPage: pageOf(ref('EventView')),
  EventView: object<EventView>({
    id: { ...text, format: 'uuid' },
    position,
    stream: { ...text, example: 'request-6f1c…' },
    revision: count,
    category: oneOf(CATEGORIES),
    type: { ...text, example: 'RequestAccepted' },
    version: described(count, 'Schema version of `data`.'),
    recordedAt: time,
    environment: optional(text),
    requestId: optional(text),
    ownerId: optional(text),
    actor: optional(actor),
    correlationId: optional(described(text, '`X-Request-Id` of the call that caused it.')),
    logToken: optional(text),
    causationId: optional(text),
    data: json,
  }),
  HandlerList: object<HandlerList>({ items: list(ref('HandlerView')) }),
  HandlerView: object<HandlerView>({
    name: text,
    file: optional(described(text, 'The file or package, as configured; left out when it is not configured any more.')),
    names: described(list(text), 'What it listens to; empty while it cannot be loaded.'),
    replica: optional(described(text, 'The replica that works on it.')),
    problem: optional(described(text, 'Why it does not work, or what it is just trying again.')),
    parkedCount: described(count, 'How many events are parked.'),
    parked: described(
      list(
        object<ParkedEvent>({
          eventId: text,
          name: { ...text, example: 'dfe.provisioned' },
          stream: text,
          revision: count,
          parkedAt: time,
          tries: count,
          cause: described(ref('Cause'), 'Why the last try failed.'),
          retrying: described(flag, 'Somebody has asked for it to be handled again, and it was not yet.'),
        }),
      ),
      'The oldest of them: of one handler at most 100, in the list of all at most 5 each.',
    ),
  }),
};
