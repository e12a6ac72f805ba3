import { canonicalJson, type Json, type JsonObject } from '@slipway/contracts';
import { PersistentMap, PersistentOrder } from '@slipway/event-store';
import { kindOf, takesLeases, type Resource } from './resource.js';

/**
 * Resources of a blueprint that are alike (of one type, with the same attributes and capacity), by how much room each has left: who looks for
 * room compares attributes once for all of them.
 */
export interface Shelf {
  type: string;
  attributes: JsonObject;
  capacity: number;
  /** No entry is empty. */
  byRoom: PersistentOrder<PersistentMap<true>>;
}

/** Shelves with something in common, by how much room a resource on them has left: where there is none is found without looking at any. */
export interface Aisle {
  /** Keys of shelves; no entry is empty. */
  byRoom: PersistentOrder<PersistentMap<true>>;
  /** Of all entries together. */
  size: number;
}

/** Of one blueprint. */
export interface Shelves {
  /** By what is alike ({@link kindOf}). */
  all: PersistentMap<Shelf>;
  /** One of all shelves, and for each value of an attribute one of those that have it. */
  aisles: PersistentMap<Aisle>;
}

export const NO_SHELVES: Shelves = { all: PersistentMap.of(), aisles: PersistentMap.of() };

const EMPTY_AISLE: Aisle = { byRoom: PersistentOrder.of(), size: 0 };
const OF_ALL = '';
const aisleOf = ([name, value]: [string, Json | undefined]): string => canonicalJson([name, value ?? null]);
const aislesOf = (attributes: JsonObject): string[] => [OF_ALL, ...Object.entries(attributes).map(aisleOf)];

/** In which all shelves are that have some attributes, and the fewest others. */
export function shortestAisle({ aisles }: Shelves, attributes: JsonObject): Aisle {
  const found = aislesOf(attributes).map((key) => aisles.get(key) ?? EMPTY_AISLE);
  return found.reduce((shortest, one) => (one.size < shortest.size ? one : shortest));
}

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
  { all, aisles }: Shelves,
  key: string,
  { type, attributes, capacity, load }: Resource,
  how: (ids: PersistentMap<true>) => PersistentMap<true>,
): Shelves {
  const room = capacity - load;
  const shelf = all.get(key) ?? { type, attributes, capacity, byRoom: PersistentOrder.of() };
  const before = shelf.byRoom.get(room) ?? PersistentMap.of();
  const ids = how(before);
  const byRoom = withIds(shelf.byRoom, room, ids);
  const isOther = before.size === 0 || ids.size === 0;
  return {
    all: byRoom.size > 0 ? all.with(key, { ...shelf, byRoom }) : all.without(key),
    aisles: isOther ? standing(aisles, attributes, room, key, ids.size > 0) : aisles,
  };
}

/** Aisles in which a shelf has something with so much room, or no more. */
function standing(before: Shelves['aisles'], attributes: JsonObject, room: number, shelf: string, isThere: boolean) {
  let after = before;
  for (const name of aislesOf(attributes)) {
    const { byRoom, size } = after.get(name) ?? EMPTY_AISLE;
    const others = byRoom.get(room) ?? PersistentMap.of<true>();
    const keys = isThere ? others.with(shelf, true) : others.without(shelf);
    const changedSize = size + keys.size - others.size;
    after = changedSize > 0 ? after.with(name, { byRoom: withIds(byRoom, room, keys), size: changedSize }) : after.without(name);
  }
  return after;
}

const withIds = (byRoom: Shelf['byRoom'], room: number, ids: PersistentMap<true>): Shelf['byRoom'] =>
  ids.size > 0 ? byRoom.with(room, ids) : byRoom.without(room);
