import { hashOf, resourceKey, type Installed, type InstalledRef, type Plan, type PlanRead, type Wire } from '@slipway/contracts';
import { inOrder } from './in-order.js';

/** A plan with its lists in the one order they have, and its hash. */
export function finishPlan(draft: Omit<Plan, 'leases' | 'hash'>): Plan {
  const plan: Omit<Plan, 'hash'> = {
    ...draft,
    alreadySatisfied: draft.alreadySatisfied.toSorted((a, b) => inOrder(resourceKey(a), resourceKey(b))),
    wires: draft.wires.toSorted(byWire),
    leases: [],
    reads: draft.reads.toSorted((a, b) => inOrder(a.key, b.key)),
    writes: draft.writes.toSorted(inOrder),
  };
  return { ...plan, hash: hashOf(plan) };
}

export const installedRef = ({ kind, name, generation, definition }: Installed): InstalledRef => ({
  kind,
  name,
  generation,
  definition,
});

export const readOf = (installed: Installed): PlanRead => ({ key: resourceKey(installed), generation: installed.generation });

/** Something shared that a plan leaves to others; `gone`: whether one of its users goes with the plan. */
export const leftRead = (installed: Installed, users: readonly string[], gone: (user: string) => boolean): PlanRead => ({
  ...readOf(installed),
  leaving: users.filter(gone),
});

const byWire = (a: Wire, b: Wire): number =>
  inOrder(a.from, b.from) || inOrder(a.requirement, b.requirement) || inOrder(a.to, b.to);
