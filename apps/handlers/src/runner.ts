import {
  SlipwayError,
  VERBS,
  causeOf,
  instant,
  streamName,
  type AcceptCommand,
  type Cause,
  type Clock,
  type EventToHandle,
  type HandledEvent,
  type JobKind,
  type JsonObject,
  type RequestContext,
} from '@slipway/contracts';
import type { Accepted } from '@slipway/contracts/http';
import { handle, type EventStore, type FoldCache, type Position, type RecordedEvent } from '@slipway/event-store';
import { systemContext, type Bus, type HandlerConfig } from '@slipway/mesh';
import type { Logger } from 'pino';
import { handler, type HandlerCommand, type HandlerState } from './handler/handler.js';
import type { Hearing } from './hearing.js';
import { HandlerThread } from './module/thread.js';
import { filterFor } from './names.js';

/** How long a command of a handler waits for its answer, and a handler that cannot go on until it looks again, in ms. */
const SEND_MS = 5_000;
const PAUSE_MS = 2_000;
const LONGEST_BACKOFF_MS = 60_000;
/** Characters of the reason that is kept with a parked event. */
const LONGEST_REASON = 1_000;

export interface RunnerOptions {
  name: string;
  config: HandlerConfig;
  packages: string | undefined;
  store: EventStore;
  kept: FoldCache;
  bus: Bus;
  clock: Clock;
  hearing: Hearing;
  logger: Logger;
  /** Each end of a try. */
  tried(outcome: 'succeeded' | 'failed' | 'parked'): void;
}

/**
 * One handler at work: events of the log, one after the other, as its stream says it has come.
 *
 * R1. Its stream is its only memory: what it has behind it is recorded after it was handled, so an event comes at least once.
 * R2. One event at a time. It is tried until it is handled or parked, and only then the next one comes.
 * R3. When somebody else has gone on in its stream, it begins anew where that one stands.
 * R4. What wakes it counts from the moment on at which it last looked at its stream, also before it follows the log.
 */
