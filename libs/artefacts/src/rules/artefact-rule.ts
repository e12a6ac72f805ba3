import type { Placement } from '@slipway/contracts';
import type { Artefact } from '../artefact.js';

/** An artefact that is to go into a target: one for all that is in there, or for the instance alone that brings it. */
export interface Brought {
  artefact: Artefact;
  shared: boolean;
}

/** Why it goes nowhere: which of the container's rules does not hold, and what is wrong with this artefact. */
export interface Broken {
  rule: string;
  reason: string;
}

/**
 * What one kind of container does with artefacts. Pure: what is brought, and what is there beside it, decide alone.
 */
export interface ArtefactRule {
  /** What people call it. */
  title: string;
  place(brought: Brought, beside: readonly Brought[]): Placement | Broken;
}
