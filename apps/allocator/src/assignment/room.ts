import type { PersistentMap } from '@slipway/event-store';
import { takesLeases, type Resource } from '../resource/resource.js';
import { NO_SHELVES, shortestAisle } from '../resource/shelf.js';
import { blueprintState, limitsOf, type AllocationState } from '../allocation/state.js';
import { suiting, type BlueprintCatalogue, type BlueprintDeclaration } from '../blueprint/declaration.js';
import type { Lease } from '../lease/lease.js';
import type { Kept } from './kept.js';
import { ownerKey, type Wanted } from './queue.js';

/** Blueprints that a lease may be given a resource of, in the order in which they are tried. */
export const blueprintsFor = (
  state: AllocationState,
  catalogue: BlueprintCatalogue,
  { type, blueprint, owner, endless }: Pick<Wanted, 'type' | 'blueprint' | 'owner' | 'endless'>,
): BlueprintDeclaration[] => {
  const key = ownerKey(owner);
  const found: BlueprintDeclaration[] = [];
  for (const declared of catalogue.values())
    if (
      declared.type === type &&
      (blueprint === undefined || declared.name === blueprint) &&
      blueprintState(state, declared.name).approved.has(key) &&
      (endless === undefined || limitsOf(state, declared).leaseSeconds === 0)
    )
      found.push(declared);
  return found;
};

/** A resource that there is with room for a lease, but for those that are kept for somebody else: by blueprint, then by load. */
export function roomFor(state: AllocationState, catalogue: BlueprintCatalogue, wanted: Wanted, kept: Kept): Resource | undefined {
  const declared = blueprintsFor(state, catalogue, wanted);
  if (wanted.resourceId !== undefined) {
    const named = state.resources.get(wanted.resourceId);
    return named && declared.some(({ name }) => name === named.blueprint) ? roomOn(named, wanted, kept) : undefined;
  }
  for (const { name, placing } of declared)
    for (const { room, ids } of suitable(state, name, wanted, placing)) {
      if (room < wanted.amount) break;
      for (const [id] of ids.entries()) {
        const found = roomOn(state.resources.get(id), wanted, kept);
        if (found) return found;
      }
    }
  return undefined;
}

/** Resources that are alike, and have the same room left. */
interface Alike {
  room: number;
  ids: PersistentMap<true>;
}

/**
 * Resources of a blueprint that are what a lease wants, and large enough. `spread`: all of them, those with the most room first; `pack`: those
 * with enough room, the fullest first.
 */
export function* suitable(
  { shelves }: AllocationState,
  blueprint: string,
  wanted: Wanted,
  placing: BlueprintDeclaration['placing'] = 'spread',
): Generator<Alike> {
  const suits = suiting(wanted);
  const known = shelves.get(blueprint) ?? NO_SHELVES;
  const { byRoom } = shortestAisle(known, wanted.attributes);
  for (const [room, keys] of placing === 'spread' ? byRoom.reversed() : byRoom.entries(wanted.amount))
    for (const [key] of keys.entries()) {
      const shelf = known.all.get(key)!;
      if (shelf.type === wanted.type && shelf.capacity >= wanted.amount && suits(shelf.attributes))
        yield { room, ids: shelf.byRoom.get(room)! };
    }
}

/** What of a lease stands in its way on a resource that suits it: none, or a lock and who has it. */
export function lockHeld({ slots }: Resource, lease: Pick<Lease, 'slots'>): { slot: string; leaseId: string } | undefined {
  for (const slot of lease.slots) {
    const leaseId = slots.get(slot);
    if (leaseId !== undefined) return { slot, leaseId };
  }
  return undefined;
}

/** Whether the resource that somebody wants by its name is what else he wants. */
export const isLike = (resource: Resource, wanted: Wanted): boolean =>
  resource.type === wanted.type && resource.capacity >= wanted.amount && suiting(wanted)(resource.attributes);

function roomOn(resource: Resource | undefined, wanted: Wanted, kept: Kept): Resource | undefined {
  if (!resource || !takesLeases(resource) || kept.hasSlot(resource.id, wanted.slots)) return undefined;
  if (resource.load + kept.amountOf(resource.id) + wanted.amount > resource.capacity || lockHeld(resource, wanted))
    return undefined;
  return wanted.resourceId === undefined || isLike(resource, wanted) ? resource : undefined;
}
