import {
  resourceKey,
  type Change,
  type Installed,
  type Plan,
  type PlanStep,
  type RepairAsked,
  type ResolveQuery,
  type Unsatisfied,
} from '@slipway/contracts';
import { affectedBy } from '../installed/affected.js';
import type { EnvironmentView } from '../installed/environment.js';
import { cannotBringBack, noRoot } from '../explain.js';
import { inStepOrder } from '../plan/order.js';
import { finishPlan, installedRef, readOf } from '../plan/plan.js';
import { belongingOf } from '../upgrade/upgrade.js';

/**
 * What it takes to have what is installed as it was recorded (`query.repairs` says what is not): what is gone is made again in its place,
 * under its own generation, what is other is changed back, and the instance's own that use what was made again are given it anew. It is
 * brought back with what it was pinned: nothing is resolved. To undo it would be to damage it again: nothing is undone.
 */
export function planRepair({ query, environment }: { query: ResolveQuery; environment: EnvironmentView }): Plan {
  const mine = environment.madeFor(query.instanceId);
  const asked = (query.repairs ?? []).flatMap((repair) => {
    const one = environment.get(repair.key);
    return one ? [{ repair, one }] : [];
  });
  const faults: Unsatisfied[] =
    mine.length === 0
      ? [{ chain: [], ...noRoot(query.instanceId, []) }]
      : asked.flatMap(({ repair, one }) => (repair.by ? [] : [{ chain: [], ...cannotBringBack(one, repair) }]));
  const steps = faults.length > 0 ? [] : stepsOf(asked, mine, environment);
  const ids = new Set(steps.map(({ id }) => id));
  const rest = mine.filter((one) => !ids.has(resourceKey(one)));
  return finishPlan({
    environment: query.environment,
    outcome: faults.length > 0 ? 'unsatisfied' : steps.length > 0 ? 'repair' : 'satisfied',
    alreadySatisfied: faults.length > 0 ? [] : rest.map(installedRef),
    steps: inStepOrder(steps),
    wires: steps.flatMap(({ id }) => environment.wiresFrom(id)),
    reads: [...new Set([...rest, ...steps.map(({ id }) => environment.get(id)!)])].map((one) => readOf(one, environment)),
    writes: [...ids],
    // Others that use what is made again, or changed, are touched and have no step.
    ...affectedBy(
      steps.map((step) => ({ ...step, action: 'update' as const })),
      environment,
    ),
    unsatisfied: faults,
  });
}

interface Asked {
  repair: RepairAsked;
  one: Installed;
}

function stepsOf(asked: readonly Asked[], mine: readonly Installed[], environment: EnvironmentView): PlanStep[] {
  const repaired = new Map(asked.map(({ repair }) => [repair.key, repair]));
  const isAnew = (key: string) => repaired.get(key)?.drift === 'missing';
  const given = mine.filter(
    (one) => one.kind === 'instance' && !isAnew(resourceKey(one)) && usedBy(one, environment).some(isAnew),
  );
  const all = new Map([...asked.map(({ one }) => one), ...given].map((one) => [resourceKey(one), one]));
  return [...all].map(([key, one]) => {
    const after = usedBy(one, environment).filter((to) => all.has(to));
    return { ...stepOf(one, after), ...(repaired.get(key)?.by === 'ensure' ? madeAgain() : changedBack(key)) };
  });

  function changedBack(key: string): Partial<PlanStep> {
    const back = (repaired.get(key)?.differences ?? []).map(({ field, recorded, found }): Change => ({
      field,
      ...(found !== undefined && { from: inWords(found) }),
      ...(recorded !== undefined && { to: inWords(recorded) }),
      how: 'in-place',
    }));
    const anew = environment
      .wiresFrom(key)
      .filter(({ to }) => isAnew(to))
      .map(({ requirement }): Change => ({ field: `requirements.${requirement}`, to: 'made again', how: 'in-place' }));
    const { definition, spec, offerings } = all.get(key)!;
    const before = { definition, spec, ...(offerings && { offerings }), wires: [...environment.wiresFrom(key)] };
    return { changes: [...back, ...anew], before };
  }
}

const madeAgain = (): Partial<PlanStep> => ({
  action: 'ensure',
  because: 'it is gone; it is made again in its place, without its data',
});

const inWords = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

const usedBy = (one: Installed, environment: EnvironmentView): string[] => [
  ...new Set(environment.wiresFrom(resourceKey(one)).map(({ to }) => to)),
];

function stepOf(one: Installed, after: readonly string[]): PlanStep {
  const { kind, name, generation, definition, location, driver, spec, instanceId } = one;
  const { offerings, requirements, capabilities, needs } = one;
  return {
    ...{ id: resourceKey(one), action: 'update', kind, name, generation, definition, location, driver, spec },
    ...(offerings && { offerings }),
    ...(requirements && { requirements }),
    ...(capabilities && { capabilities }),
    ...(needs && { needs }),
    after: [...after].toSorted(),
    inverse: 'none',
    // What is shared stays whose it is, whoever has it repaired.
    ...(instanceId === undefined && { shared: true, belongs: belongingOf(one) }),
  };
}
