import { createHash } from 'node:crypto';
import { SlipwayError, categoryOf, causeOf, idOf, streamName, type RequestContext } from '@slipway/contracts';
import type { Accepted, HandlerList, HandlerView } from '@slipway/contracts/http';
import { foldStream, handle, type FoldCache, type Subscription } from '@slipway/event-store';
import { Presence, counter, type Runtime } from '@slipway/mesh';
import { handler, type HandlerCommand } from './handler/handler.js';
import { Hearing } from './hearing.js';
import { OWN_CATEGORY } from './names.js';
import { Runner } from './runner.js';

/** Who was silent for so long has its handlers taken over; and how long one listens who else is there, in ms. */
const SILENCE_MS = 10_000;
const LISTEN_MS = 2_500;
const LOOK_MS = 1_000;
/** How many parked events an answer tells: it has to fit into a message. */
const SHOWN_OF_ONE = 100;
const SHOWN_OF_EACH = 5;

/** All handlers that are configured, and what is left of others. */
export class Handlers {
  readonly #runners = new Map<string, Runner>();
  /** Those that have a stream. */
  readonly #recorded = new Set<string>();
  readonly #presence: Presence;
  readonly #began: number;
  #subscription: Subscription | undefined;
  #stopLooking = () => {};
  /** Why nothing is heard of what other replicas record. */
  #deaf: string | undefined;

  private constructor(
    private readonly runtime: Runtime,
    private readonly kept: FoldCache,
  ) {
    const { config, store, bus, clock, logger, metrics } = runtime;
    this.#presence = new Presence({ mesh: config.mesh, bus, clock });
    this.#began = clock.now();
    const hearing = new Hearing(config.mesh, store);
    const labelNames = ['handler', 'outcome'] as const;
    const tries = counter(metrics, {
      name: 'slipway_handler_tries_total',
      help: 'Tries of handlers, by how they ended',
      labelNames,
    });
    for (const [name, handlerConfig] of Object.entries(config.handlers)) {
      const tried = (outcome: string) => tries.labels(name, outcome).inc();
      const packages = config.provisioners.folder;
      const shared = { store, kept, bus, clock, logger, hearing, packages, tried };
      this.#runners.set(name, new Runner({ name, config: handlerConfig, ...shared }));
    }
  }

  static async open(runtime: Runtime, kept: FoldCache): Promise<Handlers> {
    const handlers = new Handlers(runtime, kept);
    await handlers.#findRecorded();
    // One that takes long to load keeps nobody waiting.
    for (const runner of handlers.#runners.values()) void runner.check();
    handlers.#look();
    return handlers;
  }

  /** What does not go on, and why: the others do. */
  problems(): string[] {
    const ofHandlers = [...this.#runners].flatMap(([name, { problem }]) =>
      problem === undefined ? [] : [`${name}: ${problem}`],
    );
    return this.#deaf === undefined ? ofHandlers : [this.#deaf, ...ofHandlers];
  }

  /** All of them, or one; `not-found`. */
  async list(name?: string): Promise<HandlerList> {
    const all = new Set([...this.#runners.keys(), ...[...this.#recorded].toSorted()]);
    if (name !== undefined && !all.has(name)) throw new SlipwayError('not-found', `There is no handler ${name}; ${named(all)}`);
    const shown = name === undefined ? SHOWN_OF_EACH : SHOWN_OF_ONE;
    const views = [...all].filter((one) => name === undefined || one === name).map((one) => this.#view(one, shown));
    const items = (await Promise.all(views)).filter(
      (view) => view.file !== undefined || view.parkedCount > 0 || view.name === name,
    );
    return { items };
  }

  /** Records what somebody wants of a parked event. */
  async decide(name: string, command: HandlerCommand, context: RequestContext): Promise<Accepted> {
    if (!this.#runners.has(name)) {
      await this.list(name);
      if (command.type === 'Retry')
        throw new SlipwayError(
          'not-possible',
          `Handler ${name} is not configured: nobody would try it. Configure it, or discard the event`,
        );
    }
    const { actor, correlationId, logToken } = context;
    const metadata = { actor, correlationId, ...(logToken !== undefined && { logToken }) };
    const { store } = this.runtime;
    const { position } = await handle(store, handler, streamName(OWN_CATEGORY, name), command, { metadata, kept: this.kept });
    this.#runners.get(name)?.poke();
    return { requestId: correlationId, position: position! };
  }

  async stop(): Promise<void> {
    this.#stopLooking();
    this.#presence.stop();
    await Promise.all([this.#subscription?.stop(), ...[...this.#runners.values()].map((runner) => runner.stop())]);
  }

  async #view(name: string, shown: number): Promise<HandlerView> {
    const { store, config } = this.runtime;
    const { state } = await foldStream(store, handler, streamName(OWN_CATEGORY, name), this.kept);
    const runner = this.#runners.get(name);
    const parked = { parkedCount: state.parked.length, parked: state.parked.slice(0, shown) };
    if (!runner) return { name, names: [], ...parked };
    return {
      name,
      file: config.handlers[name]!.file,
      names: runner.names,
      replica: this.#workerOf(name),
      ...(runner.problem !== undefined && { problem: runner.problem }),
      ...parked,
    };
  }

  /** Every handler that ever was, and from now on what is wanted of parked events, whichever replica recorded it. */
  async #findRecorded(): Promise<void> {
    const { store, logger } = this.runtime;
    const filter = { categories: [OWN_CATEGORY], types: ['HandlerRegistered', 'HandlerRetried'] };
    let after;
    for (;;) {
      const page = await store.readAll({ filter, limit: 1_000, ...(after !== undefined && { after }) });
      for (const { stream } of page.events) this.#recorded.add(idOf(stream));
      after = page.position;
      if (page.end) break;
    }
    this.#subscription = store.subscribe({
      name: 'handlers',
      filter,
      after,
      events: (batch) => {
        for (const { stream, type } of batch.filter((event) => categoryOf(event.stream) === OWN_CATEGORY)) {
          this.#recorded.add(idOf(stream));
          if (type === 'HandlerRetried') this.#runners.get(idOf(stream))?.poke();
        }
      },
      failed: (error) => {
        this.#deaf = `What is wanted of parked events is not heard any more: ${causeOf(error).message}`;
        logger.error({ err: error }, this.#deaf);
      },
    });
  }

  /** Shares the handlers out: each to one of the replicas that are heard of. */
  #look(): void {
    const { clock, bus, replica } = this.runtime;
    const listened = clock.now() - this.#began >= LISTEN_MS;
    // Who hears nobody because NATS is away keeps what it has.
    if (listened && bus.connected()) {
      for (const [name, runner] of this.#runners) runner.turn(this.#workerOf(name) === replica);
    }
    this.#stopLooking = clock.after(LOOK_MS, () => this.#look());
  }

  /** The same at each replica that hears the same. */
  #workerOf(name: string): string {
    const heard = this.#presence.replicas('handlers', Infinity).map(({ report }) => report.replica);
    const alive = heard.filter((one) => this.#presence.silentFor(one) < SILENCE_MS);
    const replicas = [...new Set([...alive, this.runtime.replica])].toSorted();
    return replicas[createHash('sha256').update(name).digest().readUInt32BE(0) % replicas.length]!;
  }
}

const named = (names: Iterable<string>): string => {
  const all = [...names];
  return all.length > 0 ? `there are ${all.join(', ')}` : 'there are none';
};
