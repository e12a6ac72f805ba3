import type { JsonObject } from './json.js';

/**
 * Namespace of what takes artefacts (a Tomcat, an OSGi framework, a host): attribute `type` says which container it is, and so whose rule
 * holds. Where things go there its outputs say: `folder`, or what its driver gives.
 */
export const TARGET = 'slipway.target';

/** How a definition calls its requirement on its target; it is the input of that name of the driver that brings it there. */
export const TARGET_REQUIREMENT = 'target';

/** Who carries an artefact out: it is put there as a file, or handed to a program that knows what to do with it. */
export type Carrier = 'file' | 'npm' | 'dpkg';

/** Where an artefact goes in its target. */
export interface Placement {
  /** In the target's own layout, with slashes, never outside of it. */
  path: string;
  by: Carrier;
  /** Small files that are written beside it. */
  writes?: readonly { path: string; text: string }[];
  /** `start`: the target looks there only when it starts, so that it is started anew; else it finds what comes by itself. */
  read?: 'start';
}

/** A placement as a plan pins it, with the container that it is for. */
export interface PinnedPlacement extends Placement {
  /** The type of the target. */
  target: string;
}

/** What an artefact says of itself, as far as rules need it: `kind`, `file`, `name`, `version`, `osgi`. */
export type ArtefactFacts = JsonObject;
