import type { Installed, JsonObject, PlanExplanation, Unsatisfied } from '@slipway/contracts';
import type { PinnedDefinition } from './catalogue.js';
import type { Need } from '../requirement.js';

/** A definition that was selected: what it is to become, and what it uses. */
export interface Part {
  pinned: PinnedDefinition;
  /** The resource's name; for an abstract definition only the beginning of its parts' names. */
  name: string;
  /** Key of the resource it becomes; none for an abstract definition. */
  key?: string;
  /** Made for the whole environment: goes with its last user, not with this instance. */
  shared: boolean;
  spec: JsonObject;
  uses: { need: Need; provider: Provider }[];
  /** Why this definition, where others would do too. */
  because?: string;
}

/** What satisfies a requirement: something that is there, or a part of the plan. */
export type Provider = { installed: Installed } | { part: Part };

/** Every part that a provider leads to, each once, in the order in which they are found. */
export function partsWithin(root: Provider): Part[] {
  const parts = new Set<Part>('part' in root ? [root.part] : []);
  // What is added on the way is visited too.
  for (const { uses } of parts) for (const { provider } of uses) if ('part' in provider) parts.add(provider.part);
  return [...parts];
}

/** Something that is there, and the part that it is to become. */
export interface Upgrade {
  there: Installed;
  part: Part;
}

/** What satisfies what was asked for, and what has to be upgraded for that. */
export interface Selection {
  root: Provider;
  upgrades: Upgrade[];
}

/** Requirements that nothing satisfies. */
export interface Failure {
  unsatisfied: Unsatisfied[];
  explanation?: PlanExplanation;
  /** Keys of which each alone, upgraded, might make it possible. */
  upgrades?: string[];
}

export const isFailure = (outcome: Selection | Failure): outcome is Failure => 'unsatisfied' in outcome;
