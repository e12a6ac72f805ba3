import { KurrentDBClient, streamNameFilter, eventTypeFilter, type ReadPosition } from '@kurrent/kurrentdb-client';
import { CATEGORIES } from '@slipway/contracts';
import type { ReadFilter } from '../port.js';

/** What the log needs of the official client. */
export type Client = Pick<KurrentDBClient, 'appendToStream' | 'readStream' | 'readAll' | 'subscribeToAll' | 'dispose'>;

/** Connects lazily: nothing is sent before the first call. */
export const connect = (connection: string): Client => KurrentDBClient.connectionString(connection);

/** Where a number of ours stands in `$all`: appends are single writes, whose commit and prepare positions are the same. */
export const place = (number: bigint): ReadPosition => (number === 0n ? 'start' : { commit: number, prepare: number });

/** Streams of ours, and no others that live on the server. */
export const OURS = streamNameFilter({ prefixes: CATEGORIES.map((category) => `${category}-`) });

/** What of a filter the server can do: by prefixes of streams, else by types. The rest is looked at here. */
export function serverFilter({ categories, types }: ReadFilter) {
  if (categories) return streamNameFilter({ prefixes: categories.map((category) => `${category}-`) });
  if (types) return eventTypeFilter({ regex: `^(${types.map((type) => type.replaceAll('.', '\\.')).join('|')})$` });
  return OURS;
}
