import type { Blueprint, BlueprintSettings } from '../blueprint.js';
import { SlipwayError } from '@slipway/contracts';
import { declared } from './declared.js';
import { leaseFolder, resourceFolder } from './folders.js';
import { endPrograms } from './end-programs.js';
import { heldHost } from './held-host.js';
import { hostOn } from './host-on.js';
import { oneOf } from './one-of.js';
import { onPlace } from './on-place.js';
import { optionsOf } from './options.js';

/** What a blueprint's file is given to build with: it needs to depend on nothing. */
export const KIT = {
  SlipwayError,
  declared,
  endPrograms,
  heldHost,
  hostOn,
  leaseFolder,
  oneOf,
  onPlace,
  optionsOf,
  resourceFolder,
} as const;
export type BlueprintKit = typeof KIT;

/** What the file of a blueprint exports as `blueprint`. Throws `config-invalid` with the option that is wrong. */
export type BlueprintMaker = (settings: BlueprintSettings, kit: BlueprintKit) => Blueprint;
