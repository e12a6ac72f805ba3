import {
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
  jetstreamManager,
  type JetStreamManager,
  type StoredMsg,
} from '@nats-io/jetstream';
import { headers, nanos, type MsgHdrs } from '@nats-io/transport-node';
import type { Position } from '@slipway/event-store';
import type { Connection } from '../bus/connection.js';
import { Inbox } from '../bus/inbox.js';
import type { OutgoingMessage, Outlet } from './outlet.js';

/** Headers of a relayed message beyond those of JetStream. */
export const RELAY_HEADERS = {
  /** Position of its event in the log. */
  position: 'Slipway-Position',
  /** Position of the event that was told before it; none for the first. Another one than the last seen: a gap. */
  previous: 'Slipway-Previous-Position',
  /** Replica that published it. */
  relay: 'Slipway-Relay',
} as const;

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

/** JetStream's answer to a message that is to be stored (ADR-1, `io.nats.jetstream.api.v1.pub_ack_response`). */
interface Acknowledgement {
  seq?: number;
  duplicate?: boolean;
  error?: { code: number; err_code?: number; description: string };
}

/** The JetStream stream of an outlet, as its relay sees it. */
export class EventStream {
  readonly #inbox: Inbox;
  #manager: JetStreamManager | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly outlet: Pick<Outlet, 'stream' | 'subjects' | 'description'>,
    private readonly replica: string,
    private readonly limits: StreamLimits,
  ) {
    this.#inbox = new Inbox(connection);
  }

  /** Makes the stream unless it is there; brings its limits up to the configuration. */
  async ensure(): Promise<void> {
    const { stream: name, subjects, description } = this.outlet;
    const { streams } = await this.#management();
    const settings = {
      subjects,
      // Never by age: the last message tells where to resume, so it must outlive every silence.
      max_bytes: this.limits.maxBytes,
      num_replicas: this.limits.replicas,
      duplicate_window: nanos(DUPLICATE_WINDOW_MS),
      description,
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
    const name = this.outlet.stream;
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
   * Publishes messages in order behind `end`, and resolves with the new end when all are stored. Throws {@link Overtaken}
   * when the stream ended elsewhere, whatever JetStream threw otherwise; some of them may be stored then.
   */
  async publish(messages: OutgoingMessage[], end: StreamEnd): Promise<StreamEnd> {
    let reached = end;
    for (let from = 0; from < messages.length; from += WINDOW)
      reached = await this.#publishWindow(messages.slice(from, from + WINDOW), reached);
    return reached;
  }

  /**
   * Only the last message of a window is acknowledged: each is stored behind the one before it or not at all, so the last one
   * stands for all. The sequence alone would not be enough for that: a foreign message in between could make the next one's
   * expectation true again although the one before it was refused.
   */
  async #publishWindow(messages: OutgoingMessage[], end: StreamEnd): Promise<StreamEnd> {
    let { sequence, position } = end;
    let before: string | undefined;
    for (const message of messages.slice(0, -1)) {
      const id = messageId(message);
      this.connection.nats.publish(message.subject, message.data, {
        headers: this.#headers(message, sequence, position, before),
      });
      [sequence, position, before] = [sequence + 1, message.position, id];
    }
    const last = messages.at(-1)!;
    const told = this.#headers(last, sequence, position, before);
    const answer = await this.#inbox.request(last.subject, last.data, told, ACK_TIMEOUT_MS);
    const { error, duplicate, seq } = answer.json<Acknowledgement>();
    if (error?.err_code === WRONG_LAST_SEQUENCE || error?.err_code === WRONG_LAST_ID) throw new Overtaken(error.description);
    if (error) throw new Error(`JetStream refused ${last.position}: ${error.description}`);
    if (duplicate || seq !== sequence + 1) throw new Overtaken(`${last.position} was published by another relay`);
    return { sequence: seq, position: last.position, relay: this.replica };
  }

  /** To be stored behind `sequence`, and behind the message `before` of the same window. */
  #headers(message: OutgoingMessage, sequence: number, previous: Position | undefined, before: string | undefined): MsgHdrs {
    const told = headers();
    told.append(RELAY_HEADERS.position, message.position);
    if (previous !== undefined) told.append(RELAY_HEADERS.previous, previous);
    told.append(RELAY_HEADERS.relay, this.replica);
    told.append('Nats-Msg-Id', messageId(message));
    if (before !== undefined) told.append('Nats-Expected-Last-Msg-Id', before);
    told.append('Nats-Expected-Last-Sequence', String(sequence));
    return told;
  }
}

/** A restored log publishes the same events anew under its new epoch: they are not duplicates. */
const messageId = ({ eventId, position }: OutgoingMessage): string => `${eventId}@${position.split('.')[1]}`;
