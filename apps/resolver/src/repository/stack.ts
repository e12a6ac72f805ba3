import { DELEGATED, LAYERS, LAYER_RULES, type Layer, type ResourceDefinition, type ShownLayer } from '@slipway/contracts';
import { identityOf } from '@slipway/solver';

/** A content package in its layer, as the rules of the layers see it. */
export interface LayeredPackage {
  layer: Layer;
  name: string;
  /** Where it came from: a folder, an upload, the API. Of a layer that is not `many` all packages have the same. */
  source: string;
  definitions: readonly ResourceDefinition[];
}

/** A content package of another repository, below all layers: by the same shape, and by none of their rules. */
export type DelegatedPackage = Omit<LayeredPackage, 'layer'> & { layer: typeof DELEGATED };

/** One definition where it stands. */
export interface Standing<Package = LayeredPackage | DelegatedPackage> {
  /** `guestbook@1.0.0` */
  key: string;
  package: Package;
  definition: ResourceDefinition;
}

/** Why something is not done: the layer and the package that stand against it. */
export interface Refusal {
  key?: string;
  layer: ShownLayer;
  /** Of the content package that holds it; none where nothing does. */
  package?: string;
  reason: string;
}

export type Change = 'create' | 'update' | 'delete';

/** Place of a layer, 0 on top; what other repositories have stands below all layers. */
export const rank = (layer: ShownLayer): number => (layer === DELEGATED ? LAYERS.length : LAYERS.indexOf(layer));

/**
 * Content layers upon each other, and what may be done to them. Pure: no I/O; who changes something asks for the refusal first.
 *
 * L1. A definition is looked up from the top down: the first found counts.
 * L2. What stands over something of the same key may override it, and what is below may be overridden, or neither is there.
 * L3. A key stands once in a layer, and a package's name too.
 * L4. A layer that is not `many` has one source.
 * L5. What other repositories have counts where no layer has the key, and of theirs the first. It stands against nothing.
 */
export class Stack {
  readonly #packages = new Set<LayeredPackage>();
  readonly #byKey = new Map<string, Standing<LayeredPackage>[]>();
  readonly #delegated: DelegatedPackage[] = [];
  readonly #delegatedByKey = new Map<string, Standing<DelegatedPackage>[]>();

  /** Packages that fit together: each is added without being asked about. */
  constructor(packages: Iterable<LayeredPackage> = []) {
    for (const one of packages) this.add(one);
  }

  /** From the top down; of one layer in the order they came. */
  packages(): LayeredPackage[] {
    return [...this.#packages].toSorted((a, b) => rank(a.layer) - rank(b.layer));
  }
  /** What other repositories have, in the order in which it counts. */
  delegated = (): readonly DelegatedPackage[] => this.#delegated;

  /** Where a key stands, from the top down. */
  standing(key: string): readonly Standing[] {
    return [...this.#inLayers(key), ...(this.#delegatedByKey.get(key) ?? [])];
  }
  #inLayers = (key: string): readonly Standing<LayeredPackage>[] => this.#byKey.get(key) ?? [];

  /** L1. */
  read(key: string): Standing | undefined {
    return this.standing(key)[0];
  }

  /** The definitions that count, each once. */
  inForce(): Standing[] {
    const delegated = [...this.#delegatedByKey].filter(([key]) => !this.#byKey.has(key));
    return [...this.#byKey.values(), ...delegated.map(([, all]) => all)].map(([first]) => first!);
  }

  /** Why a definition cannot be created, updated or deleted through the API; nothing when it can. */
  refusalOf(change: Change, key: string): Refusal | undefined {
    const all = this.#inLayers(key);
    if (change === 'create') return all[0] && heldBy(all[0], 'so it cannot be created');
    const other = all.find(({ package: { layer } }) => !LAYER_RULES[layer].writable);
    if (other) return heldBy(other, `which takes no definition through the API, so it cannot be ${change}d`);
    if (all.length > 0) return undefined;
    const delegated = this.read(key);
    if (delegated) return heldBy(delegated, `so it cannot be ${change}d here; one that is created here counts before it`);
    return { key, layer: 'writable', reason: `${key} stands in no layer, so it cannot be ${change}d` };
  }

  /** Why a package cannot come into its layer, whole, in place of `replaced` (which stands here); nothing when it can. */
  refusalOfPackage(candidate: LayeredPackage, replaced?: LayeredPackage): Refusal | undefined {
    for (const other of this.#packages) {
      if (other === replaced || other.layer !== candidate.layer) continue;
      const refusal = refusalBeside(candidate, other);
      if (refusal) return refusal;
    }
    for (const definition of candidate.definitions) {
      const key = identityOf(definition);
      for (const one of this.#inLayers(key)) {
        const refusal = one.package === replaced ? undefined : refusalOver(candidate, one);
        if (refusal) return refusal;
      }
    }
    return undefined;
  }

  add(one: LayeredPackage): void {
    this.#packages.add(one);
    for (const definition of one.definitions) {
      const key = identityOf(definition);
      const all = [...this.#inLayers(key), { key, package: one, definition }];
      this.#byKey.set(
        key,
        all.toSorted((a, b) => rank(a.package.layer) - rank(b.package.layer)),
      );
    }
  }

  /** L5: behind those that came before. */
  addDelegated(one: DelegatedPackage): void {
    this.#delegated.push(one);
    for (const definition of one.definitions) {
      const key = identityOf(definition);
      this.#delegatedByKey.set(key, [...(this.#delegatedByKey.get(key) ?? []), { key, package: one, definition }]);
    }
  }

  remove(one: LayeredPackage): void {
    this.#packages.delete(one);
    for (const definition of one.definitions) {
      const key = identityOf(definition);
      const left = this.#inLayers(key).filter((standing) => standing.package !== one);
      if (left.length > 0) this.#byKey.set(key, left);
      else this.#byKey.delete(key);
    }
  }
}

const heldBy = ({ key, package: { layer, name, source } }: Standing, consequence: string): Refusal => ({
  key,
  layer,
  package: name,
  reason:
    layer === DELEGATED
      ? `${key} is delegated (content package ${name} of ${source}), ${consequence}`
      : `${key} stands in the layer ${layer} (content package ${name}), ${consequence}`,
});

/** L3 and L4, of packages as such. */
function refusalBeside(candidate: LayeredPackage, { layer, name, source }: LayeredPackage): Refusal | undefined {
  const refuse = (reason: string): Refusal => ({ layer, package: name, reason });
  if (!LAYER_RULES[layer].many && source !== candidate.source)
    return refuse(`the layer ${layer} holds what ${source} brings (content package ${name}), and takes nothing from elsewhere`);
  if (name === candidate.name) return refuse(`the layer ${layer} holds a content package ${name} already`);
  return undefined;
}

/** L2 and L3, of one definition. */
function refusalOver(candidate: LayeredPackage, other: Standing<LayeredPackage>): Refusal | undefined {
  const { layer } = other.package;
  if (layer === candidate.layer) return heldBy(other, 'beside which it cannot stand again');
  const candidateIsAbove = rank(candidate.layer) < rank(layer);
  const [above, below] = candidateIsAbove ? [candidate.layer, layer] : [layer, candidate.layer];
  if (LAYER_RULES[above].canOverride && LAYER_RULES[below].overwritable) return undefined;
  if (!LAYER_RULES[above].canOverride) return heldBy(other, `and the layer ${above} may not override another`);
  return heldBy(other, `and the layer ${below} may not be overridden`);
}
