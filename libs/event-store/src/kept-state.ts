import { setImmediate as nextTurn } from 'node:timers/promises';
import type { JsonObject } from '@slipway/contracts';
import type { Snapshot, SnapshotCache } from './snapshot-cache.js';

/** Where a lane keeps its state for the next start, and how. */
export interface KeptState<State> {
  snapshots: Pick<SnapshotCache, 'get' | 'put'>;
  /** Grows whenever the state or how it is folded changes: what an older fold kept is then never read. */
  foldVersion: number;
  /** Part after part; each takes a millisecond or so, and others get their turn between two of them. */
  toParts(state: State): Iterable<JsonObject>;
  fromParts(parts: readonly JsonObject[]): State;
  /** How much has to be written to keep it, in entries. */
  sizeOf(state: State): number;
}

/** What a state was folded from. */
export type FoldedFrom = Omit<Snapshot, 'state'>;

/**
 * K1. What is kept is one state, whole: parts are written beside those of the state that was kept before, and count from the moment in which the
 *     stream's own row names them.
 * K2. Whoever dies in the middle leaves the state that was kept before.
 */
export async function keepState<State>(
  { snapshots, foldVersion, toParts }: KeptState<State>,
  stream: string,
  from: FoldedFrom,
  state: State,
): Promise<void> {
  const side = sideOf(snapshots.get(stream, foldVersion)) === 'a' ? 'b' : 'a';
  let parts = 0;
  for (const part of toParts(state)) {
    if (parts > 0) await nextTurn();
    snapshots.put(rowOf(stream, side, parts), foldVersion, { ...from, state: part });
    parts += 1;
  }
  snapshots.put(stream, foldVersion, { ...from, state: { side, parts } });
}

/** The state that was kept, and what it was folded from; `null` where none is, or not all of it. */
export function keptState<State>(
  { snapshots, foldVersion, fromParts }: KeptState<State>,
  stream: string,
): (FoldedFrom & { state(): State }) | null {
  const head = snapshots.get(stream, foldVersion);
  const side = sideOf(head);
  if (!head || side === undefined) return null;
  const parts: JsonObject[] = [];
  for (let at = 0; at < Number(head.state['parts']); at += 1) {
    const part = snapshots.get(rowOf(stream, side, at), foldVersion);
    if (part?.eventId !== head.eventId) return null;
    parts.push(part.state);
  }
  return { ...head, state: () => fromParts(parts) };
}

type Side = 'a' | 'b';

function sideOf(head: Snapshot | null): Side | undefined {
  const side = head?.state['side'];
  return side === 'a' || side === 'b' ? side : undefined;
}

/** No stream's own name has a blank. */
const rowOf = (stream: string, side: Side, part: number): string => `${stream} ${side}${part}`;