export class Runner {
  readonly #thread: HandlerThread;
  readonly #stream: string;
  readonly #actor;
  names: string[] = [];
  /** Why it does not go on just now. */
  problem: string | undefined;
  #active = false;
  #stopped = false;
  /** R4: its stream is to be looked at anew, or nothing is to be followed any more. */
  #woken = false;
  /** End what is followed, and what is waited for. */
  #leave = () => {};
  #hurry = () => {};
  #working: Promise<void> | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly options: RunnerOptions) {
    const { name, config, packages, logger } = options;
    this.#stream = streamName('handler', name);
    this.#actor = { id: `handler.${name}`, type: 'service' } as const;
    this.#thread = new HandlerThread({ name, config, packages, said: (line) => logger.info({ handler: name }, line) });
  }

  /** Loads it, so that what is wrong with it is known also where another replica works on it. */
  async check(): Promise<void> {
    try {
      this.names = await this.#thread.load();
      this.problem = undefined;
    } catch (error) {
      // One that was ended or renewed meanwhile is not wrong.
      if (!(error instanceof SlipwayError && error.code === 'shutting-down')) this.#trouble(error);
    }
  }

  /** Works on it, or leaves it to another replica when what it is at has ended. */
  turn(active: boolean): void {
    if (this.#stopped || this.#active === active) return;
    this.#active = active;
    this.#wake();
    this.#hurry();
    if (active) this.#working = (this.#working ?? Promise.resolve()).then(() => this.#work());
  }

  /** Looks what of the parked is to be tried again. */
  poke(): void {
    this.#wake();
  }

  /** Ends what it is at: the event comes again. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#active = false;
    this.#wake();
    this.#hurry();
    await Promise.all([this.#thread.end(), this.#working]);
  }

  #wake(): void {
    this.#woken = true;
    this.#leave();
  }

  async #work(): Promise<void> {
    while (this.#active) {
      try {
        this.#woken = false;
        const state = await this.#record({ type: 'Register', handler: this.options.name });
        const again = state.parked.filter(({ retrying }) => retrying);
        // Somebody has mended it, so it is loaded anew.
        if (again.length > 0) await this.#thread.renew();
        this.names = await this.#thread.load();
        for (const parked of again) await this.#again(parked);
        await this.#follow(state);
      } catch (error) {
        // R3: somebody else has gone on; and what was ended is not told.
        if (!(error instanceof SlipwayError && error.code === 'epoch-old') && this.#active) {
          this.#trouble(error);
          await this.#pause(PAUSE_MS);
        }
      }
    }
  }

  /** Handles what comes, until it is woken: to stop, or to look at its stream anew. */
  async #follow(from: HandlerState): Promise<void> {
    const { name, store } = this.options;
    const after = await this.#positionBehind(from);
    if (this.#woken) return;
    let state = from;
    await new Promise<void>((resolve, reject) => {
      const subscription = store.subscribe({
        name: `handler ${name}`,
        after,
        limit: 100,
        filter: filterFor(this.names),
        events: async (batch) => {
          for (const event of batch) {
            if (this.#woken) return;
            state = await this.#one(event, state);
          }
        },
        failed: reject,
      });
      this.#leave = () => void subscription.stop().then(resolve, reject);
    }).finally(() => (this.#leave = () => {}));
  }

  async #one(recorded: RecordedEvent, state: HandlerState): Promise<HandlerState> {
    const event = await this.options.hearing.of(recorded, this.names);
    return event ? this.#tryOut(recorded, event, state.last?.eventId ?? null) : state;
  }

  /** A parked event, from the log once more. */
  async #again({ name, stream, revision }: HandledEvent): Promise<void> {
    const [recorded] = await this.options.store.read(stream, { from: revision, limit: 1 });
    if (!recorded) throw new SlipwayError('log-damaged', `There is no event ${revision} of ${stream}`);
    const event = await this.options.hearing.of(recorded, [name]);
    if (!event) throw new SlipwayError('log-damaged', `Event ${revision} of ${stream} is no ${name}`);
    await this.#tryOut(recorded, event, null);
  }

  /** R2. */
  async #tryOut(recorded: RecordedEvent, event: EventToHandle, after: string | null): Promise<HandlerState> {
    const { name, config, clock, logger, tried } = this.options;
    const handled: HandledEvent = {
      eventId: event.id,
      name: event.name,
      stream: recorded.stream,
      revision: recorded.revision,
    };
    for (let count = 1; ; count += 1) {
      const failed = await this.#handled(recorded, event, count);
      if (!failed) {
        const state = await this.#record({ type: 'Succeed', event: handled, after });
        tried('succeeded');
        this.problem = undefined;
        return state;
      }
      const cause = bounded(failed);
      logger.warn({ handler: name, eventId: event.id, try: count, reason: cause.message }, 'A handler failed');
      if (count >= config.tries) {
        const at = instant(clock.now());
        const state = await this.#record({ type: 'Park', event: handled, after, tries: count, cause, at });
        tried('parked');
        this.problem = undefined;
        return state;
      }
      tried('failed');
      this.problem = `It failed at ${event.name} ${event.id} (try ${count} of ${config.tries}): ${cause.message}`;
      await this.#pause(Math.min(config.backoffSeconds * 1000 * 2 ** (count - 1), LONGEST_BACKOFF_MS));
      if (!this.#active) throw new SlipwayError('shutting-down');
    }
  }

  /**
   * Why the handler failed; nothing when it did not. Throws what is not its fault: it is being stopped, or what it sent did not come
   * through, which it may have caught or told in its own words. Only a `send` knows of that: whatever else its code throws is its own,
   * by whatever code. A refusal that it caught is its own matter.
   */
  async #handled(recorded: RecordedEvent, event: EventToHandle, count: number): Promise<Cause | undefined> {
    let away: SlipwayError | undefined;
    let failed: Cause | undefined;
    try {
      await this.#thread.handle(event, count, (number, job, body) =>
        this.#send(recorded, number, job, body).catch((error: unknown) => {
          if (isAway(error)) away = error;
          throw error;
        }),
      );
    } catch (error) {
      if (!this.#active) throw error;
      failed = causeOf(error, 'handler-failed');
    }
    if (away) throw away;
    return failed;
  }

  #send({ id, metadata }: RecordedEvent, number: number, job: JobKind, body: JsonObject): Promise<Accepted> {
    const { name, bus } = this.options;
    const { correlationId, logToken } = metadata;
    const context: RequestContext = {
      ...systemContext(name, { ...(correlationId !== undefined && { correlationId }) }),
      actor: this.#actor,
      causationId: id,
      ...(logToken !== undefined && { logToken }),
    };
    const command: AcceptCommand = { job, body, key: `${name}/${id}/${number}` };
    return bus.request<Accepted>('orchestrator', VERBS.accept, command, { context, timeoutMs: SEND_MS });
  }

  /** Decides on the handler's stream. One thing at a time. */
  #record(command: HandlerCommand): Promise<HandlerState> {
    const { store, kept } = this.options;
    const turn = this.#turn.then(async () => {
      const { state } = await handle(store, handler, this.#stream, command, { metadata: { actor: this.#actor }, kept });
      return state;
    });
    this.#turn = turn.catch(() => {});
    return turn;
  }

  /** Where the log is to be read on from: behind the last event, or behind its registration. After a restore positions are others. */
  async #positionBehind({ last }: HandlerState): Promise<Position> {
    const { stream, revision } = last ?? { stream: this.#stream, revision: 0 };
    const [event] = await this.options.store.read(stream, { from: revision, limit: 1 });
    if (!event) throw new SlipwayError('log-damaged', `There is no event ${revision} of ${stream}`);
    return event.position;
  }

  async #pause(ms: number): Promise<void> {
    if (!this.#active) return;
    await new Promise<void>((resolve) => {
      const cancel = this.options.clock.after(ms, resolve);
      this.#hurry = () => {
        cancel();
        resolve();
      };
    });
    this.#hurry = () => {};
  }

  #trouble(error: unknown): void {
    const { name, logger } = this.options;
    const reason = causeOf(error).message;
    if (this.problem !== reason) logger.warn({ handler: name, reason }, 'A handler does not go on');
    this.problem = reason;
  }
}

/** Whatever a handler throws has to fit into an event. */
const bounded = ({ code, message, hint }: Cause): Cause => ({ code, message: message.slice(0, LONGEST_REASON), hint });

/** What is away is not the handler's fault: no try counts, and it waits until it is back. */
const AWAY = ['log-unavailable', 'log-damaged', 'wrong-revision', 'unreachable', 'no-server', 'timed-out'];
const isAway = (error: unknown): error is SlipwayError => error instanceof SlipwayError && AWAY.includes(error.code);
