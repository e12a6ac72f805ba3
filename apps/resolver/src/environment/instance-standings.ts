import { SlipwayError, idOf, type JsonObject } from '@slipway/contracts';
import type { EventStore, Position, ReadAllResult, RecordedEvent, SnapshotCache } from '@slipway/event-store';
import { STANDING_TYPES, standingAfter, type Standing, type Standings } from '@slipway/solver';

/** Grows whenever the fold or the form of what is kept changes. */
const FOLD_VERSION = 1;
/** Under which name it is kept. */
const KEPT = 'instance';
/** Events that it grows by before it is kept again. */
const KEEP_EVERY = 10_000;
const BATCH = 5_000;
const FILTER = { categories: ['instance'], types: STANDING_TYPES };

interface Folded {
  /** By `<environment>.<name>`. */
  byId: Map<string, Standing>;
  position?: Position;
  /** How many events were folded, and how many when it was kept last. */
  events: number;
  kept: number;
}

const NOTHING = (): Folded => ({ byId: new Map(), events: 0, kept: 0 });

/** How instances stand, as all their streams tell, read on demand: what was folded stays, and only what came since is read. */
export class InstanceStandings {
  #folded: Folded | undefined;
  /** One reader at a time. */
  #lane: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly store: Pick<EventStore, 'readAll'>,
    /** Where it is kept over restarts; nowhere when left out. */
    private readonly cache?: Pick<SnapshotCache, 'get' | 'put'>,
  ) {}

  /** How the instances of an environment stand at the head of the log. Throws `log-unavailable`. */
  async of(environment: string): Promise<Standings> {
    const turn = this.#lane.then(() => this.#catchUp());
    this.#lane = turn.catch(() => undefined);
    const { byId } = await turn;
    return (name) => byId.get(`${environment}.${name}`);
  }

  /** Keeps it as far as it was folded, for the next start. */
  keep(): void {
    const { position, events, byId } = this.#folded ?? NOTHING();
    if (position === undefined) return;
    const state = { standings: [...byId] } as unknown as JsonObject;
    this.cache?.put(KEPT, FOLD_VERSION, { revision: events, position, eventId: '', state });
    this.#folded!.kept = events;
  }

  async #catchUp(): Promise<Folded> {
    this.#folded ??= this.#kept();
    for (;;) {
      const read = await this.#next();
      for (const event of read.events) evolve(this.#folded.byId, event);
      this.#folded.position = read.position;
      this.#folded.events += read.events.length;
      if (this.#folded.events - this.#folded.kept >= KEEP_EVERY) this.keep();
      if (read.end) return this.#folded;
    }
  }

  /** What came since; from the beginning where the log was restored to something older. */
  async #next(): Promise<ReadAllResult> {
    const { position: after } = this.#folded!;
    try {
      return await this.store.readAll({ limit: BATCH, filter: FILTER, ...(after !== undefined && { after }) });
    } catch (error) {
      if (after === undefined || !(error instanceof SlipwayError && error.code === 'gone')) throw error;
      this.#folded = NOTHING();
      return this.#next();
    }
  }

  #kept(): Folded {
    const kept = this.cache?.get(KEPT, FOLD_VERSION);
    if (!kept) return NOTHING();
    const { revision: events, position, state } = kept;
    return { byId: new Map(state['standings'] as unknown as [string, Standing][]), position, events, kept: events };
  }
}

function evolve(byId: Map<string, Standing>, event: RecordedEvent): void {
  const id = idOf(event.stream);
  const standing = standingAfter(byId.get(id), event);
  if (standing) byId.set(id, standing);
  else byId.delete(id);
}
