import {
  SlipwayError,
  streamName,
  type Actor,
  type JsonObject,
  type RequestContext,
  type RequestEvent,
} from '@slipway/contracts';
import { NO_STREAM, type EventMetadata, type NewEvent, type Position, type RecordedEvent } from '@slipway/event-store';
import { recordable, whole } from '../large-events.js';
import type { Ports } from '../ports.js';
import { request } from '../request/request.js';
import type { RequestCommand } from '../request/state.js';

/** How often it decides again when others append at the same time. */
const TRIES = 20;

/** One request's stream, folded as it grows. One thing at a time may use it. */
export class RequestStream {
  readonly stream: string;
  state = request.initialState();
  revision = NO_STREAM;
  /** Of its newest known event. */
  position: Position | undefined;
  /** Of its acceptance. */
  acceptedAt: Position | undefined;
  /** Of the event that accepted it: who asked, and through which call. */
  #origin: EventMetadata | undefined;
  #doubtful = false;

  constructor(
    readonly id: string,
    private readonly ports: Pick<Ports, 'store' | 'blobs' | 'ids'>,
  ) {
    this.stream = streamName('request', id);
  }

  /** Of what is recorded without a caller. */
  get metadata(): EventMetadata {
    return this.#origin ?? { requestId: this.id, actor: { id: 'orchestrator', type: 'system' } };
  }

  /** The context that all work for it runs in. */
  get context(): RequestContext {
    const { correlationId = this.id, actor, trace, logToken } = this.metadata;
    return {
      correlationId,
      requestId: this.id,
      actor,
      ...(trace !== undefined && { trace }),
      ...(logToken !== undefined && { logToken }),
    };
  }

  /** What a caller's command records. */
  metadataFor({ actor, correlationId, trace, logToken }: RequestContext): EventMetadata {
    const { environment, ownerId } = this.metadata;
    return {
      requestId: this.id,
      correlationId,
      actor,
      ...(environment !== undefined && { environment }),
      ...(ownerId !== undefined && { ownerId }),
      ...(trace !== undefined && { trace }),
      ...(logToken !== undefined && { logToken }),
    };
  }

  /** Reads what is new; says whether there was anything. */
  async refresh(): Promise<boolean> {
    const events = await this.ports.store.read(this.stream, { from: this.revision + 1 });
    for (const recorded of events) await this.#fold(recorded);
    this.#doubtful = false;
    return events.length > 0;
  }

  /**
   * Decides and appends; what was recorded. Throws what the decider throws, and the log's errors: then the stream is read
   * again before anything else is decided.
   */
  async apply(command: RequestCommand, metadata?: EventMetadata): Promise<RequestEvent[]> {
    if (this.#doubtful) await this.refresh();
    for (let left = TRIES; ; left -= 1) {
      const events = request.decide(this.state, command);
      if (events.length === 0) return events;
      const recorded = await Promise.all(events.map((event) => this.#newEvent(event, metadata ?? this.metadata)));
      try {
        const { revision, position } = await this.ports.store.append(this.stream, this.revision, recorded);
        this.#learn(events, recorded[0]!.metadata, revision, position);
        return events;
      } catch (error) {
        this.#doubtful = true;
        if (!(error instanceof SlipwayError) || error.code !== 'wrong-revision' || left <= 1) throw error;
        await this.refresh();
      }
    }
  }

  #learn(events: RequestEvent[], metadata: EventMetadata, revision: number, position: Position): void {
    for (const event of events) this.state = request.evolve(this.state, event);
    if (events[0]!.type === 'RequestAccepted') [this.#origin, this.acceptedAt] = [metadata, position];
    [this.revision, this.position] = [revision, position];
  }

  async #newEvent(event: RequestEvent, metadata: EventMetadata): Promise<NewEvent> {
    const { type, data } = await recordable(event, this.ports.blobs);
    return { id: this.ports.ids(), type, data: data as unknown as JsonObject, metadata };
  }

  async #fold({ type, data, metadata, revision, position }: RecordedEvent): Promise<void> {
    const event = await whole({ type, data } as unknown as RequestEvent, this.ports.blobs);
    this.#learn([event], metadata, revision, position);
  }
}

/** Slipway itself, where nobody asked. */
export const SYSTEM: Actor = { id: 'orchestrator', type: 'system' };
