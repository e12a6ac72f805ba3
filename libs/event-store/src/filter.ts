import { categoryOf } from '@slipway/contracts';
import type { ReadFilter, RecordedEvent } from './port.js';

/** Whether an event passes a filter. */
export const passes = (event: RecordedEvent, filter: ReadFilter): boolean =>
  (!filter.categories || filter.categories.includes(categoryOf(event.stream))) &&
  (!filter.types || filter.types.includes(event.type)) &&
  (filter.environment === undefined || filter.environment === event.metadata.environment) &&
  (filter.requestId === undefined || filter.requestId === event.metadata.requestId) &&
  (filter.ownerId === undefined || filter.ownerId === event.metadata.ownerId);
