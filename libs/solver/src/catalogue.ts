import type { Requirement, ResourceDefinition } from '@slipway/contracts';
import { hashOf } from '@slipway/contracts';
import { compare, prerelease } from 'semver';
import { inOrder } from './in-order.js';
import { offeredBy, valuesOf, withChoices } from './offerings.js';
import { capabilitiesOf, identityName, matches } from './requirement.js';

/** A definition pinned by its content. */
export interface PinnedDefinition {
  /** With its choices made: by the defaults of what it offers, unless it was asked for with others. */
  definition: ResourceDefinition;
  /** As it stands in its package. */
  written: ResourceDefinition;
  /** {@link hashOf} what is written. */
  hash: string;
}

/** `guestbook@1.0.0` */
export const identityOf = ({ name, version }: { name: string; version: string }): string => `${name}@${version}`;

/**
 * The installable definitions, indexed for the search. The order they come in makes no difference: candidates are ordered
 * by name, releases before prereleases, highest version first.
 */
export class Catalogue {
  readonly #byIdentity = new Map<string, PinnedDefinition>();
  readonly #byName = new Map<string, PinnedDefinition[]>();
  readonly #byNamespace = new Map<string, PinnedDefinition[]>();
  /** Names of the definitions that have a shared version. */
  readonly sharedNames: ReadonlySet<string>;

  constructor(definitions: Iterable<ResourceDefinition>) {
    const all = [...definitions].map(pinned).toSorted(byPreference);
    for (const one of all) {
      const identity = identityOf(one.definition);
      if (this.#byIdentity.has(identity)) continue;
      this.#byIdentity.set(identity, one);
      addTo(this.#byName, one.definition.name, one);
      const namespaces = capabilitiesOf(one.definition).map((capability) => capability.namespace);
      for (const namespace of new Set(namespaces)) addTo(this.#byNamespace, namespace, one);
    }
    this.sharedNames = new Set(all.filter(({ definition }) => definition.shared).map(({ definition }) => definition.name));
  }

  /** The definition of exactly that name and version. */
  get(identity: { name: string; version: string }): PinnedDefinition | undefined {
    return this.#byIdentity.get(identityOf(identity));
  }

  /** All definitions, in order of preference. */
  all(): PinnedDefinition[] {
    return [...this.#byIdentity.values()];
  }

  /** Definitions with a capability in that namespace, in order of preference. */
  providersOf(namespace: string): readonly PinnedDefinition[] {
    return this.#byNamespace.get(namespace) ?? [];
  }

  /** Definitions that satisfy a requirement, in order of preference. */
  candidates(requirement: Requirement): PinnedDefinition[] {
    const name = identityName(requirement);
    const providers = name === undefined ? this.providersOf(requirement.namespace) : (this.#byName.get(name) ?? []);
    return providers.filter(({ definition }) => provides(definition, requirement));
  }
}

const pinned = (written: ResourceDefinition): PinnedDefinition => ({
  definition: withChoices(written, valuesOf(offeredBy(written))),
  written,
  hash: hashOf(written),
});

function addTo(index: Map<string, PinnedDefinition[]>, by: string, one: PinnedDefinition): void {
  const there = index.get(by);
  if (there) there.push(one);
  else index.set(by, [one]);
}

/** Whether a definition has a capability that satisfies a requirement. */
export const provides = (definition: ResourceDefinition, requirement: Requirement): boolean =>
  capabilitiesOf(definition).some((capability) => matches(capability, requirement));

function byPreference(a: PinnedDefinition, b: PinnedDefinition): number {
  return (
    inOrder(a.definition.name, b.definition.name) ||
    Number(prerelease(a.definition.version) !== null) - Number(prerelease(b.definition.version) !== null) ||
    compare(b.definition.version, a.definition.version) ||
    inOrder(a.definition.version, b.definition.version) ||
    inOrder(a.hash, b.hash)
  );
}
