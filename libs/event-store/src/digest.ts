import { hash } from 'node:crypto';

/** What of an event its digest covers, beside data and metadata. All are free of line feeds, so the text is unambiguous. */
export interface DigestedEvent {
  stream: string;
  revision: number;
  id: string;
  type: string;
  version: number;
  /** As JSON text, byte for byte as it is stored. */
  data: string;
  metadata: string;
  /** Milliseconds since the epoch; where a server stamps the time itself it is left out. */
  recordedAt?: number;
}

/**
 * SHA-256 (base64url, 43 characters) of an event and of its place: a flipped bit, and an event that was moved to another
 * stream or revision, are both seen when it is read. Written into logs that exist: this text never changes.
 */
export const digestOf = (event: DigestedEvent): string =>
  hash(
    'sha256',
    `${event.stream}\n${event.revision}\n${event.id}\n${event.type}\n${event.version}\n${event.recordedAt ?? ''}\n${event.data}\n${event.metadata}`,
    'base64url',
  );
