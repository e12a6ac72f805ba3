import { instant } from '@slipway/contracts';
import type { Position, RecordedEvent } from './port.js';

/** An event as it is stored: what it holds as JSON text. */
export interface WrittenEvent {
  id: string;
  type: string;
  version: number;
  data: string;
  metadata: string;
}

/** Where and when it was recorded; `recordedAt` in ms since the epoch. */
interface Place {
  stream: string;
  revision: number;
  position: Position;
  recordedAt: number;
}

/** A stored event as readers get it. */
export const recordedEvent = (
  { id, type, version, data, metadata }: WrittenEvent,
  { stream, revision, position, recordedAt }: Place,
): RecordedEvent => ({
  id,
  type,
  version,
  data: JSON.parse(data),
  metadata: JSON.parse(metadata),
  stream,
  revision,
  position,
  recordedAt: instant(recordedAt),
});
