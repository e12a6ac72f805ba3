import {
  SlipwayError,
  causeOf,
  subject as subjectOf,
  type Clock,
  type RequestContext,
  type ServiceName,
} from '@slipway/contracts';
import { seededRandom } from '@slipway/event-store/testing/seeded-random';
import { DEFAULT_TIMEOUT } from '../bus/nats-bus.js';
import type { Bus, RequestOptions } from '../bus/port.js';
import { decodeBody, encodeBody } from '../bus/wire.js';
import { currentContext, runInContext } from '../context/context.js';

/** One passage of a message: a request on its way, its answer on the way back, or something published. */
export interface Passage {
  leg: 'request' | 'answer' | 'publish';
  subject: string;
  body: unknown;
}

/** What becomes of a message: one delay in ms for each time it is delivered. `[]` loses it, `[0, 5]` doubles it. */
export type Faults = (passage: Passage, random: () => number) => number[];

export interface LocalBusOptions {
  mesh: string;
  /** Delays and time limits run on it. */
  clock: Clock;
  /** Repeats every fault. */
  seed?: number;
  /** Delivers everything once and at once when left out. */
  faults?: Faults;
}

type Handler = (body: unknown) => unknown;

/** Loses, doubles and delays (so reorders) with these probabilities; delays are spread evenly up to `delayMs`. */
export const randomFaults =
  (chances: { drop?: number; double?: number; delayMs?: number }): Faults =>
  (_passage, random) => {
    const delay = () => Math.floor(random() * (chances.delayMs ?? 0));
    if (random() < (chances.drop ?? 0)) return [];
    return random() < (chances.double ?? 0) ? [delay(), delay()] : [delay()];
  };

/**
 * A {@link Bus} in memory, for simulations: no socket, no wall clock, no random number that its seed does not repeat.
 * What passes goes through JSON, as on the wire, and meets {@link Faults}.
 */
export class LocalBus implements Bus {
  /** May be changed while it runs. */
  faults: Faults;
  readonly #random: () => number;
  readonly #servers = new Map<string, { handlers: Handler[]; next: number }>();
  readonly #subscribers = new Set<{ pattern: RegExp; handler: (body: unknown, subject: string) => void }>();
  #connected = true;

  constructor(private readonly options: LocalBusOptions) {
    this.#random = seededRandom(options.seed ?? 1);
    this.faults = options.faults ?? (() => [0]);
  }

  /** Answers a verb as one replica of a service; several take turns. The returned function ends it (a crash). */
  serve(service: ServiceName, verb: string, handler: Handler, location?: string): () => void {
    const subject = subjectOf(this.options.mesh, service, verb, location);
    const server = this.#servers.get(subject) ?? { handlers: [], next: 0 };
    this.#servers.set(subject, server);
    server.handlers.push(handler);
    return () => {
      server.handlers = server.handlers.filter((other) => other !== handler);
    };
  }

  /** Takes NATS away: nothing passes, also what is on its way. */
  disconnect(): void {
    this.#connected = false;
  }

  reconnect(): void {
    this.#connected = true;
  }

  connected(): boolean {
    return this.#connected;
  }

  request<Answer>(service: ServiceName, verb: string, body: unknown, options: RequestOptions = {}): Promise<Answer> {
    const subject = subjectOf(this.options.mesh, service, verb, options.location);
    const { clock } = this.options;
    const context = options.context ?? currentContext();
    return new Promise<Answer>((resolve, reject) => {
      if (!this.#connected) throw new SlipwayError('unreachable', 'The local bus is disconnected');
      const sent = encodeBody(body);
      const ms = Math.min(options.timeoutMs ?? DEFAULT_TIMEOUT, (context.deadline ?? Infinity) - clock.now());
      if (ms <= 0) throw new SlipwayError('timed-out', `The deadline had passed before ${subject} was asked`);
      const stopTimer = clock.after(ms, () => reject(new SlipwayError('timed-out', `${subject} did not answer in ${ms} ms`)));
      const deadline = clock.now() + ms;
      const settle = (deliver: () => void) => {
        stopTimer();
        deliver();
      };
      this.#pass({ leg: 'request', subject, body }, () => {
        const server = this.#servers.get(subject);
        if (!server || server.handlers.length === 0) {
          settle(() => reject(new SlipwayError('no-server', `Nobody serves ${subject}`)));
          return;
        }
        const handler = server.handlers[server.next++ % server.handlers.length]!;
        void this.#answer(handler, sent, { ...context, deadline }, (answer) => {
          this.#pass({ leg: 'answer', subject, body: answer }, () =>
            settle(() => (answer instanceof SlipwayError ? reject(answer) : resolve(decodeBody(answer) as Answer))),
          );
        });
      });
    });
  }

  publish(subject: string, body: unknown): void {
    if (!this.#connected) return;
    const sent = encodeBody(body);
    this.#pass({ leg: 'publish', subject, body }, () => {
      for (const { pattern, handler } of this.#subscribers) if (pattern.test(subject)) handler(decodeBody(sent), subject);
    });
  }

  subscribe(subject: string, handler: (body: unknown, subject: string) => void): () => void {
    const tokens = subject.split('.').map((token) => {
      if (token === '*') return String.raw`[^.]+`;
      return token === '>' ? '.+' : token.replace(/[^A-Za-z0-9_-]/g, String.raw`\$&`);
    });
    const subscriber = { pattern: new RegExp(`^${tokens.join(String.raw`\.`)}$`), handler };
    this.#subscribers.add(subscriber);
    return () => this.#subscribers.delete(subscriber);
  }

  #pass(passage: Passage, deliver: () => void): void {
    for (const delay of this.faults(passage, this.#random)) {
      this.options.clock.after(delay, () => {
        if (this.#connected) deliver();
      });
    }
  }

  async #answer(
    handler: Handler,
    sent: Uint8Array,
    context: RequestContext,
    reply: (answer: Uint8Array | SlipwayError) => void,
  ): Promise<void> {
    try {
      reply(encodeBody(await runInContext(context, () => handler(decodeBody(sent)))));
    } catch (error) {
      reply(SlipwayError.from(causeOf(error)));
    } finally {
      context.deadline = undefined;
    }
  }
}
