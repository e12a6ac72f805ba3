import { hashOf, type Json, type JsonObject } from './json.js';
import type { Change } from './plan.js';
import type { Changeable } from './services.js';

/** Names of the fields that are not the same in both, in order. */
export const changedFields = (before: JsonObject, after: JsonObject): string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted().filter((field) => !same(before[field], after[field]));

const same = (a: Json | undefined, b: Json | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && hashOf(a) === hashOf(b));

/** How a driver changes a field of a spec; undefined where it cannot. */
export const howChanged = ({ inPlace, replaces }: Changeable, field: string): Change['how'] | undefined =>
  inPlace.includes(field) ? 'in-place' : replaces.includes(field) ? 'replaced' : undefined;
