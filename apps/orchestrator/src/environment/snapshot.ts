import type { Json, JsonObject } from '@slipway/contracts';
import { PersistentMap } from '@slipway/event-store';
import { initialState, type EnvironmentState } from './state.js';

/** Grows whenever the state or `evolve` changes: what an older fold kept is then never read. */
export const FOLD_VERSION = 7;

/** A state as JSON. */
export const toJson = (state: EnvironmentState): JsonObject =>
  Object.fromEntries(
    Object.entries(state).map(([name, value]): [string, Json] => [
      name,
      value instanceof PersistentMap ? ([...value.entries()] as Json[]) : (value as boolean),
    ]),
  );

/** The inverse of {@link toJson}. */
export const fromJson = (json: JsonObject): EnvironmentState =>
  Object.fromEntries(
    Object.entries(initialState()).map(([name, value]) => [
      name,
      value instanceof PersistentMap ? PersistentMap.of(json[name] as Iterable<[string, unknown]>) : json[name],
    ]),
  ) as unknown as EnvironmentState;
