import { isPrerelease, compareVersions, Version } from '../attribute/version.js';
import { inOrder } from '../in-order.js';
import type { Scalar } from '../attribute/attributes.js';
import { packageOf, satisfies, type Capability, type Offer, type Requirement, type Resource } from './resource.js';

/**
 * Resources indexed by what requirements ask for: the namespace, and where a requirement names one thing (`name`, or the
 * attribute that is called as its namespace, as OSGi's namespaces have it) that too. Made once for a repository and asked by
 * every plan; the order that the resources come in makes no difference to any answer.
 */
export class Supply {
  readonly #byId = new Map<string, Resource>();
  readonly #byName = new Map<string, Resource[]>();
  readonly #offers = new Map<string, Offer[]>();
  readonly #usedByPackage = new Map<string, Set<string>>();
  readonly #used = new Set<string>();
  /** What satisfies a requirement, as long as nothing is added. */
  #known?: WeakMap<Requirement, readonly Offer[]> | undefined;
  /** Namespaces with a name that is no text: a filter's text can mean it all the same, so all of them are looked at. */
  readonly #otherwiseNamed = new Set<string>();

  readonly #hidden: ReadonlySet<string>;

  constructor(
    resources: Iterable<Resource>,
    private readonly below?: Supply,
    hidden: Iterable<string> = [],
  ) {
    this.#hidden = new Set(hidden);
    for (const resource of resources) this.add(resource);
  }

  /** This supply with these instead of all that have that name; it is not copied. */
  with(name: string, resources: Iterable<Resource>): Supply {
    return new Supply(resources, this, [name]);
  }

  /** Of two resources with one id, the one in the upper layer counts, whichever comes first. */
  add(resource: Resource): void {
    const other = this.#byId.get(resource.id);
    if (other && other.layer <= resource.layer) return;
    if (other) this.#remove(other);
    this.#known = undefined;
    this.#byId.set(resource.id, resource);
    addTo(this.#byName, resource.name, resource);
    for (const [at, capability] of resource.capabilities.entries()) {
      const offer = { resource, capability, at };
      const { keys, isOtherwiseNamed } = keysOf(capability);
      for (const key of keys) addTo(this.#offers, key, offer);
      this.#noteUses(capability);
      if (isOtherwiseNamed) this.#otherwiseNamed.add(capability.namespace);
    }
  }

  #noteUses(capability: Capability): void {
    if (capability.uses.length === 0) return;
    for (const used of capability.uses) this.#used.add(used);
    const name = packageOf(capability);
    if (name === undefined) return;
    const used = this.#usedByPackage.get(name) ?? new Set();
    this.#usedByPackage.set(name, used);
    for (const one of capability.uses) used.add(one);
  }

  /** Packages that a package uses, in one version of its at least. */
  packagesUsedBy(name: string): Iterable<string> {
    const own = this.#usedByPackage.get(name) ?? [];
    return this.below ? [...own, ...this.below.packagesUsedBy(name)] : own;
  }

  /** Whether anything uses a package. */
  isUsed(name: string): boolean {
    return this.#used.has(name) || (this.below?.isUsed(name) ?? false);
  }

  #remove(resource: Resource): void {
    this.#byName.set(
      resource.name,
      this.named(resource.name).filter((one) => one !== resource),
    );
    for (const key of new Set(resource.capabilities.flatMap((capability) => keysOf(capability).keys)))
      this.#offers.set(
        key,
        this.#offers.get(key)!.filter((offer) => offer.resource !== resource),
      );
  }

  get(id: string): Resource | undefined {
    const own = this.#byId.get(id);
    const under = own ? undefined : this.below?.get(id);
    return under && this.#hidden.has(under.name) ? undefined : (own ?? under);
  }

  /** All versions of that name. */
  named(name: string): readonly Resource[] {
    const own = this.#byName.get(name);
    return own ?? (this.#hidden.has(name) ? [] : (this.below?.named(name) ?? []));
  }

  /** The capabilities that satisfy a requirement, in no particular order: most are by preference already, and sorted at once. */
  offers(requirement: Requirement): readonly Offer[] {
    return this.#above(this.#satisfying(requirement), this.below?.offers(requirement));
  }

  #satisfying(requirement: Requirement): readonly Offer[] {
    const known = this.#known?.get(requirement);
    if (known) return known;
    const all = this.#own(requirement);
    if (all.length === 0) return all;
    const own = all.filter(({ capability }) => satisfies(capability, requirement)).sort(byPreference);
    this.#known ??= new WeakMap();
    this.#known.set(requirement, own);
    return own;
  }

  /** The capabilities that a requirement could mean: of its namespace, and of the one thing that it names where it does. */
  near(requirement: Requirement): readonly Offer[] {
    return this.#above(this.#own(requirement), this.below?.near(requirement));
  }

  #own(requirement: Requirement): readonly Offer[] {
    const { namespace } = requirement;
    return this.#offers.get(this.#otherwiseNamed.has(namespace) ? namespace : keyAskedFor(requirement)) ?? NOTHING;
  }

  /** All capabilities of a namespace. */
  inNamespace(namespace: string): readonly Offer[] {
    return this.#above(this.#offers.get(namespace) ?? [], this.below?.inNamespace(namespace));
  }

  #above(own: readonly Offer[], below: readonly Offer[] = NOTHING): readonly Offer[] {
    return below.length === 0 ? own : [...own, ...below.filter(({ resource }) => !this.#hidden.has(resource.name))];
  }
}

