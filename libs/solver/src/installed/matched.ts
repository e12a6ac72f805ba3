import { resourceKey, type Installed, type Plan, type PlanStep } from '@slipway/contracts';
import type { EnvironmentView } from './environment.js';
import { rolesFrom } from '../definition/roles.js';

interface Unmatched {
  target: Pick<Plan, 'steps' | 'wires'>;
  /** What is there and may be changed, by key. */
  mine: ReadonlyMap<string, Installed>;
  /** Where roles begin: the step's id, and the key of what it is already. */
  first: string;
  root: string;
  environment: EnvironmentView;
  /** Whether a step makes something for the root alone. */
  isOwn: (step: PlanStep) => boolean;
}

/**
 * What each step's resource is already, by the step's id: of the same kind and role, whatever either is called; else of the same name. What
 * stands in two places at once counts in the first.
 */
export function matched({ target, mine, first, root, environment, isOwn }: Unmatched): Map<string, Installed> {
  const roles = rolesFrom(first, (key) => target.wires.filter(({ from }) => from === key));
  const byRole = new Map([...rolesFrom(root, (key) => environment.wiresFrom(key))].map(([key, role]) => [role, mine.get(key)]));
  const there = new Map<string, Installed>();
  const left = new Set(mine.keys());
  const take = (step: PlanStep, one: Installed | undefined) => {
    if (there.has(step.id) || !isOwn(step) || one?.kind !== step.kind || !left.delete(resourceKey(one))) return;
    there.set(step.id, one);
  };
  for (const step of target.steps) take(step, byRole.get(roles.get(step.id) ?? '-'));
  for (const step of target.steps) take(step, mine.get(step.id));
  return there;
}
