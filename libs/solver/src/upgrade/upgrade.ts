import { resourceKey, type Belonging, type Installed, type JsonObject, type Place } from '@slipway/contracts';
import { withKept } from '../definition/asked-for.js';
import { isShared } from '../bundle.js';
import { inWords } from '../explain.js';
import { provides } from '../definition/matches.js';
import { offeredWith, valuesOf, valuesWithin } from '../definition/offerings.js';
import type { Part, Upgrade } from '../definition/part.js';

/** What each part is made for, of those that are made for an upgrade alone, and of what is upgraded itself. */
export function partsOfUpgrades(upgrades: readonly Upgrade[]): Map<Part, Upgrade> {
  const found = new Map(upgrades.map((one) => [one.part, one]));
  // A Map's iteration visits what is added on the way.
  for (const [part, upgrade] of found)
    for (const { provider } of part.uses)
      if ('part' in provider && !isShared(provider.part.pinned.definition)) found.set(provider.part, upgrade);
  return found;
}

export const belongingOf = ({ owner, instanceId, guestLocation, provisioner }: Installed): Belonging => ({
  owner,
  ...(instanceId !== undefined && { instanceId }),
  guestLocation,
  ...(provisioner !== undefined && { provisioner }),
});

/** What holds of all that is offered for a part of an upgrade: what was chosen for what is upgraded. */
export function choicesFor({ there, part: root }: Upgrade, place: Place): (part: Part) => JsonObject {
  const offered = offeredWith(place, root.pinned.written);
  const chosen = withKept(offered, { kept: there.offerings });
  return (part) => (part === root ? valuesOf(offered, chosen) : valuesWithin(place, part.pinned.written, offered, chosen));
}

/** Who of a plan needs what something is not before it is upgraded; where nobody does, it cannot stay as it is beside the rest. */
export function whyUpgraded({ there, part }: Upgrade, parts: readonly Part[], asked: Part | undefined): string {
  if (part === asked) return 'replaced because it is asked for in another version';
  const was = there.capabilities ? { ...there.definition, capabilities: there.capabilities } : there.definition;
  const needs = parts.flatMap(({ key, name, uses }) =>
    uses
      .filter(({ need, provider }) => 'part' in provider && provider.part === part && !provides(was, need.requirement))
      .map(({ need }) => `${key ?? name} needs ${inWords(need.requirement)}`),
  );
  const why = needs.length > 0 ? needs.join(', ') : `${resourceKey(there)} cannot go on with what is upgraded besides`;
  return `replaced because ${why}`;
}
