import { jsonEvent, type EventData } from '@kurrent/kurrentdb-client';
import { SlipwayError, instant, type JsonObject } from '@slipway/contracts';
import type { AdmittedEvent } from '../admission.js';
import { digestOf } from '../digest.js';
import type { EventMetadata, Position, RecordedEvent } from '../port.js';

/** What stands in KurrentDB's custom metadata. Names with `$` are the server's own, for its projections. */
interface StoredMetadata {
  version: number;
  recordedAt: number;
  digest: string;
  metadata: EventMetadata;
  $correlationId?: string;
  $causationId?: string;
}

/** What of the client's recorded events is used here; it has parsed data and metadata already. */
export interface StoredEvent {
  streamId: string;
  id: string;
  type: string;
  revision: bigint;
  data: unknown;
  metadata?: unknown;
  position?: { commit: bigint };
}

/** An event as it is sent. */
export function toStored(stream: string, revision: number, event: AdmittedEvent, recordedAt: number): EventData {
  const metadata = JSON.parse(event.metadata) as EventMetadata;
  const stored: StoredMetadata = {
    version: event.version,
    recordedAt,
    digest: digestOf({ ...event, stream, revision, recordedAt }),
    metadata,
    ...(metadata.requestId && { $correlationId: metadata.requestId }),
    ...(metadata.causationId && { $causationId: metadata.causationId }),
  };
  return jsonEvent({ id: event.id, type: event.type, data: JSON.parse(event.data), metadata: stored });
}

/**
 * An event as it is read, checked. What `JSON.stringify` wrote is the same text again after parsing and writing, so the
 * SHA-256 of the text can be taken although the client hands out values.
 */
export function fromStored(event: StoredEvent, position: Position): RecordedEvent {
  const { streamId: stream, id, type, data } = event;
  const revision = Number(event.revision);
  const { version, recordedAt, digest, metadata } = (event.metadata ?? {}) as Partial<StoredMetadata>;
  const texts = { data: JSON.stringify(data), metadata: JSON.stringify(metadata) };
  if (!version || !recordedAt || digest !== digestOf({ stream, revision, id, type, version, recordedAt, ...texts }))
    throw damaged(stream, revision, position, 'it is not what was recorded (SHA-256)');
  return {
    id,
    type,
    version,
    data: data as JsonObject,
    metadata: metadata!,
    stream,
    revision,
    position,
    recordedAt: instant(recordedAt),
  };
}

/** Milliseconds since the epoch; 0 for what is not ours. */
export const timeOf = (event: StoredEvent): number => (event.metadata as Partial<StoredMetadata> | undefined)?.recordedAt ?? 0;

export const damaged = (stream: string, revision: number, position: Position, reason: string): SlipwayError =>
  new SlipwayError('log-damaged', `Revision ${revision} of ${stream} (position ${position}): ${reason}`, {
    stream,
    revision,
    position,
    reason,
  });
