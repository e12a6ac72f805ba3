import { isShared } from '../bundle.js';
import type { Part, Provider, Selection } from '../definition/part.js';

/**
 * Says of each part whether it is made for the whole environment. What is shared and used by a resource goes with its last user, and so
 * does what is made for such a thing alone. What the instance uses itself, through nothing but bundles, no resource is wired to: it
 * stands for the instance, whatever of the plan uses it besides.
 */
export function shareOut({ root, upgrades }: Selection): void {
  const known = new Set<Part>();
  const say = (part: Part, shared: boolean): boolean => {
    if (known.has(part)) return false;
    known.add(part);
    part.shared = shared;
    return true;
  };
  const resources: Part[] = [];
  const standFor = (provider: Provider) => {
    if (!('part' in provider) || !say(provider.part, false)) return;
    if (provider.part.key === undefined) for (const use of provider.part.uses) standFor(use.provider);
    else resources.push(provider.part);
  };
  const goAlong = ({ uses, shared }: Part) => {
    for (const { provider } of uses)
      if ('part' in provider && say(provider.part, shared || isShared(provider.part.pinned.definition))) goAlong(provider.part);
  };
  for (const { there, part } of upgrades) say(part, there.instanceId === undefined);
  standFor(root);
  for (const part of [...resources, ...upgrades.map(({ part: one }) => one)]) goAlong(part);
}
