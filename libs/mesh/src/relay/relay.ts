import { SlipwayError, type Clock } from '@slipway/contracts';
import type { EventStore, Position, RecordedEvent } from '@slipway/event-store';
import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Connection } from '../bus/connection.js';
import { counter, gauge } from '../metrics/metrics.js';
import type { Runtime } from '../service/port.js';
import { completions } from './completions.js';
import { EventStream, Overtaken, type StreamEnd, type StreamLimits } from './event-stream.js';
import type { Outlet } from './outlet.js';
import { recordedEvents } from './recorded-events.js';

type RelayState = 'starting' | 'active' | 'standing by' | 'stopped';

export interface RelayOptions {
  store: EventStore;
  connection: Connection;
  outlet: Outlet;
  replica: string;
  clock: Clock;
  logger: Logger;
  metrics: Registry;
  limits: StreamLimits;
  /** How long the stream may lag behind the log before a relay that stands by takes over, in ms; 10,000 when left out. */
  takeoverMs?: number;
  /** Between two looks while it stands by, and before it tries again after a failure, in ms; 1,000 when left out. */
  pauseMs?: number;
  /** How long events may gather before they are published together, in ms; 20 when left out. */
  lingerMs?: number;
}

const LINGER_MS = 20;

/**
 * Publishes recorded events to an outlet's JetStream stream, at least once and in the log's order. Many replicas may run one.
 *
 * L1. The stream is the only memory: its last message tells the position to go on from, and who published it.
 * L2. Every event is published behind the sequence that its relay believes to be the last, so a relay that was overtaken
 *     can't publish (`Nats-Expected-Last-Sequence`), and an event that was published already is recognised by its id.
 * L3. Whoever published the last message is the active one; all others stand by. Two that meet both look again when
 *     nothing of theirs is under way any more: so one of them, and only one, finds itself.
 * L4. Who stands by watches the work, not the worker: when the stream lags behind the log and does not move for the
 *     takeover time, it takes over.
 */
export class Relay {
  readonly #stream: EventStream;
  readonly #published;
  readonly #activeGauge;
  #state: RelayState = 'starting';
  #problem: string | undefined;
  #stopped = false;
  #wake = () => {};
  #running: Promise<void> | undefined;
  /** The end at which the stream was first seen to lag. */
  #stuck: { position: Position | undefined; since: number } | undefined;

  constructor(private readonly options: RelayOptions) {
    const { connection, outlet, replica, limits, metrics } = options;
    this.#stream = new EventStream(connection, outlet, replica, limits);
    const labelNames = ['stream'] as const;
    const published = { name: 'slipway_relay_published_total', help: 'Recorded events published to JetStream', labelNames };
    this.#published = counter(metrics, published).labels(outlet.stream);
    const active = { name: 'slipway_relay_active', help: '1 while this process feeds the stream', labelNames };
    this.#activeGauge = gauge(metrics, active).labels(outlet.stream);
  }

  start(): void {
    this.#running ??= this.#run();
  }

