import {
  resourceKey,
  type Installed,
  type PlanStep,
  type Requirement,
  type ResourceDefinition,
  type Unsatisfied,
} from '@slipway/contracts';
import type { Catalogue } from '../definition/catalogue.js';
import type { EnvironmentView } from '../installed/environment.js';
import { asInstalled } from '../installed/as-installed.js';
import { needUnknown, needsOther, secretsTaken } from '../explain.js';
import { withChoices } from '../definition/offerings.js';
import { matches, provides } from '../definition/matches.js';
import { identityOf, needsOf } from '../requirement.js';
import { servicesOf } from '../installed/services.js';

/** What of an update others must not be without. */
interface Beneath {
  /** What it is, and what it is to be. */
  there: Installed;
  step: Pick<PlanStep, 'definition' | 'spec' | 'capabilities'>;
  /** Keys of who uses it and stays as it is. */
  users: readonly string[];
  environment: EnvironmentView;
  catalogue: Catalogue;
}

/** Why those who use something could not go on with what an update makes of it. */
export function usersWithout({ there, step, users, environment, catalogue }: Beneath): Unsatisfied[] {
  const key = resourceKey(there);
  const taken = secretsOf(there).filter((name) => !secretsOf(step).includes(name));
  const offering = (known: ResourceDefinition, { definition, capabilities }: Pick<PlanStep, 'definition' | 'capabilities'>) => {
    const { capabilities: _before, ...itself } = there;
    const services = servicesOf({ ...itself, definition, ...(capabilities && { capabilities }) });
    return (need: Requirement) => provides(known, need) || services.some((service) => matches(service, need));
  };
  const was = offering(asInstalled(there, catalogue), there);
  const is = offering(catalogue.get(step.definition)?.definition ?? step.definition, step);
  return users.flatMap((user) => {
    const chain = [user];
    if (taken.length > 0) return [{ chain, ...secretsTaken(key, user, taken) }];
    if (there.definition.hash === step.definition.hash) return [];
    const wires = environment.wiresFrom(user).filter(({ to }) => to === key);
    return wires.flatMap(({ requirement }) => {
      const all = needsBehind(environment.get(user)!, requirement, catalogue);
      if (all.length === 0) return [{ chain, ...needUnknown(key, user, identityOf(environment.get(user)!.definition)) }];
      const held = all.filter(was);
      const lost = (held.length > 0 ? held : all).find((need) => !is(need));
      return lost ? [{ chain, ...needsOther(lost, key, user, identityOf(step.definition)) }] : [];
    });
  });
}

/** Names of the secrets that an instance gives those who use it. */
export const secretsOf = ({ spec }: Pick<PlanStep, 'spec'>): string[] => Object.keys(spec['secrets'] ?? {}).toSorted();

/**
 * What something that is there needs where it is wired by that name; several where the versions of an abstract definition between need
 * different things, nothing where that is not known any more. What an earlier release
 * recorded is looked up.
 */
export function needsBehind({ definition, offerings = {}, needs }: Installed, name: string, catalogue: Catalogue): Requirement[] {
  if (needs) return needs.filter((need) => need.name === name);
  const known = catalogue.get(definition);
  return known ? behind(withChoices(known.written, offerings), name, catalogue) : [];
}

const behind = (definition: ResourceDefinition, wired: string, catalogue: Catalogue): Requirement[] =>
  needsOf(definition).flatMap(({ name, requirement }) => {
    if (name === wired) return [requirement];
    if (!wired.startsWith(`${name}-`)) return [];
    const abstract = catalogue.candidates(requirement).filter((one) => one.definition.type === undefined);
    return abstract.flatMap((one) => behind(one.definition, wired.slice(name.length + 1), catalogue));
  });
