import { categoryOf, type EventView } from '@slipway/contracts';
import type { RecordedEvent } from '@slipway/event-store';

/** A recorded event as REST and WebSocket show it. */
export function eventView({ metadata, ...event }: RecordedEvent): EventView {
  const { environment, requestId, ownerId, actor, correlationId, logToken, causationId } = metadata;
  return {
    id: event.id,
    position: event.position,
    stream: event.stream,
    revision: event.revision,
    category: categoryOf(event.stream),
    type: event.type,
    version: event.version,
    recordedAt: event.recordedAt,
    ...(environment !== undefined && { environment }),
    ...(requestId !== undefined && { requestId }),
    ...(ownerId !== undefined && { ownerId }),
    actor,
    ...(correlationId !== undefined && { correlationId }),
    ...(logToken !== undefined && { logToken }),
    ...(causationId !== undefined && { causationId }),
    data: event.data,
  };
}
