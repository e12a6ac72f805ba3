import type { EnvironmentEvent } from '@slipway/contracts';
import type { Environment } from '@slipway/solver';

/** Carries what an environment's stream tells into its state. What no plan rests on (names, pauses) changes nothing. */
export function evolve(environment: Environment, event: EnvironmentEvent): void {
  if (event.type === 'PlanAdmitted') {
    for (const { key, generation } of event.data.writes) environment.reach(key, generation);
  } else if (event.type === 'PlanSettled') {
    const { removed, installed, wires, uncertain = [] } = event.data;
    for (const key of removed) environment.remove(key);
    for (const one of installed) environment.install(one);
    for (const wire of wires) environment.connect(wire);
    for (const key of uncertain) environment.doubt(key);
  }
}
