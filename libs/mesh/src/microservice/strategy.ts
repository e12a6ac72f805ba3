import type { Msg, Subscription } from '@nats-io/transport-node';
import { NatsContext, Server, Transport, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import { isObservable, lastValueFrom } from 'rxjs';
import { SlipwayError, causeOf, subject, type Cause, type RequestContext, type ServiceName } from '@slipway/contracts';
import type { Connection } from '../bus/connection.js';
import { decodeBody, decodeContext, encodeBody, encodeError } from '../bus/wire.js';
import { runInContext } from '../context/context.js';
import type { MessageMetrics } from '../metrics/message-metrics.js';

export interface StrategyOptions {
  mesh: string;
  service: ServiceName;
  connection: Connection;
  metrics: MessageMetrics;
  /** Places that this replica serves; those of a service whose work has no place: none. */
  locations: readonly string[];
  /** How long what is under way may take when it stops, in ms. */
  drainMs: number;
}

/**
 * A Nest microservice's transport on a connection of the process: each `@MessagePattern(verb)` is subscribed as
 * `slipway.<mesh>.<service>.<verb>` with the queue group `<service>`, and once for each location.
 *
 * M1. Every message with a reply subject is answered: with a result (`null` when the handler returns nothing) or an error.
 * M2. A handler runs in the context that came with the message; when it is answered, its deadline is taken away, so that
 *     what goes on behind the answer is not cut short by a caller who waits no more.
 * M3. A message whose deadline has passed is refused without being handled: its caller has given up.
 * M4. `close` takes no new message, and leaves when the last one under way is answered.
 */
export class MeshStrategy extends Server implements CustomTransportStrategy {
  override readonly transportId = Transport.NATS;
  readonly #locations = new Set<string>();
  #subscriptions: Subscription[] = [];
  #listening = false;
  #underWay = 0;
  #idle: (() => void) | undefined;

  constructor(private readonly options: StrategyOptions) {
    super();
    for (const location of options.locations) this.#locations.add(location);
  }

  async listen(callback: (error?: unknown) => void): Promise<void> {
    this.#listening = true;
    this.bindEvents(undefined);
    for (const location of this.#locations) this.bindEvents(location);
    // Answered by the server when it knows the subscriptions: who is told "ready" after this finds us.
    try {
      await this.options.connection.nats.flush();
    } catch (error) {
      callback(error);
      return;
    }
    callback();
  }

  /** Serves one more location from now on. */
  async addLocation(location: string): Promise<void> {
    if (this.#locations.has(location)) return;
    this.#locations.add(location);
    if (!this.#listening) return;
    this.bindEvents(location);
    await this.options.connection.nats.flush();
  }

  get locations(): string[] {
    return [...this.#locations];
  }

  /** Subscribes every verb, at a location or at none. */
  bindEvents(location: string | undefined): void {
    const { mesh, service, connection } = this.options;
    const queue = location === undefined ? service : `${service}.${location}`;
    for (const [verb, handler] of this.messageHandlers) {
      const callback = (error: Error | null, message: Msg) => {
        if (error) this.logger.error(error);
        else void this.#receive(verb, handler, message);
      };
      this.#subscriptions.push(connection.nats.subscribe(subject(mesh, service, verb, location), { queue, callback }));
    }
  }

  async close(): Promise<void> {
    this.#listening = false;
    const { connection, drainMs } = this.options;
    const subscriptions = this.#subscriptions;
    this.#subscriptions = [];
    const drained = (async () => {
      // Draining lets in what the server has sent already, but does not wait for handlers.
      await Promise.all(subscriptions.map((subscription) => subscription.drain()));
      if (this.#underWay > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
      // The answer of the last one is written at the end of this turn.
      await new Promise((resolve) => setImmediate(resolve));
      await connection.nats.flush();
    })();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, connection.connected() ? drainMs : 0)));
    await Promise.race([drained.catch((error) => this.logger.error(error)), late]).finally(() => clearTimeout(timer));
  }

  on(): never {
    throw new Error('Ask the Connection: onLost, onBack');
  }

  unwrap<T>(): T {
    return this.options.connection.nats as T;
  }

  async #receive(verb: string, handler: MessageHandler, message: Msg): Promise<void> {
    const { metrics } = this.options;
    const began = performance.now();
    metrics.inFlight++;
    this.#underWay++;
    const context = decodeContext(message.headers);
    let code: string = 'ok';
    try {
      const answer = await runInContext(context, () => this.#handle(handler, message, context));
      if (message.reply) message.respond(encodeBody(answer));
    } catch (error) {
      const cause = isCause(error) ? error : causeOf(error);
      code = cause.code;
      this.#refuse(message, cause);
    } finally {
      context.deadline = undefined;
      metrics.handled(verb, code, (performance.now() - began) / 1000);
      metrics.inFlight--;
      if (--this.#underWay === 0) this.#idle?.();
    }
  }

  async #handle(handler: MessageHandler, message: Msg, context: RequestContext): Promise<unknown> {
    if (context.deadline !== undefined && context.deadline < Date.now()) {
      throw new SlipwayError('timed-out', 'The deadline had passed before the message was handled: nothing was done');
    }
    const result: unknown = await handler(decodeBody(message.data), new NatsContext([message.subject, message.headers]));
    return isObservable(result) ? lastValueFrom(result, { defaultValue: null }) : result;
  }

  #refuse(message: Msg, cause: Cause): void {
    if (!message.reply) return;
    try {
      const { data, headers } = encodeError(cause);
      message.respond(data, { headers });
    } catch (error) {
      // The connection is gone; so is the caller.
      this.logger.error(error);
    }
  }
}

/** What {@link ErrorFilter} throws is a cause already. */
const isCause = (error: unknown): error is Cause =>
  typeof error === 'object' && error !== null && !(error instanceof Error) && 'code' in error && 'hint' in error;
