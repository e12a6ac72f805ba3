import type { Blobs } from '@slipway/blobs';
import { SlipwayError, streamName, type Clock, type EnvironmentEvent, type Installed, type JsonObject } from '@slipway/contracts';
import type { EventStore, LogInfo, Position, RecordedEvent, SnapshotCache } from '@slipway/event-store';
import { Environment, type EnvironmentRecord } from '@slipway/solver';
import { evolve } from './fold.js';

/** Grows whenever the fold or the form of what is kept changes. */
const FOLD_VERSION = 3;
/** Events that an environment grows by, at least, before it is kept again. */
const KEEP_EVERY = 1000;
/** Lists of what a plan installed are at most this big. */
const MAX_LIST_BYTES = 64 * 1024 * 1024;
const POLL_MS = 20;

interface Folded {
  environment: Environment;
  /** The newest event that was folded. */
  last: Pick<RecordedEvent, 'id' | 'revision' | 'position'>;
  /** Revision up to which it is kept in the cache. */
  kept: number;
}

export interface EnvironmentsOptions {
  store: Pick<EventStore, 'read' | 'head' | 'info'>;
  blobs: Pick<Blobs, 'read'>;
  clock: Clock;
  /** Where folded environments are kept over restarts; nowhere when left out. */
  cache?: Pick<SnapshotCache, 'get' | 'put'>;
}

/** Environments as their streams tell, read on demand: what was folded stays, and only what came since is read. */
export class Environments {
  readonly #folded = new Map<string, Folded>();
  /** One reader at a time for each environment. */
  readonly #lanes = new Map<string, Promise<unknown>>();

  constructor(private readonly options: EnvironmentsOptions) {}

  /** Hands the environment as it is now to `use`, which must not wait. */
  async with<T>(name: string, use: (environment: Environment) => T): Promise<T> {
    const before = this.#lanes.get(name) ?? Promise.resolve();
    const turn = before.then(async () => use(await this.#read(streamName('environment', name))));
    const settled = turn.catch(() => undefined).finally(() => this.#lanes.get(name) === settled && this.#lanes.delete(name));
    this.#lanes.set(name, settled);
    return turn;
  }

  /** Keeps every environment as far as it was folded, for the next start. */
  keep(): void {
    for (const [stream, folded] of this.#folded) this.#keep(stream, folded);
  }

  async #read(stream: string): Promise<Environment> {
    const begun = this.#folded.get(stream) ?? this.#kept(stream);
    const events = await this.options.store.read(stream, { from: begun?.last.revision ?? 0 });
    // It goes on with the event that was folded last, unless the log was restored to something older.
    if (begun && events[0]?.id !== begun.last.id) return this.#anew(stream);
    return this.#fold(stream, begun, begun ? events.slice(1) : events);
  }

  async #anew(stream: string): Promise<Environment> {
    this.#folded.delete(stream);
    return this.#fold(stream, undefined, await this.options.store.read(stream));
  }

  async #fold(stream: string, begun: Folded | undefined, events: RecordedEvent[]): Promise<Environment> {
    const environment = begun?.environment ?? new Environment();
    environment.beginAbove(usedBefore(this.options.store.info()));
    // All of them are complete before the first one counts: what fails half-way has changed nothing.
    const complete: EnvironmentEvent[] = [];
    for (const event of events) complete.push(await this.#complete(event));
    for (const event of complete) evolve(environment, event);
    const last = events.at(-1) ?? begun?.last;
    if (!last) return environment;
    const { id, revision, position } = last;
    const folded: Folded = { environment, last: { id, revision, position }, kept: begun?.kept ?? -1 };
    this.#folded.set(stream, folded);
    // The bigger it is, the more it costs to write down, the seldomer that happens.
    if (revision - folded.kept >= KEEP_EVERY + environment.size) this.#keep(stream, folded);
    return environment;
  }

  #kept(stream: string): Folded | undefined {
    const snapshot = this.options.cache?.get(stream, FOLD_VERSION);
    if (!snapshot) return undefined;
    const { eventId: id, revision, position, state } = snapshot;
    const environment = Environment.fromRecord(state as unknown as EnvironmentRecord);
    return { environment, last: { id, revision, position }, kept: revision };
  }

  #keep(stream: string, folded: Folded): void {
    const { id: eventId, revision, position } = folded.last;
    const state = folded.environment.toRecord() as unknown as JsonObject;
    this.options.cache?.put(stream, FOLD_VERSION, { eventId, revision, position, state });
    folded.kept = revision;
  }

  /** A list too big for an event stands in a blob. */
  async #complete(event: RecordedEvent): Promise<EnvironmentEvent> {
    const read = { type: event.type, data: event.data } as unknown as EnvironmentEvent;
    if (read.type !== 'PlanSettled' || !read.data.installedBlob) return read;
    const bytes = await this.options.blobs.read(read.data.installedBlob.sha256, MAX_LIST_BYTES);
    return { ...read, data: { ...read.data, installed: JSON.parse(bytes.toString()) as Installed[] } };
  }

  /**
   * Waits until the log has come to the position `atLeast`; until `deadline` (milliseconds since the epoch), then throws `behind`. Throws
   * `gone` for a position of another log.
   */
  async reached(atLeast: Position | undefined, deadline: number): Promise<void> {
    if (atLeast === undefined) return;
    const { store, clock } = this.options;
    while (!isReached(await store.head(), atLeast)) {
      if (clock.now() + POLL_MS > deadline)
        throw new SlipwayError('behind', `The log that the resolver reads has not come to ${atLeast} yet`, { atLeast });
      await new Promise<void>((resolve) => void clock.after(POLL_MS, resolve));
    }
  }
}

/**
 * What was made between a backup and its restore stands at its place, and no stream tells of it. So generations after a restore begin
 * above all that were used before it: an epoch is at least the second (Unix time) in which it began.
 */
const usedBefore = ({ epoch }: LogInfo): number => (epoch > 1 ? epoch : 0);

/** Positions of one log compare as texts. Throws `gone` for one of another log. */
function isReached(head: Position, atLeast: Position): boolean {
  const logOf = (position: Position) => position.slice(0, position.indexOf('.'));
  if (logOf(head) !== logOf(atLeast))
    throw new SlipwayError('gone', `Position ${atLeast} does not exist here: it is of another log`, { position: atLeast });
  return head >= atLeast;
}
