import { badInput, type FieldError, type JsonObject, type Offered, type Place, type Requirement } from '@slipway/contracts';
import type { Catalogue, PinnedDefinition } from './catalogue.js';
import { offeredWith, valuesOf, withChoices } from './offerings.js';

/** What is asked for: where, and with which choices. */
export interface Asked {
  catalogue: Catalogue;
  place: Place;
  /** What was chosen of what is offered. */
  offerings?: JsonObject;
  /** What is wrong with what was chosen, given what is offered. */
  check?: (offered: readonly Offered[], chosen: JsonObject) => FieldError[];
}

/**
 * The definitions that satisfy what is asked for, in order of preference, each with its choices made; those that do not offer
 * what was chosen are left out. Throws `bad-input` with the first one's reasons when none does.
 */
export function candidatesAskedFor(
  requirement: Requirement,
  { catalogue, place, offerings = {}, check }: Asked,
): PinnedDefinition[] {
  const candidates = catalogue.candidates(requirement).map((candidate) => {
    const offered = offeredWith(place, candidate.written);
    return { candidate, offered, errors: check?.(offered, offerings) ?? [] };
  });
  const accepting = candidates.filter(({ errors }) => errors.length === 0);
  if (candidates.length > 0 && accepting.length === 0) throw badInput(candidates[0]!.errors);
  return accepting.map(({ candidate, offered }) => ({
    ...candidate,
    definition: withChoices(candidate.written, valuesOf(offered, offerings)),
  }));
}
