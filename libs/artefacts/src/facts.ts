import { targetRequirementOf, type ArtefactFacts, type ResourceDefinition } from '@slipway/contracts';
import type { Artefact } from './artefact.js';

/** What an artefact says of itself as it stands in a definition's spec; a bundle's wiring stands beside it, in the definition. */
export function factsOf(artefact: Artefact): ArtefactFacts {
  if (!('osgi' in artefact) || !artefact.osgi || !('bundle' in artefact.osgi)) return artefact as unknown as ArtefactFacts;
  const bundle = { ...artefact.osgi.bundle, capabilities: [], requirements: [] };
  return { ...artefact, osgi: { bundle } } as unknown as ArtefactFacts;
}

/** The artefact that a definition brings, as far as rules look at it; none where it brings none into a target. */
export const fromFacts = ({ spec }: Pick<ResourceDefinition, 'spec'>): Artefact | undefined =>
  spec?.artefactFacts as unknown as Artefact | undefined;

/** Whether it is to be wired as a bundle: in an OSGi framework only, for other containers the same jar is a jar. */
export function isBundle(definition: ResourceDefinition): boolean {
  const artefact = fromFacts(definition);
  if (!artefact || !('osgi' in artefact) || !artefact.osgi || 'faults' in artefact.osgi) return false;
  return targetRequirementOf(definition)?.attributes?.type === 'osgi';
}
