import { resourceKey, type Installed, type Wire } from '@slipway/contracts';

/** What an environment holds, as far as a plan rests on it. Keys are `storage/shop-data`. */
export interface EnvironmentState {
  installed: ReadonlyMap<string, Installed>;
  wires: readonly Wire[];
  /** Highest generation that each key ever had or was planned with, of removed ones too. */
  generations: ReadonlyMap<string, number>;
}

/** These and all that they are wired to, directly or further away, in the order of their keys. */
export function withAllTheyUse(environment: EnvironmentState, used: Iterable<Installed>): Installed[] {
  const reached = new Map([...used].map((one) => [resourceKey(one), one]));
  const targets = new Map<string, string[]>();
  for (const wire of environment.wires) targets.set(wire.from, [...(targets.get(wire.from) ?? []), wire.to]);
  for (const key of reached.keys())
    for (const to of targets.get(key) ?? []) {
      const target = environment.installed.get(to);
      if (target) reached.set(to, target);
    }
  return [...reached.values()].toSorted((a, b) => (resourceKey(a) < resourceKey(b) ? -1 : 1));
}
