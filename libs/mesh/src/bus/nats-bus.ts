import { NoRespondersError, TimeoutError, type Msg } from '@nats-io/transport-node';
import { SlipwayError, subject as subjectOf, type ServiceName } from '@slipway/contracts';
import { currentContext, runInContext } from '../context/context.js';
import type { Connection } from './connection.js';
import { ConnectionLost, Inbox } from './inbox.js';
import type { Bus, RequestOptions } from './port.js';
import { decodeBody, decodeContext, decodeError, encodeBody, encodeContext } from './wire.js';

/** How long a request waits for its answer when nothing else is said, in ms. */
export const DEFAULT_TIMEOUT = 2_000;

/**
 * The {@link Bus} over NATS: bare JSON, the context in headers.
 *
 * B1. Nothing is buffered: while there is no connection every request fails at once, and those under way fail when it is
 *     lost (`timed-out`: they may have been handled).
 * B2. A request never outlives its caller's own deadline.
 */
export class NatsBus implements Bus {
  readonly #inbox: Inbox;

  constructor(
    private readonly connection: Connection,
    private readonly mesh: string,
    /** Told of published messages that a listener could not handle. */
    private readonly failed: (subject: string, error: unknown) => void = () => {},
  ) {
    this.#inbox = new Inbox(connection);
  }

  connected(): boolean {
    return this.connection.connected();
  }

  async request<Answer>(service: ServiceName, verb: string, body: unknown, options: RequestOptions = {}): Promise<Answer> {
    const { location, timeoutMs = DEFAULT_TIMEOUT, context = currentContext() } = options;
    const subject = subjectOf(this.mesh, service, verb, location);
    if (!this.connected()) throw new SlipwayError('unreachable', `No connection to NATS, so ${subject} cannot be asked`);
    const now = Date.now();
    const deadline = Math.min(now + timeoutMs, context.deadline ?? Infinity);
    if (deadline <= now) throw new SlipwayError('timed-out', `The deadline had passed before ${subject} was asked`);
    const data = encodeBody(body);
    const headers = encodeContext(context, deadline);
    let answer: Msg;
    try {
      answer = await this.#inbox.request(subject, data, headers, deadline - now);
    } catch (error) {
      const where = location === undefined ? service : `${service} at ${location}`;
      throw named(error, where, verb, deadline - now);
    }
    const error = decodeError(answer.headers, answer.data);
    if (error) throw error;
    return decodeBody(answer.data) as Answer;
  }

  publish(subject: string, body: unknown): void {
    if (!this.connected()) return;
    this.connection.nats.publish(subject, encodeBody(body), { headers: encodeContext(currentContext()) });
  }

  subscribe(subject: string, handler: (body: unknown, subject: string) => void): () => void {
    const subscription = this.connection.nats.subscribe(subject, {
      callback: (error, message) => {
        try {
          if (error) throw error;
          runInContext(decodeContext(message.headers), () => handler(decodeBody(message.data), message.subject));
        } catch (cause) {
          this.failed(subject, cause);
        }
      },
    });
    return () => subscription.unsubscribe();
  }
}

/** What went wrong, as one of our codes. */
function named(error: unknown, where: string, verb: string, ms: number): SlipwayError {
  if (error instanceof NoRespondersError) {
    return new SlipwayError('no-server', `Nobody serves ${where}`, { where, verb }, { cause: error });
  }
  if (error instanceof TimeoutError) {
    return new SlipwayError('timed-out', `${where} did not answer to ${verb} in ${ms} ms`, { where, verb, ms }, { cause: error });
  }
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof ConnectionLost) return new SlipwayError('timed-out', `${where}, ${verb}: ${reason}`, { where, verb });
  return new SlipwayError('unreachable', `${where} cannot be asked to ${verb}: ${reason}`, { where, verb }, { cause: error });
}
