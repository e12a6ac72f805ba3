import { compareVersions } from '../attribute/version.js';
import type { Problem } from './problem.js';
import { packageOf, textOf, type Offer, type Requirement, type Resource } from './resource.js';
import { byPreference } from './supply.js';

const ANY = (): boolean => true;

/** What could satisfy a requirement of a problem; each asked for once. */
export class Candidates {
  readonly #known = new Map<string, Offer[]>();
  readonly #contended = new Map<string, boolean>();
  /** What is installed of a name, for all. */
  readonly #there = new Map<string, readonly Resource[]>();

  constructor(private readonly problem: Problem) {}

  /** What could satisfy a requirement, best first: what is installed before what is not. */
  for(requirement: Requirement): Offer[] {
    const text = textOf(requirement);
    const known = this.#known.get(text);
    if (known) return known;
    const { environment, repository, allows = ANY, order = byPreference } = this.problem;
    const there = environment.offers(requirement).filter((offer) => offer.resource.shared && !this.#isWithdrawn(offer));
    const more = repository.offers(requirement).filter(({ resource }) => allows(resource) && !this.#isThere(resource));
    const preferred = more.sort((a, b) => order(a, b, requirement));
    const offers =
      there.length === 0 ? preferred : [...there.sort(byPreference).filter(({ resource }) => allows(resource)), ...preferred];
    this.#known.set(text, offers);
    return offers;
  }

  /** Whether the same is installed, and for all. */
  #isThere({ shared, name, version }: Resource): boolean {
    if (!shared) return false;
    let there = this.#there.get(name);
    if (!there) {
      there = this.problem.environment.named(name).filter((one) => one.shared);
      this.#there.set(name, there);
    }
    return there.some((one) => compareVersions(one.version, version) === 0);
  }

  /** What is installed does not provide a package that it has from elsewhere itself. */
  #isWithdrawn({ resource, capability, at }: Offer): boolean {
    const name = packageOf(capability);
    if (name === undefined) return false;
    const { environment } = this.problem;
    return environment.wiresFrom(resource.id).some((wire) => {
      const source = environment.get(wire.to)?.capabilities[wire.capability];
      return source && packageOf(source) === name && !(wire.to === resource.id && wire.capability === at);
    });
  }

  /**
   * Whether copies of it must be told apart: where they, or what they need, compete for something that there is not without end.
   * Copies of everything else can be alike: what one is wired to would do for all (docs/decisions/0026).
   */
  isContended(resource: Resource): boolean {
    const known = this.#contended.get(resource.id);
    if (known !== undefined) return known;
    const visited = new Set([resource.id]);
    const pending = [resource];
    let contended = false;
    for (let one = pending.pop(); one && !contended; one = pending.pop()) {
      contended = one.capabilities.some(({ capacity }) => capacity !== undefined) || this.#contended.get(one.id) === true;
      for (const requirement of one.requirements)
        for (const { resource: provider } of this.for(requirement)) {
          if (visited.has(provider.id)) continue;
          visited.add(provider.id);
          pending.push(provider);
        }
    }
    if (contended) this.#contended.set(resource.id, true);
    else for (const id of visited) this.#contended.set(id, false);
    return contended;
  }
}
