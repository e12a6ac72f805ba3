import type { PlanStep } from '../plan.js';

/**
 * Steps in rounds: each step stands in the first round that is after all that it waits for; those of one round run side by side.
 * What waits for itself, as no plan of the engine does, stands in the last one.
 */
export function roundsOf(steps: readonly PlanStep[]): PlanStep[][] {
  const rounds: PlanStep[][] = [];
  const known = new Set(steps.map(({ id }) => id));
  const done = new Set<string>();
  for (let left = [...steps]; left.length > 0;) {
    const round = left.filter(({ after }) => after.every((id) => done.has(id) || !known.has(id)));
    const next = round.length > 0 ? round : left;
    rounds.push(next);
    for (const { id } of next) done.add(id);
    left = left.filter(({ id }) => !done.has(id));
  }
  return rounds;
}
