import type { JobKind, Plan, ResolveQuery } from '@slipway/contracts';
import type { Asked } from './asked-for.js';
import type { Catalogue } from './catalogue.js';
import { planDeprovision } from './deprovision.js';
import type { EnvironmentView } from './environment.js';
import { planExport } from './export.js';
import { planImport } from './import.js';
import { planProvision } from './provision.js';
import { planUpdate } from './update.js';

export interface ResolveInput {
  query: ResolveQuery;
  environment: EnvironmentView;
  catalogue: Catalogue;
  /** Names of the guest locations that the configuration knows. */
  guestLocations: readonly string[];
  /** What is wrong with what was chosen of what is offered; nothing when left out. */
  check?: Asked['check'];
}

/**
 * Makes the plan for a request: what exists already, what is made or removed in which order and how it is wired, or what
 * is unsatisfied and why. Pure: the same input gives the same plan with the same hash.
 *
 * Throws `bad-input` (no definition given, or choices that nobody offers) and `too-large` (nested too deep, too many parts).
 */
export const resolve = (input: ResolveInput): Plan => PLANS[input.query.job](input);

const PLANS: Readonly<Record<JobKind, (input: ResolveInput) => Plan>> = {
  provision: planProvision,
  deprovision: planDeprovision,
  import: planImport,
  export: planExport,
  update: planUpdate,
};
