import { resourceKey, type Plan, type PlanStep, type Unsatisfied } from '@slipway/contracts';
import { compared } from '../upgrade/comparison.js';
import { noRootToUpdate, otherKind, type Reason } from '../explain.js';
import { matched } from '../installed/matched.js';
import { unsatisfied } from '../plan/plan.js';
import { installedAs, planProvision, type ProvisionInput } from './provision.js';
import { identityOf } from '../requirement.js';
import { without } from '../select/without.js';

/**
 * What it takes to have `query.instanceId` as it is to be from now on: resolved as if nothing of it were there, and compared with
 * what is, resource by resource. What is the same is left alone; what differs is changed under its own generation, with what
 * it was pinned; what is new is made; what is not needed any more goes when all else is done. Nothing that may hold data is ever taken
 * away, or made anew: then there is no plan.
 */
export function planUpdate(input: ProvisionInput): Plan {
  const { query, environment } = input;
  const mine = new Map(environment.madeFor(query.instanceId).map((one) => [resourceKey(one), one]));
  const refuse = (reason: Reason) => unsatisfied(query, [{ chain: [], ...reason } satisfies Unsatisfied]);
  const root = installedAs(query.instanceId, environment);
  if (!root) return refuse(noRootToUpdate(query.instanceId, [...mine.keys()]));
  const wanted = query.definition ?? identityOf(root.definition);
  const target = planProvision({
    ...input,
    query: { ...query, definition: wanted },
    environment: without(environment, mine),
    former: environment,
    ...(root.offerings && { kept: root.offerings }),
    ...(root.requirements && { neededBefore: root.requirements }),
  });
  if (target.outcome === 'unsatisfied') return target;
  const first = target.steps.find(({ name, shared }) => name === query.instanceId && !shared);
  const isOwn = ({ shared }: PlanStep) => !shared;
  const there = first && matched({ target, mine, first: first.id, root: resourceKey(root), environment, isOwn });
  if (!there || ![...there.values()].includes(root)) return refuse(otherKind(root, wanted, first?.kind));
  return compared({ target, mine, there, wanted, input });
}
