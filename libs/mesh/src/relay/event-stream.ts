import {
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
  jetstreamManager,
  type JetStreamManager,
  type StoredMsg,
} from '@nats-io/jetstream';
import { headers, nanos } from '@nats-io/transport-node';
import { categoryOf, eventSubject, type Category } from '@slipway/contracts';
import type { Position, RecordedEvent } from '@slipway/event-store';
import type { Connection } from '../bus/connection.js';
import { Inbox } from '../bus/inbox.js';
import { eventView } from './event-view.js';

/** Headers of a relayed event beyond those of JetStream. */
export const RELAY_HEADERS = {
  /** The event's own position in the log. */
  position: 'Slipway-Position',
  /** Position of the event that was relayed before it; none for the first. Another one than the last seen: a gap. */
  previous: 'Slipway-Previous-Position',
  /** Replica that published it. */
  relay: 'Slipway-Relay',
} as const;

/** Name of the JetStream stream of a mesh's recorded events. */
export const eventStreamName = (mesh: string): string => `SLIPWAY_${mesh.toUpperCase()}`;

/** How much a stream keeps for subscribers that are away; the oldest go first. */
export interface StreamLimits {
  maxBytes: number;
  /** Copies in a cluster of NATS servers. */
  replicas: number;
}

/** Where the stream ends. */
export interface StreamEnd {
  sequence: number;
  /** Of the last message; none while the stream is empty. */
  position?: Position;
  relay?: string;
}

/** Somebody else has published meanwhile: what was decided here rests on an end that is no more. */
export class Overtaken extends Error {
  override readonly name = 'Overtaken';
}

/** `wrong last sequence`: JetStream's refusal of a publisher that does not know the stream's end. */
const WRONG_LAST_SEQUENCE = 10_071;
const WRONG_LAST_ID = 10_070;
const NAME_IN_USE = 10_058;
const NO_MESSAGE_FOUND = 10_037;
/** How long JetStream remembers message ids. */
const DUPLICATE_WINDOW_MS = 120_000;
/** Messages published before an acknowledgement is awaited. */
const WINDOW = 256;
const ACK_TIMEOUT_MS = 2_000;
const ENCODER = new TextEncoder();

/** JetStream's answer to a message that is to be stored (ADR-1, `io.nats.jetstream.api.v1.pub_ack_response`). */
interface Acknowledgement {
  seq?: number;
  duplicate?: boolean;
  error?: { code: number; err_code?: number; description: string };
}

/**
 * The JetStream stream of recorded events, `slipway.<mesh>.events.>`, as its relay sees it.
 */
export class EventStream {
  readonly #inbox: Inbox;
  #manager: JetStreamManager | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly mesh: string,
    private readonly replica: string,
    private readonly limits: StreamLimits,
  ) {
    this.#inbox = new Inbox(connection);
  }

  /** Makes the stream unless it is there; brings its limits up to the configuration. */
  async ensure(): Promise<void> {
    const name = eventStreamName(this.mesh);
    const { streams } = await this.#management();
    const settings = {
      subjects: [`slipway.${this.mesh}.events.>`],
      // Never by age: the last message tells where to resume, so it must outlive every silence.
      max_bytes: this.limits.maxBytes,
      num_replicas: this.limits.replicas,
      duplicate_window: nanos(DUPLICATE_WINDOW_MS),
      description: 'What was recorded in the event log, in order',
    };
    try {
      await streams.add({ name, retention: RetentionPolicy.Limits, storage: StorageType.File, ...settings });
    } catch (error) {
      if (!(error instanceof JetStreamApiError) || error.code !== NAME_IN_USE) throw error;
      await streams.update(name, settings);
    }
  }

  /** Where the stream ends now. */
  async end(): Promise<StreamEnd> {
    const name = eventStreamName(this.mesh);
    const { streams } = await this.#management();
    const { state } = await streams.info(name);
    // What somebody else may have published under these subjects tells nothing: the last of ours does.
    for (let seq = state.last_seq; state.messages > 0 && seq >= state.first_seq; seq--) {
      const message = await this.#stored(name, seq);
      const position = message?.header.get(RELAY_HEADERS.position);
      if (position) return { sequence: state.last_seq, position, relay: message!.header.get(RELAY_HEADERS.relay) };
    }
    return { sequence: state.last_seq };
  }

  async #management(): Promise<JetStreamManager> {
    return (this.#manager ??= await jetstreamManager(this.connection.nats, { timeout: ACK_TIMEOUT_MS }));
  }

  async #stored(stream: string, seq: number): Promise<StoredMsg | null> {
    try {
      const { streams } = await this.#management();
      return await streams.getMessage(stream, { seq });
    } catch (error) {
      if (error instanceof JetStreamApiError && error.code === NO_MESSAGE_FOUND) return null;
      throw error;
    }
  }

  /**
   * Publishes events in order behind `end`, and resolves with the new end when all are stored. Throws {@link Overtaken}
   * when the stream ended elsewhere, whatever JetStream threw otherwise; some of them may be stored then.
   */
  async publish(events: RecordedEvent[], end: StreamEnd): Promise<StreamEnd> {
    let reached = end;
    for (let from = 0; from < events.length; from += WINDOW)
      reached = await this.#publishWindow(events.slice(from, from + WINDOW), reached);
    return reached;
  }

  /**
   * Only the last message of a window is acknowledged: each is stored behind the one before it or not at all, so the last one
   * stands for all. The sequence alone would not be enough for that: a foreign message in between could make the next one's
   * expectation true again although the one before it was refused.
   */
  async #publishWindow(events: RecordedEvent[], end: StreamEnd): Promise<StreamEnd> {
    let { sequence, position } = end;
    let before: string | undefined;
    for (const event of events.slice(0, -1)) {
      const { subject, data, extra, id } = this.#message(event, sequence, position, before);
      this.connection.nats.publish(subject, data, { headers: extra });
      [sequence, position, before] = [sequence + 1, event.position, id];
    }
    const last = events.at(-1)!;
    const { subject, data, extra } = this.#message(last, sequence, position, before);
    const { error, duplicate, seq } = (await this.#inbox.request(subject, data, extra, ACK_TIMEOUT_MS)).json<Acknowledgement>();
    if (error?.err_code === WRONG_LAST_SEQUENCE || error?.err_code === WRONG_LAST_ID) throw new Overtaken(error.description);
    if (error) throw new Error(`JetStream refused ${last.position}: ${error.description}`);
    if (duplicate || seq !== sequence + 1) throw new Overtaken(`${last.position} was published by another relay`);
    return { sequence: seq, position: last.position, relay: this.replica };
  }

  /** As it is published: behind `sequence`, and behind the message `before` of the same window. */
  #message(event: RecordedEvent, sequence: number, previous: Position | undefined, before: string | undefined) {
    const id = messageId(event);
    const extra = headers();
    extra.append(RELAY_HEADERS.position, event.position);
    if (previous !== undefined) extra.append(RELAY_HEADERS.previous, previous);
    extra.append(RELAY_HEADERS.relay, this.replica);
    extra.append('Nats-Msg-Id', id);
    if (before !== undefined) extra.append('Nats-Expected-Last-Msg-Id', before);
    extra.append('Nats-Expected-Last-Sequence', String(sequence));
    const subject = eventSubject(this.mesh, categoryOf(event.stream) as Category, event.type);
    return { id, subject, extra, data: ENCODER.encode(JSON.stringify(eventView(event))) };
  }
}

/** A restored log publishes the same events anew under its new epoch: they are not duplicates. */
const messageId = (event: RecordedEvent): string => `${event.id}@${event.position.split('.')[1]}`;
