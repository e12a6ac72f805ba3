import type { EventFilter, EventView, Page } from '@slipway/contracts/public';
import { ApiError } from './errors.js';

/** The newest of what was recorded, oldest first. */
export interface NewestEvents {
  items: EventView[];
  /** Whether the filter lets through others that are older. */
  older: boolean;
  /** Go on after this one. */
  position: string;
}

/** The part of the client that reading events needs. */
interface Recorded {
  events(filter: EventFilter, options: { after?: string; limit?: number }): Promise<Page<EventView>>;
  environments: { list(options: { asOf: string; limit: number }): Promise<Page<unknown>> };
}

/** Events of a page where all are wanted. */
const PAGE = 1000;
const MINUTE = 60_000;
/** How far to look back for enough events, in ms, before the whole log is read. */
const LOOK_BACKS = [MINUTE, 60 * MINUTE, 24 * 60 * MINUTE, 30 * 24 * 60 * MINUTE];

/** All events after a position, or from the beginning on, page by page, oldest first; it ends where the log ends. */
export async function* eventPages(
  client: Recorded,
  filter: EventFilter = {},
  options: { after?: string; limit?: number } = {},
): AsyncGenerator<Page<EventView>> {
  for (let { after } = options; ;) {
    const page = await client.events(filter, { limit: options.limit ?? PAGE, ...(after !== undefined && { after }) });
    yield page;
    if (page.next === undefined) return;
    after = page.next;
  }
}

/**
 * The newest events that pass a filter. The log is read forward only, so it is read from a moment on since when enough was
 * recorded: a minute ago, an hour ago, ..., the beginning.
 */
export async function newestEvents(client: Recorded, filter: EventFilter, count: number): Promise<NewestEvents> {
  for (const back of LOOK_BACKS) {
    const after = await positionAt(client, new Date(Date.now() - back).toISOString());
    if (after === undefined) break;
    const newest = await lastOf(eventPages(client, filter, { after }), count);
    if (newest.older) return newest;
  }
  return lastOf(eventPages(client, filter), count);
}

async function lastOf(pages: AsyncIterable<Page<EventView>>, count: number): Promise<NewestEvents> {
  let items: EventView[] = [];
  let older = false;
  let position = '';
  for await (const page of pages) {
    const all = [...items, ...page.items];
    older ||= all.length > count;
    items = all.slice(-count);
    position = page.position;
  }
  return { items, older, position };
}

/** Where the log stood at a time; `undefined` when the gateway can't tell now. */
async function positionAt(client: Recorded, asOf: string): Promise<string | undefined> {
  try {
    return (await client.environments.list({ asOf, limit: 1 })).position;
  } catch (error) {
    if (error instanceof ApiError) return undefined;
    throw error;
  }
}
