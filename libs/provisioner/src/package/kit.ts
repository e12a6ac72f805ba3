import { SlipwayError } from '@slipway/contracts';
import type { Driver } from '../driver.js';
import { GenerationFolder, MARKER, generationMarks } from '../place/generation-folder.js';
import { secretPrefix } from '../step/driver-context.js';

/** What a provisioner's package is given to build its drivers with: it needs to depend on nothing. */
export const KIT = { GenerationFolder, MARKER, SlipwayError, generationMarks, secretPrefix } as const;
export type Kit = typeof KIT;

/** What the module of a provisioner's package exports as `drivers`: those of all kinds that it provides. */
export type PackagedDrivers = (kit: Kit) => readonly Driver<never>[];