const NOTHING: readonly never[] = [];

function addTo<T>(index: Map<string, T[]>, key: string, one: T): void {
  const there = index.get(key);
  if (there) there.push(one);
  else index.set(key, [one]);
}

const keyOf = (namespace: string, attribute: string, value: string) => `${namespace};${attribute}=${value}`;

function namesOf({ namespace, attributes }: Capability): { attribute: string; value: Scalar }[] {
  return ['name', namespace].flatMap((attribute) => {
    const value = attributes.get(attribute);
    const all = value === undefined ? [] : Array.isArray(value) ? (value as readonly Scalar[]) : [value as Scalar];
    return all.map((one) => ({ attribute, value: one }));
  });
}

interface Keys {
  keys: readonly string[];
  /** One of its names is no text. */
  isOtherwiseNamed: boolean;
}

const keysKnown = new WeakMap<Capability, Keys>();

/** What a capability is looked for by, each once. */
function keysOf(capability: Capability): Keys {
  const known = keysKnown.get(capability);
  if (known) return known;
  const { namespace } = capability;
  const names = namesOf(capability);
  const all = new Set([namespace, ...names.map(({ attribute, value }) => keyOf(namespace, attribute, String(value)))]);
  const found = { keys: [...all], isOtherwiseNamed: names.some(({ value }) => typeof value !== 'string') };
  keysKnown.set(capability, found);
  return found;
}

/** What a capability is looked for by, by {@link keyAskedFor} a requirement. */
export const lookedForBy = (capability: Capability): readonly string[] => keysOf(capability).keys;

const keyKnown = new WeakMap<Requirement, string>();

/** The one thing that {@link lookedForBy} finds what a requirement could mean by. */
export function keyAskedFor(requirement: Requirement): string {
  const known = keyKnown.get(requirement);
  if (known !== undefined) return known;
  const key = findKeyAskedFor(requirement);
  keyKnown.set(requirement, key);
  return key;
}

function findKeyAskedFor({ namespace, attributes, filter }: Requirement): string {
  for (const attribute of [namespace, 'name']) {
    const value = attributes.get(attribute);
    if (typeof value === 'string') return keyOf(namespace, attribute, value);
  }
  const named = filter?.equalities.find(({ attribute }) => attribute === namespace || attribute === 'name');
  return named ? keyOf(namespace, named.attribute, named.value) : namespace;
}

/**
 * The order of preference among what satisfies a requirement: releases before prereleases, the capability's higher version first,
 * the upper layer, then by name, the resource's higher version, and id, so that it is one order whatever came first.
 */
export function byPreference(a: Offer, b: Offer): number {
  const [first, second] = [versionOf(a), versionOf(b)];
  return (
    Number(isPrerelease(first)) - Number(isPrerelease(second)) ||
    compareVersions(second, first) ||
    a.resource.layer - b.resource.layer ||
    inOrder(a.resource.name, b.resource.name) ||
    compareVersions(b.resource.version, a.resource.version) ||
    inOrder(a.resource.id, b.resource.id) ||
    a.at - b.at
  );
}

const NONE = new Version('0', [0, 0, 0], [], '');
function versionOf({ capability }: Offer): Version {
  const version = capability.attributes.get('version');
  return version instanceof Version ? version : NONE;
}
