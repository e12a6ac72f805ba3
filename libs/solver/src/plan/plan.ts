import {
  hashOf,
  resourceKey,
  type Installed,
  type InstalledRef,
  type Plan,
  type PlanExplanation,
  type PlanRead,
  type PlanStep,
  type ResolveQuery,
  type Wire,
} from '@slipway/contracts';
import type { EnvironmentView } from '../installed/environment.js';
import { inOrder } from '../in-order.js';

/** A plan with its lists in the one order they have, and its hash. */
export function finishPlan(draft: Omit<Plan, 'leases' | 'hash'> & Partial<Pick<Plan, 'leases'>>): Plan {
  const plan: Omit<Plan, 'hash'> = {
    ...draft,
    alreadySatisfied: draft.alreadySatisfied.toSorted((a, b) => inOrder(resourceKey(a), resourceKey(b))),
    wires: draft.wires.toSorted(byWire),
    leases: (draft.leases ?? []).toSorted((a, b) => inOrder(a.key, b.key) || inOrder(a.holder, b.holder)),
    reads: draft.reads.toSorted((a, b) => inOrder(a.key, b.key)),
    writes: draft.writes.toSorted(inOrder),
    ...(draft.turns && { turns: draft.turns.toSorted((a, b) => inOrder(a.key, b.key)) }),
  };
  return { ...plan, hash: hashOf(plan) };
}

export const installedRef = ({ kind, name, generation, definition }: Installed): InstalledRef => ({
  kind,
  name,
  generation,
  definition,
});

/** A plan that says why there is none. */
export const unsatisfied = (query: ResolveQuery, reasons: Plan['unsatisfied'], explanation?: PlanExplanation): Plan =>
  finishPlan({
    environment: query.environment,
    outcome: 'unsatisfied',
    alreadySatisfied: [],
    steps: [],
    wires: [],
    reads: [],
    writes: [],
    unsatisfied: reasons,
    ...(explanation && { explanation }),
  });

/** Takes away what is installed, when `after` is done; once it has begun it only goes on. */
export function removalOf(installed: Installed, after: string[]): PlanStep {
  const { kind, name, generation, definition, location, driver, spec, instanceId } = installed;
  return {
    ...{ id: resourceKey(installed), action: 'destroy', kind, name, generation, definition, location, driver, spec, after },
    inverse: 'forward',
    ...(instanceId === undefined && { shared: true }),
  };
}

/** What a plan rests on, as it is installed now. */
export function readOf(installed: Installed, environment: Pick<EnvironmentView, 'updates'>): PlanRead {
  const key = resourceKey(installed);
  const updates = environment.updates(key);
  return { key, generation: installed.generation, ...(updates > 0 && { updates }) };
}

/** Something shared that a plan leaves to others; `gone`: whether one of its users goes with the plan. */
export const leftRead = (installed: Installed, environment: EnvironmentView, gone: (user: string) => boolean): PlanRead => ({
  ...readOf(installed, environment),
  leaving: environment.usersOf(resourceKey(installed)).filter(gone),
});

const byWire = (a: Wire, b: Wire): number =>
  inOrder(a.from, b.from) || inOrder(a.requirement, b.requirement) || inOrder(a.to, b.to);
