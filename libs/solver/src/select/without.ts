import { resourceKey, type Installed } from '@slipway/contracts';
import { isShared } from '../bundle.js';
import type { Catalogue } from '../definition/catalogue.js';
import type { EnvironmentView } from '../installed/environment.js';

/** An environment as if these were not in it; that their generations were used is known still. */
export const without = (environment: EnvironmentView, hidden: ReadonlyMap<string, Installed>): EnvironmentView => {
  if (hidden.size === 0) return environment;
  const left = (keys: string[]) => keys.filter((key) => !hidden.has(key));
  const seen = (all: Installed[]) => all.filter((one) => !hidden.has(resourceKey(one)));
  return {
    get: (key) => (hidden.has(key) ? undefined : environment.get(key)),
    has: (key) => !hidden.has(key) && environment.has(key),
    size: environment.size - hidden.size,
    generation: (key) => environment.generation(key),
    updates: (key) => environment.updates(key),
    madeFor: (instanceId) => seen(environment.madeFor(instanceId)),
    instances: () => seen(environment.instances()),
    madeFrom: (definition) => seen(environment.madeFrom(definition)),
    offering: (requirement) => left(environment.offering(requirement)),
    wiresFrom: (key) => (hidden.has(key) ? [] : environment.wiresFrom(key)),
    usersOf: (key) => left(environment.usersOf(key)),
  };
};

/** These, and what was made for each of them alone: not shared, and wired to by nothing but them. */
export function withTheirOwn(
  all: readonly Installed[],
  environment: EnvironmentView,
  catalogue: Catalogue,
): Map<string, Installed> {
  const found = new Map(all.map((one) => [resourceKey(one), one]));
  // A Map's iteration visits what is added on the way.
  for (const key of found.keys())
    for (const { to } of environment.wiresFrom(key)) {
      const one = environment.get(to)!;
      if (isPart(one, catalogue) && environment.usersOf(to).every((user) => found.has(user))) found.set(to, one);
    }
  return found;
}

/** Neither for all nor an instance of its own. What it is that the repository has lost is not known. */
function isPart({ definition, name, instanceId }: Installed, catalogue: Catalogue): boolean {
  const written = catalogue.get(definition)?.written;
  return written !== undefined && !isShared(written) && !written.singleton && name !== instanceId;
}
