import type { Problem } from './problem.js';
import { PACKAGE, packageAskedFor, packageOf, type Offer, type Requirement, type Resource } from './resource.js';

/** Of a list of candidates: that it matters whoever is wired, that it does not, or the one package that they are. */
type Concern = boolean | string;

/**
 * Says of requirements whether it can make a difference to anybody's class space which of several present resources each is wired to. For a
 * package it does where something uses it, or where who requires it, or who offers it, may have it in another way as well.
 */
export class ClassSpaces {
  readonly #known = new WeakMap<readonly Offer[], Concern>();

  constructor(private readonly problem: Problem) {}

  concerns(resource: Resource, { namespace }: Requirement, offers: readonly Offer[]): boolean {
    const known = this.#known.get(offers) ?? this.#concernOf(offers, namespace);
    this.#known.set(offers, known);
    if (typeof known === 'boolean') return known;
    return this.problem.environment.get(resource.id) === resource || mayHaveItself(resource, known);
  }

  #concernOf(offers: readonly Offer[], namespace: string): Concern {
    if (offers.some(({ capability }) => capability.uses.length > 0)) return true;
    if (namespace !== PACKAGE || offers.length === 0) return false;
    const { environment, repository } = this.problem;
    const name = packageOf(offers[0]!.capability)!;
    const mattersToOthers =
      repository.isUsed(name) ||
      environment.isUsed(name) ||
      offers.some(({ resource, capability }) => packageOf(capability) !== name || importsOf(resource, name) > 0);
    return mattersToOthers || name;
  }
}

/** Whether who is wired to a capability sees where its resource has packages from: those that it uses, or itself when it is imported. */
export function showsPackages(resource: Resource, at: number): boolean {
  const capability = resource.capabilities[at]!;
  const name = packageOf(capability);
  return capability.uses.length > 0 || (name !== undefined && importsOf(resource, name) > 0);
}

/** Whether who requires a package may have it in another way as well: it offers it, or may require it twice. */
export const mayHaveItself = (resource: Resource, name: string): boolean =>
  resource.capabilities.some((one) => packageOf(one) === name) || importsOf(resource, name) > 1;

const packages = new WeakMap<Resource, readonly (string | undefined)[]>();

/** How many requirements of a resource may be for a package. */
function importsOf(resource: Resource, name: string): number {
  let imported = packages.get(resource);
  if (!imported) {
    imported = resource.requirements.filter(({ namespace }) => namespace === PACKAGE).map(packageAskedFor);
    packages.set(resource, imported);
  }
  return imported.reduce((count, one) => count + Number(one === undefined || one === name), 0);
}
