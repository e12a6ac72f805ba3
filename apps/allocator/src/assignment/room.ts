import { takesLeases, type Resource } from '../resource/resource.js';
import type { Shelf } from '../resource/shelf.js';
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
    for (const shelf of shelvesFor(state, name, wanted))
      for (const id of withRoom(shelf, placing, wanted.amount)) {
        const found = roomOn(state.resources.get(id), wanted, kept);
        if (found) return found;
      }
  return undefined;
}

/** Shelves of a blueprint with what a lease wants, and large enough. */
export function* shelvesFor({ shelves }: AllocationState, blueprint: string, wanted: Wanted): Generator<Shelf> {
  const suits = suiting(wanted);
  for (const [, shelf] of shelves.get(blueprint)?.entries() ?? [])
    if (shelf.type === wanted.type && shelf.capacity >= wanted.amount && suits(shelf.attributes)) yield shelf;
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

function* withRoom({ byLoad, capacity }: Shelf, placing: 'spread' | 'pack', amount: number): Generator<string> {
  const entries = placing === 'spread' ? byLoad : byLoad.toReversed();
  for (const { load, ids } of entries) if (load + amount <= capacity) for (const [id] of ids.entries()) yield id;
}
