import type { Clock, ServiceName } from '@slipway/contracts';
import type { EventStore } from '@slipway/event-store';
import { MemoryEventLog, type MemoryDisk } from '@slipway/event-store/testing';
import type { Bus, RequestOptions } from '@slipway/mesh';
import type { LocalBus } from '@slipway/mesh/testing';

/** What outlives a process, and who is told of the points that it passes. */
export interface Surroundings {
  clock: Clock;
  disk: MemoryDisk;
  bus: LocalBus;
  /** Whether the process dies at this point. */
  passes(process: SimulatedProcess, point: string): boolean;
}

/** Goes on for ever: what a dead process waits for. */
const never = new Promise<never>(() => {});

/**
 * One life of a process: the ports that its services are made of, each of which ends with it.
 *
 * S1. After its death nothing of it happens: no timer fires, no promise resolves, nothing is sent, served or recorded.
 * S2. What it has sent is on its way, and arrives; what it has recorded stands.
 * S3. It may die before and after each append, each effect, each message that it sends, and each answer that it gives.
 */
export class SimulatedProcess {
  readonly clock: Clock;
  readonly bus: Bus;
  readonly #leave: (() => void)[] = [];
  #alive = true;

  constructor(
    /** Stable over its lives. */
    readonly name: string,
    private readonly around: Surroundings,
  ) {
    const { clock, bus } = around;
    this.clock = { now: () => clock.now(), after: (ms, task) => clock.after(ms, () => void (this.#alive && task())) };
    this.bus = {
      request: <Answer>(service: ServiceName, verb: string, body: unknown, options?: RequestOptions) =>
        this.#around(`send ${service}.${verb}`, () => bus.request<Answer>(service, verb, body, options)),
      publish: (subject, body) => void (this.#alive && bus.publish(subject, body)),
      subscribe: (subject, handler) => this.#until(bus.subscribe(subject, handler)),
      connected: () => bus.connected(),
    };
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** As `kill -9` does. */
  die(): void {
    this.#alive = false;
    for (const leave of this.#leave.splice(0)) leave();
  }

  /** The log, as this process has it open. */
  store(service: ServiceName): EventStore {
    const { clock, disk } = this.around;
    const onAppend = ({ when, stream, types }: { when: string; stream: string; types: string[] }) =>
      this.pass(`${when} append ${stream} ${types.join('+')}`);
    const store = new MemoryEventLog({ disk, clock, onAppend }).as(service);
    const subscribe: EventStore['subscribe'] = (options) =>
      store.subscribe({
        ...options,
        events: (batch) => (this.#alive ? options.events(batch) : never),
        caughtUp: (position) => (this.#alive ? options.caughtUp?.(position) : never),
        failed: (error) => void (this.#alive && options.failed(error)),
      });
    return this.durable('log', { ...bound(store), subscribe });
  }

  /** Answers a verb. The answer is the acknowledgement: it may die before it is given, and right after. */
  serve(service: ServiceName, verb: string, handler: (body: never) => unknown, location?: string): void {
    const served = `${service}.${verb}`;
    const answer = async (body: unknown) => {
      await this.pass(`before handling ${served}`);
      try {
        return await this.#ifAlive(handler(body as never));
      } finally {
        await this.pass(`before answering ${served}`);
        // The answer is on its way by then.
        this.clock.after(0, () => void this.pass(`after answering ${served}`));
      }
    };
    this.#until(this.around.bus.serve(service, verb, answer, location));
  }

  /** A port to something durable: it may die before and after each of the `changes`, and sees no answer when it is dead. */
  durable<Port extends object>(name: string, port: Port, changes: readonly (keyof Port & string)[] = []): Port {
    return new Proxy(port, {
      get: (target, property) => {
        const value = Reflect.get(target, property) as unknown;
        if (typeof value !== 'function') return value;
        const call = (...given: unknown[]) => Reflect.apply(value, target, given) as unknown;
        if (changes.includes(property as never))
          return (...given: unknown[]) => this.#around(`${name}.${property as string}`, async () => call(...given));
        return (...given: unknown[]) => {
          const result = this.#alive ? call(...given) : never;
          return result instanceof Promise ? this.#ifAlive(result) : result;
        };
      },
    });
  }

  /** A point is passed: resolves when it lives on, never when it dies here, or is dead. For effects at a place. */
  pass(point: string): Promise<void> {
    if (this.#alive && this.around.passes(this, point)) this.die();
    return this.#alive ? Promise.resolve() : never;
  }

  async #around<Result>(what: string, happen: () => Promise<Result>): Promise<Result> {
    await this.pass(`before ${what}`);
    try {
      return await this.#ifAlive(happen());
    } finally {
      await this.pass(`after ${what}`);
    }
  }

  /** What came back to a process that is dead comes to nobody, a failure too. */
  async #ifAlive<Result>(result: Result | Promise<Result>): Promise<Result> {
    try {
      const given = await result;
      return this.#alive ? given : await never;
    } catch (error) {
      if (!this.#alive) return never;
      throw error;
    }
  }

  #until(leave: () => void): () => void {
    this.#leave.push(leave);
    return leave;
  }
}

/** The methods of a store as an object's own, so that one of them can be replaced. */
const bound = (store: EventStore): EventStore => ({
  service: store.service,
  info: () => store.info(),
  append: (...given) => store.append(...given),
  read: (...given) => store.read(...given),
  readAll: (...given) => store.readAll(...given),
  subscribe: (options) => store.subscribe(options),
  head: () => store.head(),
  positionAt: (time) => store.positionAt(time),
  close: () => store.close(),
});
