import { TARGET_REQUIREMENT, type Plan, type PlanStep } from '@slipway/contracts';
import type { Catalogue } from '../definition/catalogue.js';
import { resourceOf } from '../definition/matches.js';
import type { EnvironmentView } from '../installed/environment.js';

interface Drafted extends Pick<Plan, 'steps' | 'wires' | 'leases'> {
  environment: Pick<EnvironmentView, 'has' | 'generation'>;
  catalogue: Catalogue;
}

/**
 * What a plan has to take turns at with others that were made at the same time. What it makes itself nobody else knows: there a plan
 * takes its turn by making it.
 */
export function turnsOf({ steps, wires, leases, environment, catalogue }: Drafted): Pick<Plan, 'turns'> {
  const changed = new Set(steps.filter(({ action }) => action !== 'destroy').map(({ id }) => id));
  const into = wires.filter(({ from, requirement }) => requirement === TARGET_REQUIREMENT && changed.has(from));
  const keys = new Set([
    ...leases.filter(({ key }) => environment.has(key)).map(({ key }) => `capacity/${key}`),
    ...into.filter(({ to }) => environment.has(to)).map(({ to }) => `target/${to}`),
    ...steps.filter((step) => bringsSingleton(step, catalogue)).map(({ definition }) => `singleton/${definition.name}`),
  ]);
  return keys.size === 0 ? {} : { turns: [...keys].map((key) => ({ key, generation: environment.generation(key) + 1 })) };
}

function bringsSingleton({ action, definition, before }: PlanStep, catalogue: Catalogue): boolean {
  if (action === 'destroy' || before?.definition.version === definition.version) return false;
  const pinned = catalogue.get(definition);
  return pinned !== undefined && resourceOf(pinned.definition).singleton;
}
