import { eventView } from '@slipway/mesh';
import type { EventStore, Position, ReadFilter } from '@slipway/event-store';

/** What was recorded after a position, as it goes to those who catch up. */
export interface LivePage {
  /** Each event with its position and its JSON as an `EventView`. */
  entries: readonly { position: Position; json: string }[];
  /** Up to where the log was looked through. */
  position: Position;
}

/** Events of one page. */
const PAGE = 500;
/** How much is kept, in characters of JSON. */
const KEPT = 8 * 1024 * 1024;

/**
 * Pages of the log, read once for all who catch up at the same time with the same filter: who comes after somebody else is
 * served from memory, catches up with him, and from there on they go together.
 */
export class LivePages {
  /** In the order of their use; a page that is being read counts nothing yet. */
  readonly #pages = new Map<string, { page: Promise<LivePage>; size: number }>();
  #size = 0;

  constructor(
    private readonly store: Pick<EventStore, 'readAll'>,
    private readonly kept = KEPT,
  ) {}

  /** The page after a position, from the beginning when there is none. Throws what the log throws. */
  after(position: Position | undefined, filter: ReadFilter): Promise<LivePage> {
    const key = `${position ?? ''} ${JSON.stringify(filter)}`;
    const known = this.#pages.get(key);
    if (known) {
      this.#pages.delete(key);
      this.#pages.set(key, known);
      return known.page;
    }
    const kept = { page: this.#read(position, filter), size: 0 };
    this.#pages.set(key, kept);
    kept.page.then(
      (page) => this.#keep(key, kept, page),
      () => this.#pages.delete(key),
    );
    return kept.page;
  }

  async #read(after: Position | undefined, filter: ReadFilter): Promise<LivePage> {
    const options = { ...(after !== undefined && { after }), limit: PAGE, filter, asRecorded: true };
    const { events, position } = await this.store.readAll(options);
    return { entries: events.map((event) => ({ position: event.position, json: JSON.stringify(eventView(event)) })), position };
  }

  /** A page that is not full grows with the log: it is told to those who wait for it and forgotten. */
  #keep(key: string, kept: { size: number }, { entries }: LivePage): void {
    if (this.#pages.get(key) !== kept) return;
    if (entries.length < PAGE) {
      this.#pages.delete(key);
      return;
    }
    kept.size = entries.reduce((size, { json }) => size + json.length, 0);
    this.#size += kept.size;
    for (const [oldest, { size }] of this.#pages) {
      if (this.#size <= this.kept) break;
      if (oldest === key) continue;
      this.#pages.delete(oldest);
      this.#size -= size;
    }
  }
}
