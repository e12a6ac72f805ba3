import type { Requirement, ResourceDefinition } from '@slipway/contracts';
import { SERVICE, hashOf } from '@slipway/contracts';
import { compare, prerelease } from 'semver';
import { isShared } from '../bundle.js';
import { inOrder } from '../in-order.js';
import { offeredBy, valuesOf, withChoices } from './offerings.js';
import { provides } from './matches.js';
import { capabilitiesOf, identityName, identityOf, needsOf } from '../requirement.js';

/** A definition pinned by its content. */
export interface PinnedDefinition {
  /** With its choices made: by the defaults of what it offers, unless it was asked for with others. */
  definition: ResourceDefinition;
  /** As it stands in its package. */
  written: ResourceDefinition;
  /** {@link hashOf} what is written. */
  hash: string;
  /** Place of its layer, 0 on top. */
  layer: number;
}

/**
 * The installable definitions, indexed for the search. The order they come in makes no difference: candidates are ordered
 * by name, releases before prereleases, highest version first.
 */
export class Catalogue {
  readonly #byIdentity = new Map<string, PinnedDefinition>();
  readonly #byName = new Map<string, PinnedDefinition[]>();
  #hash: string | undefined;
  readonly #byNamespace = new Map<string, PinnedDefinition[]>();
  /** Names of the definitions that have a shared version. */
  readonly sharedNames: ReadonlySet<string>;
  /** Names of the definitions of which there can be one version without their being shared. */
  readonly singletonNames: ReadonlySet<string>;
  /** Whether a definition requires the service of an instance. */
  readonly requiresServices: boolean;

  /** `layerOf`: place of the layer in which a definition counts, 0 on top; all stand in one when left out. */
  constructor(definitions: Iterable<ResourceDefinition>, layerOf: (written: ResourceDefinition) => number = () => 0) {
    const all = [...definitions].map((one) => pinned(one, layerOf(one))).toSorted(byPreference);
    for (const one of all) {
      const identity = identityOf(one.definition);
      if (this.#byIdentity.has(identity)) continue;
      this.#byIdentity.set(identity, one);
      addTo(this.#byName, one.definition.name, one);
      const namespaces = capabilitiesOf(one.definition).map((capability) => capability.namespace);
      for (const namespace of new Set(namespaces)) addTo(this.#byNamespace, namespace, one);
    }
    const names = (some: PinnedDefinition[]) => new Set(some.map(({ definition }) => definition.name));
    this.requiresServices = all.some(({ definition }) =>
      needsOf(definition).some(({ requirement }) => requirement.namespace === SERVICE),
    );
    this.sharedNames = names(all.filter(({ definition }) => isShared(definition)));
    this.singletonNames = names(all.filter(({ definition }) => definition.singleton && !isShared(definition)));
  }

  /** Of all definitions: two catalogues with the same one have the same definitions, in the same layers. */
  get hash(): string {
    this.#hash ??= hashOf(this.all().map(({ written, hash, layer }) => [identityOf(written), hash, layer]));
    return this.#hash;
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

const pinned = (written: ResourceDefinition, layer: number): PinnedDefinition => ({
  definition: withChoices(written, valuesOf(offeredBy(written))),
  written,
  hash: hashOf(written),
  layer,
});

function addTo(index: Map<string, PinnedDefinition[]>, by: string, one: PinnedDefinition): void {
  const there = index.get(by);
  if (there) there.push(one);
  else index.set(by, [one]);
}

function byPreference(a: PinnedDefinition, b: PinnedDefinition): number {
  return (
    inOrder(a.definition.name, b.definition.name) ||
    Number(prerelease(a.definition.version) !== null) - Number(prerelease(b.definition.version) !== null) ||
    compare(b.definition.version, a.definition.version) ||
    inOrder(a.definition.version, b.definition.version) ||
    inOrder(a.hash, b.hash)
  );
}
