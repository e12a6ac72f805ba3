import type { JsonObject } from '@slipway/contracts';
import { blueprintState, failureKey, type AllocationState } from '../allocation/state.js';
import { attributesFor, type BlueprintCatalogue, type BlueprintDeclaration } from '../blueprint/declaration.js';
import { takesLeases } from '../resource/resource.js';
import type { Kept } from './kept.js';
import { DEPTH, isFull, wantedBy, whyNotNow } from './make.js';
import type { Wanted } from './queue.js';
import { blueprintsFor, roomFor, suitable } from './room.js';

/**
 * Keeps what a lease that cannot have what it wants is nearest to, so that smaller ones do not starve it: of the resource with the most room as
 * much as it wants, and what a new resource for it would need itself. Tells which idle resources are to go, so that their blueprint may make
 * what is wanted instead.
 */
export function keepFor(
  state: AllocationState,
  catalogue: BlueprintCatalogue,
  wanted: Wanted,
  kept: Kept,
  now: number,
  depth = 0,
): string[] {
  const allowed = blueprintsFor(state, catalogue, wanted);
  if (wanted.resourceId !== undefined) {
    const named = state.resources.get(wanted.resourceId);
    if (named && takesLeases(named) && allowed.some(({ name }) => name === named.blueprint)) kept.keep(named.id, wanted);
    return [];
  }
  const nearest = nearestTo(state, allowed, wanted, kept);
  if (nearest !== undefined) kept.keep(nearest, wanted);
  const inTheWay: string[] = [];
  for (const declared of allowed) {
    const made = attributesFor(declared, wanted);
    if ('reason' in made) continue;
    const idle = inTheWayOf(state, declared, made.attributes, kept, now);
    if (idle !== undefined) return [idle];
    if (depth >= DEPTH || whyNotNow(state, declared, made.attributes, now) !== undefined) continue;
    for (const need of Object.values(declared.needs)) {
      const needed = wantedBy(need, wanted.owner);
      const room = roomFor(state, catalogue, needed, kept);
      if (room) kept.keep(room.id, needed);
      else inTheWay.push(...keepFor(state, catalogue, needed, kept, now, depth + 1));
    }
  }
  return inTheWay;
}

/** The resource that lacks the least to have room for it. */
function nearestTo(
  state: AllocationState,
  allowed: readonly BlueprintDeclaration[],
  wanted: Wanted,
  kept: Kept,
): string | undefined {
  let nearest: { id: string; room: number } | undefined;
  for (const { name } of allowed)
    for (const { id, room } of firstFew(suitable(state, name, wanted))) {
      // What comes after it has no more, and may be kept as well.
      if (nearest && room <= nearest.room) break;
      const left = room - kept.amountOf(id);
      if (!nearest || left > nearest.room) nearest = { id, room: left };
    }
  return nearest?.id;
}

/** Of those with the most room a few: nobody is near to more of them. */
function* firstFew(suiting: ReturnType<typeof suitable>): Generator<{ id: string; room: number }> {
  let left = 32;
  for (const { room, ids } of suiting)
    for (const [id] of ids.entries()) {
      yield { id, room };
      left -= 1;
      if (left === 0) return;
    }
}

/** A resource that nobody has, of a blueprint that would make what is wanted if it had not made as many as it may. */
function inTheWayOf(
  state: AllocationState,
  declared: BlueprintDeclaration,
  attributes: JsonObject,
  kept: Kept,
  now: number,
): string | undefined {
  const failed = blueprintState(state, declared.name).failed.get(failureKey(attributes));
  if (!declared.can.includes('allocate') || !isFull(state, declared, true) || (failed && failed.retryAt > now)) return undefined;
  for (const [, id] of state.idle.get(declared.name)?.entries() ?? []) if (kept.amountOf(id) === 0) return id;
  return undefined;
}
