import { TARGET, type ResourceDefinition } from '@slipway/contracts';

/** Of a bundle (OSGi Core 8 §8.3): that others can require it whole. Every bundle offers it, and nothing else does. */
const BUNDLE = 'osgi.wiring.bundle';
/** Of a fragment (§8.4): the bundle that it becomes part of. */
const HOST = 'osgi.wiring.host';

/**
 * Whether a definition is a bundle or a fragment. Bundles are there together: they may need each other in circles. A framework says of
 * itself that it is one, and is none here: as the target of the others it is there before them.
 */
export function isBundle({ capabilities = [], requirements = [] }: ResourceDefinition): boolean {
  const offers = (wanted: string) => capabilities.some(({ namespace }) => namespace === wanted);
  return (offers(BUNDLE) || requirements.some(({ namespace }) => namespace === HOST)) && !offers(TARGET);
}

/** Whether there is one for all that need it: for bundles it makes no difference what they say. */
export const isShared = (definition: ResourceDefinition): boolean => definition.shared === true || isBundle(definition);
