import { randomUUID } from 'node:crypto';
import { SlipwayError, type JsonObject } from '@slipway/contracts';
import type { Decider } from './decider.js';
import { foldStream, type FoldCache } from './fold.js';
import type { EventMetadata, EventStore, Position } from './port.js';

export interface HandleOptions {
  /** Of every event that is recorded. */
  metadata: EventMetadata;
  /** Ids of events; random when left out. */
  newId?: () => string;
  /** How often it reads and decides before it gives up and throws `wrong-revision`; 10 when left out. */
  tries?: number;
  /** Where the folded state is kept between commands, for streams that grow long. */
  kept?: FoldCache;
}

/** What a command did. */
export interface Handled<State, Event> {
  /** After the command. */
  state: State;
  /** What was recorded now; empty when nothing needed to be. */
  events: Event[];
  revision: number;
  /** Of the stream's newest event; `null` when the stream does not exist. */
  position: Position | null;
}

/**
 * Reads a stream, folds it, decides, appends. When somebody else appended in between it reads and decides again: the
 * decision that is recorded always rests on what stands right before it. What `decide` throws is thrown on.
 */
export async function handle<State, Command, Event extends { type: string; data: object }>(
  store: EventStore,
  decider: Decider<State, Command, Event>,
  stream: string,
  command: Command,
  { metadata, newId = randomUUID, tries = 10, kept }: HandleOptions,
): Promise<Handled<State, Event>> {
  for (let left = tries; ; left -= 1) {
    const { state, revision, position } = await foldStream(store, decider, stream, kept);
    const events = decider.decide(state, command);
    if (events.length === 0) return { state, events, revision, position };
    try {
      const appended = await store.append(
        stream,
        revision,
        events.map(({ type, data }) => ({ id: newId(), type, data: data as JsonObject, metadata })),
      );
      const after = events.reduce((before, event) => decider.evolve(before, event), state);
      return { state: after, events, revision: appended.revision, position: appended.position };
    } catch (error) {
      if (!(error instanceof SlipwayError) || error.code !== 'wrong-revision' || left <= 1) throw error;
    }
  }
}
