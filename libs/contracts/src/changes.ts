import { hashOf, type Json, type JsonObject } from './json.js';
import type { Change } from './plan.js';
import type { Changeable } from './services.js';

/** Names of the fields that are not the same in both, in order. */
export const changedFields = (before: JsonObject, after: JsonObject): string[] =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].toSorted().filter((field) => !same(before[field], after[field]));

const same = (a: Json | undefined, b: Json | undefined): boolean =>
  a === b || (a !== undefined && b !== undefined && hashOf(a) === hashOf(b));

/** How a driver changes a field of a spec (`limits`), or what lies in one (`limits.openFiles`); undefined where it cannot. */
export function howChanged({ inPlace, replaces }: Changeable, field: string): Change['how'] | undefined {
  if (inPlace.includes(field)) return 'in-place';
  if (replaces.includes(field)) return 'replaced';
  const end = field.lastIndexOf('.');
  return end < 0 ? undefined : howChanged({ inPlace, replaces }, field.slice(0, end));
}
