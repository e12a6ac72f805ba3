import type { PlanStep } from '@slipway/contracts';
import { inOrder } from './in-order.js';

/**
 * Steps so that each comes after all that it waits for; among those that could come next, by id. The steps' own `after`
 * decides what may run side by side, the order here is only for readers. (Kahn 1962)
 */
export function inStepOrder(steps: readonly PlanStep[]): PlanStep[] {
  const waiting = new Map(steps.map((step) => [step.id, new Set(step.after)]));
  const ordered: PlanStep[] = [];
  const byId = new Map(steps.map((step) => [step.id, step]));
  while (waiting.size > 0) {
    const ready = [...waiting].filter(([, after]) => after.size === 0).map(([id]) => id);
    if (ready.length === 0) throw new Error(`Steps that wait for each other: ${[...waiting.keys()].join(', ')}`);
    for (const id of ready.toSorted(inOrder)) {
      ordered.push(byId.get(id)!);
      waiting.delete(id);
    }
    for (const after of waiting.values()) for (const id of ready) after.delete(id);
  }
  return ordered;
}
