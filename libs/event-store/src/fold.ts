import type { JsonObject } from '@slipway/contracts';
import type { Decider } from './decider.js';
import { NO_STREAM, type EventStore, type Position } from './port.js';
import type { SnapshotCache } from './snapshot-cache.js';

/** A stream as a state, and how far it was read. */
export interface Folded<State> {
  state: State;
  /** NO_STREAM when the stream does not exist. */
  revision: number;
  /** Of the newest event; `null` when there is none. */
  position: Position | null;
}

/** Where folded states are kept between reads. The version grows whenever `evolve` or the state's form changes. */
export interface FoldCache {
  cache: SnapshotCache;
  foldVersion: number;
}

/** What of a decider a fold needs. */
export type Fold<State, Event extends { type: string; data: object }> = Pick<
  Decider<State, never, Event>,
  'initialState' | 'evolve'
>;

/**
 * Reads a stream and folds its events. With a cache it begins at the state kept there, if the event that it ends with still
 * stands in the stream: after a restore it may not, and the fold begins anew. A kept state goes through JSON.
 */
export async function foldStream<State, Event extends { type: string; data: object }>(
  store: Pick<EventStore, 'read'>,
  fold: Fold<State, Event>,
  stream: string,
  kept?: FoldCache,
): Promise<Folded<State>> {
  const snapshot = kept?.cache.get(stream, kept.foldVersion) ?? null;
  let events = await store.read(stream, { from: snapshot?.revision ?? 0 });
  let state = fold.initialState();
  const begin = snapshot !== null && events[0]?.id === snapshot.eventId;
  if (begin) {
    state = snapshot.state as State;
    events = events.slice(1);
  } else if (snapshot) {
    events = await store.read(stream);
  }
  for (const event of events) state = fold.evolve(state, { type: event.type, data: event.data } as unknown as Event);
  const last = events.at(-1);
  if (!last) return { state, revision: begin ? snapshot.revision : NO_STREAM, position: begin ? snapshot.position : null };
  const { revision, position, id: eventId } = last;
  kept?.cache.put(stream, kept.foldVersion, { revision, position, eventId, state: state as JsonObject });
  return { state, revision, position };
}
