import type { PlanStep } from '@slipway/contracts';
import { inOrder } from '../in-order.js';

/**
 * Steps so that each comes after all that it waits for; among those that could come next, by id. The steps' own `after`
 * decides what may run side by side, the order here is only for readers. (Kahn 1962)
 *
 * Only bundles go in circles: of those that wait for each other the first goes ahead, and says no more that it waits for them.
 */
export function inStepOrder(steps: readonly PlanStep[]): PlanStep[] {
  const waiting = new Map(steps.map((step) => [step.id, new Set(step.after)]));
  const ordered: PlanStep[] = [];
  const byId = new Map(steps.map((step) => [step.id, step]));
  const goAhead = (id: string) => {
    const others = waiting.get(id)!;
    const step = byId.get(id)!;
    byId.set(id, { ...step, after: step.after.filter((one) => !others.has(one)) });
    return id;
  };
  while (waiting.size > 0) {
    const unhindered = [...waiting].filter(([, after]) => after.size === 0).map(([id]) => id);
    const ready = unhindered.length > 0 ? unhindered : [goAhead(firstOfCircle(waiting))];
    for (const id of ready.toSorted(inOrder)) {
      ordered.push(byId.get(id)!);
      waiting.delete(id);
    }
    for (const after of waiting.values()) for (const id of ready) after.delete(id);
  }
  return ordered;
}

/** Of steps that all wait for each other, the first by id of those that wait for none but these: from there least can be reached. */
function firstOfCircle(waiting: ReadonlyMap<string, ReadonlySet<string>>): string {
  const reached = [...waiting.keys()].toSorted(inOrder).map((id) => {
    const ids = new Set([id]);
    // What is added on the way is visited too.
    for (const one of ids) for (const next of waiting.get(one)!) ids.add(next);
    return { id, count: ids.size };
  });
  return reached.reduce((least, one) => (one.count < least.count ? one : least)).id;
}
