import { PersistentOrder } from '@slipway/event-store';
import { blueprintState, type AllocationState, type BlueprintState } from '../allocation/state.js';
import { isIdle, type Resource } from './resource.js';
import { NO_SHELVES, reshelved, type Shelves } from './shelf.js';

/** With a resource where it belongs: among all, on its shelf, among those that nobody has, counted for its blueprint. */
export function placed(state: AllocationState, before: Resource | undefined, became: Resource | undefined): AllocationState {
  const { id, blueprint, manual } = (became ?? before)!;
  const known = state.shelves.get(blueprint) ?? NO_SHELVES;
  const { after, idle, lastIdle } = idled(state, before, became);
  const shelves = reshelved(known, before, after);
  const changed = {
    ...state,
    resources: after ? state.resources.with(id, after) : state.resources.without(id),
    shelves: shelves === known ? state.shelves : withShelves(state.shelves, blueprint, shelves),
    idle,
    lastIdle,
  };
  if (manual) return changed;
  const by = (counts: (resource: Resource) => boolean): number =>
    Number(after !== undefined && counts(after)) - Number(before !== undefined && counts(before));
  const made = by(() => true);
  const making = by(({ status }) => status === 'pending');
  const spare = by(({ status, leases }) => status === 'pending' && leases.size === 0);
  const leaving = by(({ status }) => status === 'closed');
  if (made === 0 && making === 0 && spare === 0 && leaving === 0) return changed;
  return withBlueprint(changed, blueprint, (counted) => ({
    made: counted.made + made,
    making: counted.making + making,
    spare: counted.spare + spare,
    leaving: counted.leaving + leaving,
  }));
}

function withShelves(all: AllocationState['shelves'], blueprint: string, shelves: Shelves): AllocationState['shelves'] {
  const others = new Map(all);
  if (shelves.all.size > 0) others.set(blueprint, shelves);
  else others.delete(blueprint);
  return others;
}

/** A resource with its place among those that nobody has, or without one. */
function idled(
  { idle, lastIdle }: AllocationState,
  before: Resource | undefined,
  became: Resource | undefined,
): Pick<AllocationState, 'idle' | 'lastIdle'> & { after: Resource | undefined } {
  const was = before?.idle;
  if (became && isIdle(became)) {
    if (became.idle !== undefined && became.idle === was) return { after: became, idle, lastIdle };
    const after = { ...became, idle: became.idle ?? lastIdle + 1 };
    const order = (idle.get(became.blueprint) ?? PersistentOrder.of<string>()).with(after.idle, after.id);
    return { after, idle: new Map(idle).set(became.blueprint, order), lastIdle: Math.max(lastIdle, after.idle) };
  }
  if (was === undefined) return { after: became, idle, lastIdle };
  const { blueprint } = before!;
  const order = idle.get(blueprint)!.without(was);
  const others = new Map(idle);
  if (order.size > 0) others.set(blueprint, order);
  else others.delete(blueprint);
  if (!became) return { after: became, idle: others, lastIdle };
  const { idle: _idle, ...after } = became;
  return { after, idle: others, lastIdle };
}

/** With what has changed of a blueprint. */
export function withBlueprint(
  state: AllocationState,
  name: string,
  change: (known: BlueprintState) => Partial<BlueprintState>,
): AllocationState {
  const known = blueprintState(state, name);
  return { ...state, blueprints: new Map(state.blueprints).set(name, { ...known, ...change(known) }) };
}
