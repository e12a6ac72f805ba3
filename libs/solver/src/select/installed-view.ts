import { RESOURCE_KINDS, SERVICE, resourceKey, type Installed, type Wire as PlanWire } from '@slipway/contracts';
import type { Catalogue } from '../definition/catalogue.js';
import { asInstalled, wasMadeForAll } from '../installed/as-installed.js';
import type { EnvironmentView } from '../installed/environment.js';
import { askedBy, resourceOf } from '../definition/matches.js';
import { ResolutionEnvironment } from '../resolution/environment.js';
import { satisfies, type Offer, type Requirement, type Resource, type Wire } from '../resolution/resource.js';
import type { Supply } from '../resolution/supply.js';
import { IDENTITY, asName } from '../requirement.js';
import { needsBehind } from '../upgrade/users.js';

interface Around {
  environment: EnvironmentView;
  catalogue: Catalogue;
  /** All that could be installed: what is installed of it is found by what it offers. */
  supply: Supply;
  /** Keys of what may be upgraded. */
  upgradable?: Iterable<string>;
}

/**
 * An environment as the resolver looks at it: what is shared in it, or the only version of its name there can be; and who is wired to
 * these, for what they take of it. Resources have their keys as ids. What was made for one instance alone is nobody else's. Each thing is
 * looked up when it is asked for, so that a plan costs what it touches, and not what is installed.
 */
export class InstalledView extends ResolutionEnvironment {
  readonly #environment: EnvironmentView;
  readonly #catalogue: Catalogue;
  readonly #installable: Supply;
  /** As they offer something, by key. */
  readonly #bare = new Map<string, Resource>();
  /** With what they take of others, by key: the same each time. */
  readonly #whole = new Map<string, { resource: Resource; wires: Wire[] }>();

  constructor({ environment, catalogue, supply, upgradable = [] }: Around) {
    super({ resources: [], upgradable });
    this.#environment = environment;
    this.#catalogue = catalogue;
    this.#installable = supply;
  }

  override get(id: string): Resource | undefined {
    return this.#wired(id)?.resource;
  }

  override named(name: string): Resource[] {
    return this.#shownOf(name).flatMap((one) => this.get(resourceKey(one)) ?? []);
  }

  /** Content may have been other when something was made: what is recorded to be offered is looked for as well. */
  override offers(requirement: Requirement): Offer[] {
    const named = requirement.attributes.get('name');
    const names = new Set(this.#installable.near(requirement).map(({ resource }) => resource.name));
    if (requirement.namespace === IDENTITY && typeof named === 'string') names.add(named);
    const resources = new Map([...names].flatMap((name) => this.named(name)).map((one) => [one.id, one]));
    for (const key of this.#environment.offering(requirement)) if (!resources.has(key)) resources.set(key, this.get(key)!);
    return [...resources.values()].flatMap((resource) =>
      resource.capabilities.flatMap((capability, at) =>
        satisfies(capability, requirement) ? [{ resource, capability, at }] : [],
      ),
    );
  }

  override wiresFrom(id: string): Wire[] {
    return [...(this.#wired(id)?.wires ?? [])];
  }

  override wiresTo(id: string): Wire[] {
    return this.#environment.usersOf(id).flatMap((user) => this.wiresFrom(user).filter(({ to }) => to === id));
  }

  override packagesUsedBy(name: string): Iterable<string> {
    return this.#installable.packagesUsedBy(name);
  }

  override isUsed(name: string): boolean {
    return this.#installable.isUsed(name);
  }

  /** What was made of a definition and is not one instance's alone. */
  #shownOf(name: string): Installed[] {
    if (this.#mayBeShown(name)) return this.#environment.madeFrom(name);
    const keys = RESOURCE_KINDS.map((kind) => resourceKey({ kind, name: asName(name) }));
    return keys
      .flatMap((key) => this.#environment.get(key) ?? [])
      .filter((one) => one.definition.name === name && wasMadeForAll(one));
  }

  #mayBeShown(name: string): boolean {
    return this.#catalogue.sharedNames.has(name) || this.#catalogue.singletonNames.has(name);
  }

  #wired(key: string): { resource: Resource; wires: Wire[] } | undefined {
    const known = this.#whole.get(key);
    if (known) return known;
    const bare = this.#offering(key);
    if (!bare) return undefined;
    const requirements: Requirement[] = [];
    const wires: Wire[] = [];
    for (const wire of this.#environment.wiresFrom(key)) {
      const target = this.#environment.get(wire.to);
      if (!target || !(target.instanceId === undefined || this.#mayBeShown(target.definition.name))) continue;
      const { capabilities } = this.#offering(wire.to)!;
      const needs = behind(this.#environment.get(key)!, wire, this.#catalogue).map((need) => ({
        need,
        capability: capabilities.findIndex((one) => satisfies(one, need)),
      }));
      const held = needs.filter(({ capability }) => capability >= 0);
      if (held.length === 0) wires.push({ ...wire, capability: 0 });
      for (const { need, capability } of held) {
        requirements.push(need);
        wires.push({ ...wire, requirement: need.name, capability });
      }
    }
    const whole = { resource: { ...bare, requirements }, wires };
    this.#whole.set(key, whole);
    return whole;
  }

  #offering(key: string): Resource | undefined {
    const known = this.#bare.get(key);
    const one = known ? undefined : this.#environment.get(key);
    if (!one) return known;
    const resource = seen(key, one, this.#catalogue);
    this.#bare.set(key, resource);
    return resource;
  }
}

function seen(key: string, one: Installed, catalogue: Catalogue): Resource {
  const resource = resourceOf(asInstalled(one, catalogue));
  // What it needs is told by its wires: how else it could be satisfied makes no difference as long as it stays.
  // Services come and go with their instances' health: they are laid over this.
  const capabilities = resource.capabilities.filter(({ namespace }) => namespace !== SERVICE);
  return { ...resource, capabilities, id: key, requirements: [] };
}

/**
 * What somebody needs where it is wired by that name, as the resolver reads it; several where versions of what is abstract between need
 * different things. It is there and stays wired, optional or not; what it takes of something counts once.
 */
function behind(user: Installed, { requirement: name }: PlanWire, catalogue: Catalogue): Requirement[] {
  const asked = needsBehind(user, name, catalogue).flatMap((need) => askedBy(need) ?? []);
  return asked.map((need, at) =>
    at === 0 ? { ...need, name, optional: false } : { ...need, name: `${name}#${at + 1}`, optional: false, amount: 0 },
  );
}
