import type { JobKind, Plan, ResolveQuery } from '@slipway/contracts';
import type { Asked } from '../definition/asked-for.js';
import type { Catalogue } from '../definition/catalogue.js';
import { planDeprovision } from './deprovision.js';
import type { EnvironmentView } from '../installed/environment.js';
import { planExport } from './export.js';
import { planImport } from './import.js';
import { planProvision, type ProvisionInput } from './provision.js';
import { planRepair } from './repair.js';
import { Budget, type Limits, type Now } from '../resolution/budget.js';
import type { Standings } from '../installed/standing.js';
import { planUpdate } from './update.js';

export interface ResolveInput {
  query: ResolveQuery;
  environment: EnvironmentView;
  catalogue: Catalogue;
  /** Names of the guest locations that the configuration knows. */
  guestLocations: readonly string[];
  /** What is wrong with what was chosen of what is offered; nothing when left out. */
  check?: Asked['check'];
  /** How instances stand: what is healthy offers its service. Nothing is known of any when left out. */
  standings?: Standings;
  /** Milliseconds that only go forward: a plan that takes too long is given up. */
  now: Now;
  /** Of the plan as a whole, however often something is looked for. */
  limits?: Limits;
}

/**
 * Makes the plan for a request: what exists already, what is made or removed in which order and how it is wired, or what
 * is unsatisfied and why. Pure: the same input gives the same plan with the same hash.
 *
 * Throws `bad-input` (no definition given, or choices that nobody offers) `too-large` (nested too deep, too many parts)
 * and `undecided` (the limits of steps or time were reached).
 */
export const resolve = ({ limits = {}, now, ...input }: ResolveInput): Plan =>
  PLANS[input.query.job]({ ...input, budget: new Budget(limits, now) });

const PLANS: Readonly<Record<JobKind, (input: ProvisionInput) => Plan>> = {
  provision: planProvision,
  deprovision: planDeprovision,
  import: planImport,
  export: planExport,
  update: planUpdate,
  repair: planRepair,
};