  /** Ends it when what it publishes just now is acknowledged. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake();
    await this.#running;
    this.#enter('stopped');
  }

  /** For readiness and people: `problem` says why recorded events do not go out just now. */
  status(): { state: RelayState; problem?: string } {
    return { state: this.#state, ...(this.#problem !== undefined && { problem: this.#problem }) };
  }

  async #run(): Promise<void> {
    const { logger, replica } = this.options;
    while (!this.#stopped) {
      try {
        await this.#stream.ensure();
        const end = await this.#stream.end();
        this.#problem = undefined;
        if (end.relay === undefined || end.relay === replica || (await this.#isStuck(end))) {
          this.#enter('active');
          await this.#forward(end);
        } else {
          this.#enter('standing by');
        }
      } catch (error) {
        if (error instanceof Overtaken) {
          logger.info({ reason: error.message }, 'Another relay publishes; looking who goes on');
          continue;
        }
        this.#trouble(error);
      }
      await this.#pause();
    }
  }

  /** Resolves when it is stopped; throws when the log or JetStream fails it, or somebody overtook. */
  async #forward(from: StreamEnd): Promise<void> {
    const { store, outlet } = this.options;
    this.#stuck = undefined;
    let end = from;
    const after = await this.#inThisLog(end.position);
    let underWay: Promise<unknown> = Promise.resolve();
    await new Promise<void>((resolve, reject) => {
      const subscription = store.subscribe({
        name: 'relay',
        asRecorded: true,
        limit: 1_000,
        ...(outlet.filter && { filter: outlet.filter }),
        ...(after !== undefined && { after }),
        events: async (batch: RecordedEvent[]) => {
          if (this.#stopped) return;
          const published = this.#publish(batch, end);
          underWay = published.catch(() => {});
          end = await published;
          await this.#linger();
        },
        failed: reject,
      });
      this.#wake = () => void subscription.stop().then(resolve, reject);
      if (this.#stopped) this.#wake();
    });
    await underWay;
  }

  /** Events come in small batches while much goes on; together they cost a fraction. */
  #linger(): Promise<void> {
    if (this.#stopped) return Promise.resolve();
    return new Promise((resolve) => void this.options.clock.after(this.options.lingerMs ?? LINGER_MS, resolve));
  }

  async #publish(batch: RecordedEvent[], end: StreamEnd): Promise<StreamEnd> {
    // Published without a connection it would wait in a buffer; the events wait better in the log.
    if (!this.options.connection.connected()) throw new SlipwayError('unreachable');
    const messages = await this.options.outlet.messages(batch);
    const reached = await this.#stream.publish(messages, end);
    this.#published.inc(messages.length);
    return reached;
  }

  /**
   * A position to go on from. One of a log before a restore is none: the new epoch is told from its beginning, so that subscribers
   * rebuild as its readers do.
   */
  async #inThisLog(position: Position | undefined): Promise<Position | undefined> {
    if (position === undefined) return undefined;
    try {
      await this.options.store.readAll({ after: position, limit: 1, asRecorded: true });
      return position;
    } catch (error) {
      if (error instanceof SlipwayError && error.code === 'gone') return undefined;
      throw error;
    }
  }

  /** L4. Whether the stream has lagged behind the log without moving for the takeover time. */
  async #isStuck({ position }: StreamEnd): Promise<boolean> {
    const { clock, takeoverMs = 10_000 } = this.options;
    if (!(await this.#isDue(position))) this.#stuck = undefined;
    else if (!this.#stuck || this.#stuck.position !== position) this.#stuck = { position, since: clock.now() };
    return this.#stuck !== undefined && clock.now() - this.#stuck.since >= takeoverMs;
  }

  /** Whether anything was recorded after a position that belongs into the stream. */
  async #isDue(position: Position | undefined): Promise<boolean> {
    const { store, outlet } = this.options;
    for (let after = await this.#inThisLog(position); ;) {
      const page = await store.readAll({
        limit: 100,
        asRecorded: true,
        ...(outlet.filter && { filter: outlet.filter }),
        ...(after !== undefined && { after }),
      });
      if ((await outlet.messages(page.events)).length > 0) return true;
      if (page.end) return false;
      after = page.position;
    }
  }

  #enter(state: RelayState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#activeGauge.set(state === 'active' ? 1 : 0);
    this.options.logger.info(`The relay to ${this.options.outlet.stream} is ${state}`);
  }

  #trouble(error: unknown): void {
    const reason = error instanceof Error ? error.message : String(error);
    if (this.#problem !== reason) {
      this.options.logger.warn({ reason }, 'Recorded events do not reach JetStream just now; they wait in the log');
    }
    this.#problem = reason;
  }

  async #pause(): Promise<void> {
    if (this.#stopped) return;
    const { clock, pauseMs = 1_000 } = this.options;
    await new Promise<void>((resolve) => {
      const cancel = clock.after(pauseMs, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}

/** Starts the relays of a mesh's outlets; events wait in the log for as long as JetStream is away. */
export function startRelays(runtime: Runtime): { problem(): string | undefined; stop(): Promise<void> } {
  const { store, connection, replica, clock, logger, metrics, config } = runtime;
  const outlets = [recordedEvents(config.mesh), completions(config.mesh, store)];
  const relays = outlets.map((outlet) => {
    const relay = new Relay({ store, connection, outlet, replica, clock, logger, metrics, limits: config.relay });
    relay.start();
    return relay;
  });
  return {
    problem: () => relays.map((relay) => relay.status().problem).find((problem) => problem !== undefined),
    stop: async () => void (await Promise.all(relays.map((relay) => relay.stop()))),
  };
}
