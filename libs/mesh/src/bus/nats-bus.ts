import { NoRespondersError, TimeoutError, type Msg } from '@nats-io/transport-node';
import { SlipwayError, subject as subjectOf, type ServiceName } from '@slipway/contracts';
import { currentContext } from '../context/context.js';
import type { Connection } from './connection.js';
import type { Bus, RequestOptions } from './port.js';
import { decodeBody, decodeError, encodeBody, encodeContext } from './wire.js';

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
  readonly #underWay = new Set<(error: SlipwayError) => void>();

  constructor(
    private readonly connection: Connection,
    private readonly mesh: string,
    private readonly failed: (subject: string, error: unknown) => void = () => {},
  ) {
    connection.onLost(() => {
      const error = new SlipwayError('timed-out', 'The connection to NATS was lost before the answer came');
      for (const reject of this.#underWay) reject(error);
      this.#underWay.clear();
    });
  }

  connected(): boolean {
    return this.connection.connected();
  }

  async request<Answer>(service: ServiceName, verb: string, body: unknown, options: RequestOptions = {}): Promise<Answer> {
    const where = options.location === undefined ? service : `${service} at ${options.location}`;
    if (!this.connected()) throw new SlipwayError('unreachable', `No connection to NATS, so ${where} cannot be asked`);
    const context = options.context ?? currentContext();
    const now = Date.now();
    const deadline = Math.min(now + (options.timeoutMs ?? DEFAULT_TIMEOUT), context.deadline ?? Infinity);
    if (deadline <= now) throw new SlipwayError('timed-out', `The deadline had passed before ${where} was asked to ${verb}`);
    const data = encodeBody(body);
    const subject = subjectOf(this.mesh, service, verb, options.location);
    const answer = await this.#send(subject, data, context, deadline, deadline - now).catch((error: unknown) => {
      throw this.#named(error, where, verb, deadline - now);
    });
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
          handler(decodeBody(message.data), message.subject);
        } catch (cause) {
          this.failed(subject, cause);
        }
      },
    });
    return () => subscription.unsubscribe();
  }

  #send(
    subject: string,
    data: Uint8Array,
    context: Parameters<typeof encodeContext>[0],
    deadline: number,
    ms: number,
  ): Promise<Msg> {
    return new Promise((resolve, reject) => {
      this.#underWay.add(reject);
      this.connection.nats
        .request(subject, data, { timeout: ms, headers: encodeContext(context, deadline) })
        .then(resolve, reject)
        .finally(() => this.#underWay.delete(reject));
    });
  }

  #named(error: unknown, where: string, verb: string, ms: number): SlipwayError {
    if (error instanceof SlipwayError) return error;
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    if (cause instanceof NoRespondersError) {
      return new SlipwayError('no-server', `Nobody serves ${where}`, { where, verb }, { cause: error });
    }
    if (cause instanceof TimeoutError) {
      return new SlipwayError(
        'timed-out',
        `${where} did not answer to ${verb} in ${ms} ms`,
        { where, verb, ms },
        { cause: error },
      );
    }
    const reason = cause instanceof Error ? cause.message : String(cause);
    return new SlipwayError('unreachable', `${where} cannot be asked to ${verb}: ${reason}`, { where, verb }, { cause: error });
  }
}
