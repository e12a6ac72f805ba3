import type { Installed, ResourceDefinition } from '@slipway/contracts';
import type { Catalogue, PinnedDefinition } from '../definition/catalogue.js';
import { asName } from '../requirement.js';
import { isShared } from '../bundle.js';

/** Of each catalogue: what was looked at once is not made again. */
const known = new WeakMap<Catalogue, WeakMap<Installed, ResourceDefinition>>();

/**
 * What something was made of. What was recorded with it counts, whatever content says of that version by now; today's content tells the
 * rest only where it is what it was made of. What is recorded of neither offers its identity and nothing else.
 */
export function asInstalled(one: Installed, catalogue: Catalogue): ResourceDefinition {
  const ofCatalogue = known.get(catalogue) ?? new WeakMap<Installed, ResourceDefinition>();
  known.set(catalogue, ofCatalogue);
  const found = ofCatalogue.get(one) ?? madeOf(one, catalogue.get(one.definition));
  ofCatalogue.set(one, found);
  return found;
}

function madeOf(one: Installed, today: PinnedDefinition | undefined): ResourceDefinition {
  const { capabilities, needs, definition } = one;
  const isAsItWas = today?.hash === definition.hash;
  // What has nothing to offer was recorded without capabilities; what was recorded without anything is of an earlier release.
  const offered = capabilities ?? (needs && []);
  if (isAsItWas) return offered ? { ...today.definition, capabilities: offered } : today.definition;
  const { name, version } = definition;
  const singleton = today?.definition.singleton;
  return {
    ...{ name, version, capabilities: offered ?? [], shared: isForAll(one, today?.definition) },
    ...(singleton !== undefined && { singleton }),
  };
}

/** What was asked for by itself may be for all too: that is not recorded. */
function isForAll(one: Installed, today: ResourceDefinition | undefined): boolean {
  if (one.instanceId === undefined) return wasMadeForAll(one);
  return today !== undefined && isShared(today) && [one.instanceId, asName(today.name)].includes(one.name);
}

/** What is shared has its definition's name, and what was made for that alone has not. */
export const wasMadeForAll = ({ instanceId, name, definition }: Installed): boolean =>
  instanceId === undefined && name === asName(definition.name);
