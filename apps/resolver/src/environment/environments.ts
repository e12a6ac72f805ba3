import type { Blobs } from '@slipway/blobs';
import { SlipwayError, streamName, type Clock, type EnvironmentEvent, type Installed } from '@slipway/contracts';
import type { EventStore, Position, RecordedEvent } from '@slipway/event-store';
import { Environment } from '@slipway/solver';
import { evolve } from './fold.js';

/** Lists of what a plan installed are at most this big. */
const MAX_LIST_BYTES = 64 * 1024 * 1024;
const POLL_MS = 20;

interface Cached {
  environment: Environment;
  /** Of the newest event that was folded. */
  last: { id: string; revision: number };
}

/** Environments as their streams tell, read on demand: what was folded is kept, and only what came since is read. */
export class Environments {
  readonly #cached = new Map<string, Cached>();
  /** One reader at a time for each environment. */
  readonly #lanes = new Map<string, Promise<unknown>>();

  constructor(
    private readonly store: Pick<EventStore, 'read' | 'head'>,
    private readonly blobs: Pick<Blobs, 'read'>,
    private readonly clock: Clock,
  ) {}

  /**
   * Hands the environment as it is now to `use`, which must not wait. Reads at least up to the position `atLeast`; waits
   * until `deadline` (milliseconds since the epoch) for a log that has not come that far, then throws `behind`.
   */
  async with<T>(
    name: string,
    options: { atLeast?: Position; deadline: number },
    use: (environment: Environment) => T,
  ): Promise<T> {
    if (options.atLeast !== undefined) await this.#reached(options.atLeast, options.deadline);
    const before = this.#lanes.get(name) ?? Promise.resolve();
    const turn = before.then(async () => use(await this.#read(name)));
    const settled = turn.catch(() => undefined).finally(() => this.#lanes.get(name) === settled && this.#lanes.delete(name));
    this.#lanes.set(name, settled);
    return turn;
  }

  async #read(name: string): Promise<Environment> {
    const stream = streamName('environment', name);
    const cached = this.#cached.get(name);
    const events = await this.store.read(stream, { from: cached?.last.revision ?? 0 });
    // Begins with the event that was folded last, unless the log was restored to something older.
    const goesOn = cached !== undefined && events[0]?.id === cached.last.id;
    if (cached && !goesOn) {
      this.#cached.delete(name);
      return this.#read(name);
    }
    const environment = cached?.environment ?? new Environment();
    const news = cached ? events.slice(1) : events;
    const complete: EnvironmentEvent[] = [];
    for (const event of news) complete.push(await this.#complete(event));
    for (const event of complete) evolve(environment, event);
    const last = events.at(-1);
    if (last) this.#cached.set(name, { environment, last: { id: last.id, revision: last.revision } });
    return environment;
  }

  /** A list too big for an event stands in a blob. */
  async #complete(event: RecordedEvent): Promise<EnvironmentEvent> {
    const read = { type: event.type, data: event.data } as unknown as EnvironmentEvent;
    if (read.type !== 'PlanSettled' || !read.data.installedBlob) return read;
    const bytes = await this.blobs.read(read.data.installedBlob.sha256, MAX_LIST_BYTES);
    return { ...read, data: { ...read.data, installed: JSON.parse(bytes.toString()) as Installed[] } };
  }

  async #reached(atLeast: Position, deadline: number): Promise<void> {
    while (!isReached(await this.store.head(), atLeast)) {
      if (this.clock.now() + POLL_MS > deadline)
        throw new SlipwayError('behind', `The log that the resolver reads has not come to ${atLeast} yet`, { atLeast });
      await new Promise<void>((resolve) => void this.clock.after(POLL_MS, resolve));
    }
  }
}

/** Positions of one log compare as texts. Throws `gone` for one of another log. */
function isReached(head: Position, atLeast: Position): boolean {
  const logOf = (position: Position) => position.slice(0, position.indexOf('.'));
  if (logOf(head) !== logOf(atLeast))
    throw new SlipwayError('gone', `Position ${atLeast} does not exist here: it is of another log`, { position: atLeast });
  return head >= atLeast;
}
