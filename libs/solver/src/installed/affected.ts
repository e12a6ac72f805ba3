import type { Affected, Plan, PlanStep } from '@slipway/contracts';
import type { EnvironmentView } from './environment.js';
import { inOrder } from '../in-order.js';
import { identityOf } from '../requirement.js';

/**
 * Who is touched by what is changed: wired to it, itself or through others, and no part of the plan itself. What the plan changes as well
 * touches its own users, so nobody is looked for behind it.
 */
export function affectedBy(steps: readonly PlanStep[], environment: Pick<EnvironmentView, 'usersOf'>): Pick<Plan, 'affected'> {
  const own = new Set(steps.map(({ id }) => id));
  const affected = steps
    .filter(({ action }) => action === 'update')
    .flatMap((step) => usersBehind(step, own, environment))
    .toSorted((a, b) => inOrder(a.key, b.key) || inOrder(a.through.at(-1)!, b.through.at(-1)!));
  return affected.length > 0 ? { affected } : {};
}

function usersBehind(step: PlanStep, own: ReadonlySet<string>, environment: Pick<EnvironmentView, 'usersOf'>): Affected[] {
  const ways = new Map<string, string[]>([[step.id, []]]);
  // A Map's iteration visits what is added on the way: nearer ones first.
  for (const [key, way] of ways)
    for (const user of environment.usersOf(key)) if (!own.has(user) && !ways.has(user)) ways.set(user, [key, ...way]);
  ways.delete(step.id);
  return [...ways].map(([key, through]) => ({ key, through, why: inWords(through, step) }));
}

function inWords(through: readonly string[], { definition, before }: PlanStep): string {
  const [first, ...further] = through;
  const [was, is] = [before?.definition ?? definition, definition].map(identityOf);
  const change = was === is ? 'is changed' : `becomes ${is}`;
  const way = further.map((key) => `, and that in turn ${key}`).join('');
  return `it uses ${first}${way}, which ${change}`;
}
