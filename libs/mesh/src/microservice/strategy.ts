import type { Msg, Subscription } from '@nats-io/transport-node';
import { NatsContext, Server, Transport, type CustomTransportStrategy, type MessageHandler } from '@nestjs/microservices';
import type { Logger } from 'pino';
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
  log: Logger;
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
  readonly #subscriptions: Subscription[] = [];
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
        if (error) {
          this.options.log.error({ err: error }, 'NATS refused a subscription');
          return;
        }
        const context = decodeContext(message.headers);
        void runInContext(context, () => this.#receive(verb, handler, message, context));
      };
      this.#subscriptions.push(connection.nats.subscribe(subject(mesh, service, verb, location), { queue, callback }));
    }
  }

  async close(): Promise<void> {
    this.#listening = false;
    const { drainMs, log } = this.options;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(() => {
        log.warn({ underWay: this.#underWay }, 'Stopping although messages are still under way');
        resolve();
      }, drainMs);
    });
    await Promise.race([this.#drain(), late]).finally(() => clearTimeout(timer));
  }

  async #drain(): Promise<void> {
    const { connection, log } = this.options;
    const subscriptions = this.#subscriptions.splice(0);
    try {
      // Draining lets in what the server has sent already, but does not wait for handlers. Without a connection nothing comes.
      if (connection.connected()) await Promise.all(subscriptions.map((subscription) => subscription.drain()));
      else for (const subscription of subscriptions) subscription.unsubscribe();
      if (this.#underWay > 0) await new Promise<void>((resolve) => (this.#idle = resolve));
      // The answer of the last one is written at the end of this turn.
      await new Promise((resolve) => setImmediate(resolve));
      if (connection.connected()) await connection.nats.flush();
    } catch (error) {
      log.warn({ err: error }, 'The connection to NATS was lost while the service stopped');
    }
  }

  on(): never {
    throw new Error('Ask the Connection: onLost, onBack');
  }

  unwrap<T>(): T {
    return this.options.connection.nats as T;
  }

  /** Runs in the message's context. */
  async #receive(verb: string, handler: MessageHandler, message: Msg, context: RequestContext): Promise<void> {
    const { metrics, log } = this.options;
    const began = performance.now();
    metrics.inFlight++;
    this.#underWay++;
    const code = await this.#answer(handler, message, context);
    context.deadline = undefined;
    const ms = performance.now() - began;
    log.debug({ verb, code, ms }, 'Handled a message');
    metrics.handled(verb, code, ms / 1000);
    metrics.inFlight--;
    if (--this.#underWay === 0) this.#idle?.();
  }

  /** Handles and answers; `ok` or the code of the error that was the answer. */
  async #answer(handler: MessageHandler, message: Msg, context: RequestContext): Promise<string> {
    try {
      const answer = encodeBody(await this.#handle(handler, message, context));
      if (message.reply) message.respond(answer);
      return 'ok';
    } catch (error) {
      const cause = isCause(error) ? error : causeOf(error);
      this.#refuse(message, cause);
      return cause.code;
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
      this.options.log.warn({ err: error }, 'An answer could not be sent');
    }
  }
}

/** What {@link ErrorFilter} throws is a cause already. */
const isCause = (error: unknown): error is Cause =>
  typeof error === 'object' && error !== null && !(error instanceof Error) && 'code' in error && 'hint' in error;
