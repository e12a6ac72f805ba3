import { TARGET_REQUIREMENT, resourceKey, type Installed } from '@slipway/contracts';
import type { Catalogue } from '../definition/catalogue.js';
import type { EnvironmentView } from '../installed/environment.js';
import { partsWithin, type Part, type Provider } from '../definition/part.js';
import { broughtBy, placed, type Bringing } from '../definition/placing.js';
import { identityOf } from '../requirement.js';

/** An artefact that cannot stand beside another one in the same target. */
export interface Beside {
  /** Identities of definitions of which one would have to be left out; what is installed is none of these. */
  either: string[];
  /** Container, artefact and rule. */
  message: string;
}

interface Standing {
  bringing: Bringing;
  /** None of what is installed. */
  part?: Part;
}

/** The first of a plan's artefacts that its target does not take beside what is there, or comes with the same plan. */
export function besideInVain(root: Provider, environment: EnvironmentView, catalogue: Catalogue): Beside | undefined {
  const there = new Map<Part | string, Standing[]>();
  for (const part of partsWithin(root)) {
    const bringing = broughtBy(part.pinned.definition);
    const target = part.uses.find(({ need }) => need.name === TARGET_REQUIREMENT)?.provider;
    if (!bringing || !target) continue;
    const at = 'part' in target ? target.part : resourceKey(target.installed);
    const beside = there.get(at) ?? ('part' in target ? [] : installedIn(target.installed, environment, catalogue));
    const outcome = placed(
      bringing,
      beside.map((one) => one.bringing),
    );
    if ('unplaced' in outcome) {
      const other = beside.find((one) => 'unplaced' in placed(bringing, [one.bringing]));
      const either = [part, other?.part].flatMap((one) => (one ? [identityOf(one.pinned.definition)] : []));
      return { either, message: outcome.unplaced.message };
    }
    there.set(at, [...beside, { bringing, part }]);
  }
  return undefined;
}

/** What stands in a target already. */
function installedIn(target: Installed, environment: EnvironmentView, catalogue: Catalogue): Standing[] {
  const key = resourceKey(target);
  return environment.usersOf(key).flatMap((user) => {
    if (!environment.wiresFrom(user).some(({ requirement, to }) => requirement === TARGET_REQUIREMENT && to === key)) return [];
    const one = environment.get(user)!;
    const shared = catalogue.get(one.definition)?.definition.shared ?? one.instanceId === undefined;
    const bringing = broughtBy({ spec: one.spec, shared });
    return bringing ? [{ bringing }] : [];
  });
}
