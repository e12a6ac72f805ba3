import { fromFacts, placeArtefact, type Brought, type Placed } from '@slipway/artefacts/rules';
import { targetRequirementOf, type JsonObject, type PinnedPlacement, type ResourceDefinition } from '@slipway/contracts';

/** What a definition brings into its target, and the type of that. */
export interface Bringing extends Brought {
  target: string;
}

/** None of a definition that brings nothing. */
export function broughtBy(definition: Pick<ResourceDefinition, 'requirements' | 'spec' | 'shared'>): Bringing | undefined {
  const artefact = fromFacts(definition);
  // Once it is in there its placement says so, whatever has become of its definition.
  const pinned = definition.spec?.placement as unknown as PinnedPlacement | undefined;
  const target = pinned?.target ?? targetRequirementOf(definition)?.attributes?.type;
  return artefact && typeof target === 'string' ? { artefact, target, shared: Boolean(definition.shared) } : undefined;
}

/** Where it goes beside these, or why nowhere. */
export const placed = ({ target, ...brought }: Bringing, beside: readonly Brought[] = []): Placed =>
  placeArtefact(target, brought, beside);

/** Why a definition's artefact goes nowhere in its target, whatever else is there: container, artefact and rule. */
export function whyUnfit(definition: ResourceDefinition): string | undefined {
  const bringing = broughtBy(definition);
  const outcome = bringing && placed(bringing);
  return outcome && 'unplaced' in outcome ? outcome.unplaced.message : undefined;
}

/** A spec with where it goes: a plan pins that. */
export function withPlacement(definition: ResourceDefinition, spec: JsonObject): JsonObject {
  const bringing = broughtBy(definition);
  const outcome = bringing && placed(bringing);
  if (!outcome || 'unplaced' in outcome) return spec;
  const placement: PinnedPlacement = { target: bringing.target, ...outcome.placement };
  return { ...spec, placement: placement as unknown as JsonObject };
}
