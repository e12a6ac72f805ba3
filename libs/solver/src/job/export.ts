import { resourceKey, type Installed, type Plan, type PlanStep, type ResolveQuery, type Unsatisfied } from '@slipway/contracts';
import type { Catalogue } from '../definition/catalogue.js';
import type { EnvironmentView } from '../installed/environment.js';
import { noRoot } from '../explain.js';
import { inStepOrder } from '../plan/order.js';
import { finishPlan, readOf } from '../plan/plan.js';
import { installedAs } from './provision.js';
import { rolesFrom } from '../definition/roles.js';

/**
 * What it takes to have all data of `query.instanceId` as they are at one moment: what runs of it stops, users first; then
 * everything that was made for it is read out, side by side; then what was stopped is brought up again as it was. What is
 * shared with others is left alone. Nothing is installed or removed.
 */
export function planExport({
  query,
  environment,
  catalogue,
}: {
  query: ResolveQuery;
  environment: EnvironmentView;
  catalogue: Catalogue;
}): Plan {
  const mine = new Map(environment.madeFor(query.instanceId).map((one) => [resourceKey(one), one]));
  const faults = faultsOf(query, mine, environment);
  const steps = faults.length > 0 ? [] : stepsOf(query.instanceId, mine, environment, catalogue);
  return finishPlan({
    environment: query.environment,
    outcome: faults.length > 0 ? 'unsatisfied' : 'export',
    alreadySatisfied: [],
    steps: inStepOrder(steps),
    wires: faults.length > 0 ? [] : [...mine.keys()].flatMap((key) => environment.wiresFrom(key)),
    reads: [...mine.values()].map((one) => readOf(one, environment)),
    // Who brings it up again changes it: nothing else may rest on it meanwhile.
    writes: steps.filter(({ action }) => action === 'ensure').map(({ id }) => id),
    ...(query.destination !== undefined && { destination: query.destination }),
    unsatisfied: faults,
  });
}

/** Every instance of a plan is stopped and brought up again; nothing else runs. */
const runs = ({ kind }: Installed): boolean => kind === 'instance';

function faultsOf(query: ResolveQuery, mine: ReadonlyMap<string, Installed>, environment: EnvironmentView): Unsatisfied[] {
  const root = installedAs(query.instanceId, environment);
  if (!root) return [{ chain: [], ...noRoot(query.instanceId, [...mine.keys()]) }];
  const roles = rolesOf(query.instanceId, environment);
  const lost = [...mine.keys()].filter((key) => !roles.has(key));
  return lost.length > 0 ? [{ chain: [], ...noRoot(query.instanceId, lost) }] : [];
}

/** By key. */
function rolesOf(instanceId: string, environment: EnvironmentView): Map<string, string> {
  const root = installedAs(instanceId, environment);
  return root ? rolesFrom(resourceKey(root), (key) => environment.wiresFrom(key)) : new Map();
}

function stepsOf(
  instanceId: string,
  mine: ReadonlyMap<string, Installed>,
  environment: EnvironmentView,
  catalogue: Catalogue,
): PlanStep[] {
  const roles = rolesOf(instanceId, environment);
  const running = [...mine].filter(([, one]) => runs(one)).map(([key]) => key);
  const among = (keys: readonly string[]) => keys.filter((key) => running.includes(key));
  const stops = running.map((key) => stepOf(mine.get(key)!, 'stop', among(environment.usersOf(key)).map(stopOf)));
  const exports = [...mine.values()].map((one) => ({
    ...stepOf(ofItsOwn(one, catalogue), 'export', running.map(stopOf)),
    role: roles.get(resourceKey(one))!,
  }));
  const exported = exports.map(({ id }) => id);
  const ensures = running.map((key) => {
    const used = among(environment.wiresFrom(key).map(({ to }) => to));
    return stepOf(mine.get(key)!, 'ensure', [...new Set(used), ...exported]);
  });
  return [...stops, ...exports, ...ensures];
}

/** With what was chosen of its definition's offerings only: those of the place mean nothing elsewhere. */
function ofItsOwn(one: Installed, catalogue: Catalogue): Installed {
  const { offerings, ...rest } = one;
  const names = catalogue.get(one.definition)?.written.offerings?.map(({ name }) => name) ?? [];
  const own = Object.entries(offerings ?? {}).filter(([name]) => names.includes(name));
  return own.length > 0 ? { ...rest, offerings: Object.fromEntries(own) } : rest;
}

const stopOf = (key: string): string => `${key}#stop`;

function stepOf(one: Installed, action: 'stop' | 'export' | 'ensure', after: readonly string[]): PlanStep {
  const { kind, name, generation, definition, location, driver, spec, offerings } = one;
  const key = resourceKey(one);
  return {
    id: action === 'ensure' ? key : `${key}#${action}`,
    action,
    kind,
    name,
    generation,
    definition,
    location,
    driver,
    spec,
    after: [...after].toSorted(),
    inverse: action === 'stop' ? 'ensure' : 'none',
    ...(offerings && { offerings }),
  };
}
