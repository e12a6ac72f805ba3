import { categoryOf, eventSubject, type Category } from '@slipway/contracts';
import { eventView } from './event-view.js';
import type { Outlet } from './outlet.js';

/** Name of the JetStream stream of a mesh's recorded events. */
export const eventStreamName = (mesh: string): string => `SLIPWAY_${mesh.toUpperCase()}`;

const ENCODER = new TextEncoder();

/** Every recorded event, on `slipway.<mesh>.events.<category>.<event>`. */
export const recordedEvents = (mesh: string): Outlet => ({
  stream: eventStreamName(mesh),
  subjects: [`slipway.${mesh}.events.>`],
  description: 'What was recorded in the event log, in order',
  messages: async (events) =>
    events.map((event) => ({
      subject: eventSubject(mesh, categoryOf(event.stream) as Category, event.type),
      data: ENCODER.encode(JSON.stringify(eventView(event))),
      position: event.position,
      eventId: event.id,
    })),
});
