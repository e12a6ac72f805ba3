import { resourceKey, type Capability, type Plan, type PlanLease } from '@slipway/contracts';
import type { EnvironmentView } from './environment.js';
import { matches } from '../definition/matches.js';

/** What the wires that come with a plan take of capabilities of which there is only so much: of what it makes, and of what is installed. */
export function leasesOf({ steps, wires }: Pick<Plan, 'steps' | 'wires'>, environment: EnvironmentView): PlanLease[] {
  const made = new Map(steps.map((step) => [resourceKey(step), step]));
  const capabilitiesOf = (key: string): Capability[] => (made.get(key) ?? environment.get(key))?.capabilities ?? [];
  return wires.flatMap(({ from, requirement, to }) => {
    const { needs = [], before } = made.get(from) ?? {};
    const need = needs.find(({ name }) => name === requirement);
    const isKept = before?.wires.some((wire) => wire.requirement === requirement && wire.to === to);
    if (!need || isKept) return [];
    const limited = capabilitiesOf(to).find((one) => one.capacity !== undefined && matches(one, need));
    if (limited?.capacity === undefined) return [];
    const { namespace, capacity } = limited;
    return [{ key: to, holder: from, requirement, namespace, amount: need.amount ?? 1, capacity }];
  });
}
