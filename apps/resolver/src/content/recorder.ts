import { randomUUID } from 'node:crypto';
import { SlipwayError, type JsonObject, type RequestContext } from '@slipway/contracts';
import type { EventStore, Position } from '@slipway/event-store';
import { CONTENT_STREAM, type DecidedEvent } from './recorded.js';
import type { RecordedState } from './recorded-content.js';

/** How often it decides again when other replicas append at the same time. */
const TRIES = 20;

export interface Decision {
  /** What it rests on. */
  state: RecordedState;
  /** What is to be recorded; nothing where it is so already. */
  event: DecidedEvent | undefined;
}

/** Where it was recorded, or stood already. */
export interface Recording {
  position: Position;
  repeated?: true;
}

/**
 * Records decisions about content.
 *
 * U2. What is recorded was decided on all that was recorded before it: else it is decided again.
 * U3. When an event is recorded, all blobs that it names are durable: `keep` puts them there, and is not called for what is refused.
 */
export class ContentRecorder {
  constructor(private readonly store: Pick<EventStore, 'append'>) {}

  async record(
    { actor, correlationId, trace, logToken }: RequestContext,
    decide: () => Promise<Decision>,
    keep: () => Promise<void> = async () => {},
  ): Promise<Recording> {
    const metadata = { actor, correlationId, ...(trace !== undefined && { trace }), ...(logToken !== undefined && { logToken }) };
    let isKept = false;
    for (let left = TRIES; ; left -= 1) {
      const { state, event } = await decide();
      if (!event) return { position: state.position!, repeated: true };
      if (!isKept) {
        await keep();
        isKept = true;
        // That took its time, in which others may have recorded something.
        continue;
      }
      try {
        const data = event.data as unknown as JsonObject;
        const { position } = await this.store.append(CONTENT_STREAM, state.revision, [
          { id: randomUUID(), type: event.type, data, metadata },
        ]);
        return { position };
      } catch (error) {
        if (!(error instanceof SlipwayError) || error.code !== 'wrong-revision' || left <= 1) throw error;
      }
    }
  }
}
