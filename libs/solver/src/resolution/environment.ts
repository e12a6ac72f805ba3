import type { Offer, Requirement, Resource, Wire } from './resource.js';
import { Supply } from './supply.js';

/** What is installed, and how it is wired. */
export interface Installed {
  resources: Iterable<Resource>;
  wires?: Iterable<Wire>;
  /** Ids of what may be replaced by a higher version of itself; everything else stays as it is. */
  upgradable?: Iterable<string>;
}

/**
 * An environment as the solver sees it. `with` lays more over one without copying it: so what a plan would install can be looked
 * at as if it were there.
 */
export class ResolutionEnvironment {
  readonly #supply: Supply | SelectionOf;
  readonly #from = new Map<string, Wire[]>();
  readonly #to = new Map<string, Wire[]>();
  readonly #upgradable = new Set<string>();
  readonly #gone: ReadonlySet<string>;

  constructor(
    installed: Installed,
    private readonly below?: ResolutionEnvironment,
    gone: Iterable<string> = [],
    of?: Supply,
  ) {
    this.#gone = new Set(gone);
    this.#supply = of ? new SelectionOf(of) : new Supply([]);
    this.add(installed);
  }

  /** This environment, with room for more in it that this one does not get to see, and some of it gone. */
  with(more: Installed, gone: Iterable<string> = []): ResolutionEnvironment {
    return new ResolutionEnvironment(more, this, gone);
  }

  /** The same, with room for what a repository has, and for copies of it, which offer nothing to anybody: it is not indexed again. */
  withSelectionOf(repository: Supply, gone: Iterable<string>): ResolutionEnvironment {
    return new ResolutionEnvironment({ resources: [] }, this, gone, repository);
  }

  add({ resources, wires = [], upgradable = [] }: Installed): void {
    for (const resource of resources) this.#supply.add(resource);
    for (const wire of wires) {
      addTo(this.#from, wire.from, wire);
      addTo(this.#to, wire.to, wire);
    }
    for (const id of upgradable) this.#upgradable.add(id);
  }

  get(id: string): Resource | undefined {
    return this.#gone.has(id) ? undefined : (this.#supply.get(id) ?? this.below?.get(id));
  }

  named(name: string): readonly Resource[] {
    return both(
      this.#supply.named(name),
      this.#still(this.below?.named(name), (one) => one),
    );
  }

  offers(requirement: Requirement): readonly Offer[] {
    return both(
      this.#supply.offers(requirement),
      this.#still(this.below?.offers(requirement), ({ resource }) => resource),
    );
  }

  #still<T>(all: readonly T[] = NOTHING, resourceOf: (one: T) => Resource): readonly T[] {
    return this.#gone.size === 0 ? all : all.filter((one) => !this.#gone.has(resourceOf(one).id));
  }

  wiresFrom(id: string): readonly Wire[] {
    return this.#both(this.#from, id, this.below?.wiresFrom(id));
  }

  wiresTo(id: string): readonly Wire[] {
    return this.#both(this.#to, id, this.below?.wiresTo(id));
  }

  #both(index: ReadonlyMap<string, Wire[]>, id: string, before: readonly Wire[] = NOTHING): readonly Wire[] {
    const kept = this.#gone.size === 0 ? before : before.filter((wire) => !this.#gone.has(wire.from) && !this.#gone.has(wire.to));
    return both(index.get(id) ?? NOTHING, kept);
  }

  /** Packages that a package uses, in one version of its at least. */
  packagesUsedBy(name: string): Iterable<string> {
    return [...this.#supply.packagesUsedBy(name), ...(this.below?.packagesUsedBy(name) ?? [])];
  }

  /** Whether anything uses a package. */
  isUsed(name: string): boolean {
    return this.#supply.isUsed(name) || (this.below?.isUsed(name) ?? false);
  }

  mayBeUpgraded(id: string): boolean {
    return this.#upgradable.has(id) || (this.below?.mayBeUpgraded(id) ?? false);
  }
}

const NOTHING: readonly never[] = [];

/** One after the other; nothing is copied where there is nothing of one. */
function both<T>(first: readonly T[], second: readonly T[]): readonly T[] {
  if (second.length === 0) return first;
  return first.length === 0 ? second : [...first, ...second];
}

function addTo(index: Map<string, Wire[]>, key: string, wire: Wire): void {
  const there = index.get(key);
  if (there) there.push(wire);
  else index.set(key, [wire]);
}

/** Some of what a supply has, found by its index. */
class SelectionOf {
  readonly #byId = new Map<string, Resource>();

  constructor(private readonly supply: Supply) {}

  add(resource: Resource): void {
    this.#byId.set(resource.id, resource);
  }

  get(id: string): Resource | undefined {
    return this.#byId.get(id);
  }

  named(name: string): readonly Resource[] {
    return this.supply.named(name).filter((one) => this.#has(one));
  }

  offers(requirement: Requirement): readonly Offer[] {
    return this.supply.offers(requirement).filter(({ resource }) => this.#has(resource));
  }

  #has(resource: Resource): boolean {
    return this.#byId.get(resource.id) === resource;
  }

  packagesUsedBy(name: string): Iterable<string> {
    return this.supply.packagesUsedBy(name);
  }

  isUsed(name: string): boolean {
    return this.supply.isUsed(name);
  }
}
