import type { Node } from './fact.js';
import type { Problem } from './problem.js';
import { packageOf, type Capability } from './resource.js';

/** Which packages can matter to whom: those that it has, and what leads to them by `uses`. `ground` looks at what a node needs. */
export class PackageUse {
  readonly #packages = new Map<Node, { demands: number; names: ReadonlySet<string> }>();
  readonly #used = new Map<string, ReadonlySet<string>>();

  constructor(
    private readonly problem: Problem,
    private readonly ground: (node: Node) => void,
  ) {}

  /** Whether a package is one of these, or uses one, or what it uses does: no other can lead to a clash. */
  leadsTo(own: ReadonlySet<string>, name: string): boolean {
    if (own.has(name)) return true;
    for (const used of this.#usedFurther(name)) if (own.has(used)) return true;
    return false;
  }

  #usedFurther(name: string): ReadonlySet<string> {
    const known = this.#used.get(name);
    if (known) return known;
    const { environment, repository } = this.problem;
    const names = new Set<string>();
    const note = (one: string) => {
      for (const used of repository.packagesUsedBy(one)) names.add(used);
      for (const used of environment.packagesUsedBy(one)) names.add(used);
    };
    note(name);
    // What is added on the way is visited too.
    for (const one of names) note(one);
    this.#used.set(name, names);
    return names;
  }

  /** Packages that a node has at first hand. */
  packagesOf(node: Node): ReadonlySet<string> {
    this.ground(node);
    const known = this.#packages.get(node);
    if (known?.demands === node.demands!.length) return known.names;
    const { environment } = this.problem;
    const names = new Set<string>();
    const note = (capability: Capability | undefined) => {
      const name = capability && packageOf(capability);
      if (name !== undefined) names.add(name);
    };
    for (const capability of node.resource.capabilities) note(capability);
    for (const { options } of node.demands!) for (const { offer } of options) note(offer.capability);
    if (node.installed)
      for (const { to, capability } of environment.wiresFrom(node.resource.id))
        note(environment.get(to)?.capabilities[capability]);
    this.#packages.set(node, { demands: node.demands!.length, names });
    return names;
  }
}
