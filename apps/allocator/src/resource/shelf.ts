import type { JsonObject } from '@slipway/contracts';
import { PersistentMap } from '@slipway/event-store';
import { kindOf, takesLeases, type Resource } from './resource.js';

/**
 * Resources of a blueprint that are alike (of one type, with the same attributes and capacity), by how much of each is leased: who looks for
 * room finds it without looking at those that have none, and compares attributes once.
 */
export interface Shelf {
  type: string;
  attributes: JsonObject;
  capacity: number;
  /** From the least loaded to the fullest; no entry is empty. */
  byLoad: readonly { load: number; ids: PersistentMap<true> }[];
}

/** Of one blueprint, by what is alike. */
export type Shelves = PersistentMap<Shelf>;

export const NO_SHELVES: Shelves = PersistentMap.of();

/** Shelves after a resource has become another; `undefined` for one that is not there, before or after. */
export function reshelved(shelves: Shelves, before: Resource | undefined, after: Resource | undefined): Shelves {
  const from = before && takesLeases(before) ? before : undefined;
  const to = after && takesLeases(after) ? after : undefined;
  if (!from && !to) return shelves;
  const same = from && to && from.attributes === to.attributes && from.capacity === to.capacity;
  if (same && from.load === to.load) return shelves;
  const key = kindOf((from ?? to)!);
  const taken = from ? changed(shelves, key, from, (ids) => ids.without(from.id)) : shelves;
  return to ? changed(taken, same ? key : kindOf(to), to, (ids) => ids.with(to.id, true)) : taken;
}

function changed(
  shelves: Shelves,
  key: string,
  { type, attributes, capacity, load }: Resource,
  how: (ids: PersistentMap<true>) => PersistentMap<true>,
): Shelves {
  const shelf = shelves.get(key) ?? { type, attributes, capacity, byLoad: [] };
  const found = shelf.byLoad.findIndex((entry) => entry.load >= load);
  const at = found < 0 ? shelf.byLoad.length : found;
  const known = shelf.byLoad[at]?.load === load ? shelf.byLoad[at] : undefined;
  const ids = how(known?.ids ?? PersistentMap.of());
  const byLoad = shelf.byLoad.toSpliced(at, known ? 1 : 0, ...(ids.size > 0 ? [{ load, ids }] : []));
  return byLoad.length > 0 ? shelves.with(key, { ...shelf, byLoad }) : shelves.without(key);
}
