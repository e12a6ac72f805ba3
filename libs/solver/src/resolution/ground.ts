import { compareVersions, isPrerelease } from '../attribute/version.js';
import { Candidates } from './candidates.js';
import { Capacities } from './capacities.js';
import { ClassSpaces } from './class-space.js';
import type { Demand, Fact, Node, Option } from './fact.js';
import type { Clause, PartialSolution } from './partial-solution.js';
import { PackageUse } from './package-use.js';
import { ITSELF, JOB_ID, jobThatNeeds, requirementOf, type Problem } from './problem.js';
import { packageOf, type Offer, type Requirement, type Resource } from './resource.js';
import { holds, isNegative, not, variableOf, type Term, type Variable } from './term.js';

interface Wiring {
  node: Node;
  option: Option;
  /** Terms that hold where the wire is there. */
  premises: readonly Term[];
}

type Meaning = { node: Node } | { demand: Demand; option: Option } | { bound: Node; offer: Offer };

/**
 * Turns what definitions say into clauses, when the search comes to it: what a resource needs when it becomes present (and, so
 * that dead ends show early, what those need that could satisfy it), what a wire implies when it is laid. Clauses are facts:
 * they stay when the search goes back.
 */
export class Ground {
  readonly #meanings: Meaning[] = [];
  readonly #nodes = new Map<string, Node>();
  readonly #singletons = new Map<string, Node[]>();
  readonly #candidates: Candidates;
  readonly #classSpaces: ClassSpaces;
  readonly #bounds = new Map<string, Variable>();
  readonly #capacities: Capacities;
  readonly #packageUse: PackageUse;
  /** Wires to what is installed: to be looked at again when that is wired anew. */
  readonly #wiredTo = new Map<Node, Wiring[]>();
  readonly #isWired = new Set<Node>();
  readonly #done = new Set<Term>();
  readonly #clauses: Clause<Fact>[] = [];
  /** What is asked for. */
  readonly asked: Demand[] = [];
  /** What is installed and has come into view. */
  readonly installed: Node[] = [];
  /** What must be satisfied too where the terms before it hold: after what is installed has gone, or against a circle. */
  readonly conditional: { when: readonly Term[]; demand: Demand }[] = [];

  constructor(
    private readonly problem: Problem,
    private readonly solution: PartialSolution<Fact>,
  ) {
    this.#candidates = new Candidates(problem);
    this.#classSpaces = new ClassSpaces(problem);
    this.#capacities = new Capacities(problem, solution);
    this.#packageUse = new PackageUse(problem, (node) => this.#ground(node));
    const job = jobThatNeeds(problem.asked.flatMap(({ by, requirement }) => (by ? [] : [requirement])));
    const root = this.#newNode(job, JOB_ID, false, []);
    root.demands = [];
    this.#fact([root.term], { kind: 'asked' });
    for (const { by, requirement, within = [] } of problem.asked) {
      const node = !by || by.id === JOB_ID ? root : this.#nodeOf(by, true);
      node.within = within;
      this.asked.push(this.#demand(node, requirement));
      if (node.installed) this.#groundInstalled(node);
    }
  }

  /** Clauses that have become known since it was asked last. */
  takeClauses(): Clause<Fact>[] {
    return this.#clauses.splice(0);
  }

  /** Learns what follows from a term that holds now. */
  reach(term: Term): void {
    if (this.#done.has(term)) return;
    this.#done.add(term);
    const meaning = this.#meanings[variableOf(term)]!;
    if ('node' in meaning) {
      if (isNegative(term)) this.#lose(meaning.node);
      else this.#enter(meaning.node);
    } else if (isNegative(term)) {
      if ('demand' in meaning) this.#lookAhead(meaning.demand);
    } else {
      if ('demand' in meaning) this.#wire(meaning.demand.node, meaning.option, [meaning.option.term]);
      else this.#bind(meaning.bound, meaning.offer, term);
    }
  }

  /** The node that a variable says to be present, if it is that kind of variable. */
  nodeOf(variable: Variable): Node | undefined {
    const meaning = this.#meanings[variable]!;
    return 'node' in meaning ? meaning.node : undefined;
  }

  /** A conflict of limited capacity among the wires that hold, if there is one. */
  overCapacity(term: Term): Clause<Fact> | undefined {
    const meaning = this.#meanings[variableOf(term)]!;
    if (this.problem.isLimited === false || isNegative(term) || !('demand' in meaning)) return undefined;
    if (meaning.option.offer.capability.capacity === undefined) return undefined;
    const found = this.#capacities.over(meaning.option);
    return found && !this.problem.leaves?.(found.fact) ? { terms: found.terms, origin: { fact: found.fact } } : undefined;
  }

  #fact(terms: Term[], fact: Fact): void {
    if (!this.problem.leaves?.(fact)) this.#clauses.push({ terms, origin: { fact } });
  }

  #newNode(resource: Resource, key: string, installed: boolean, within: readonly string[]): Node {
    const node: Node = { resource, installed, key, within, term: holds(this.#variable()), wantedBy: [] };
    this.#meanings.push({ node });
    this.#nodes.set(key, node);
    return node;
  }

  #variable(): Variable {
    return this.solution.newVariable();
  }

  #nodeOf(resource: Resource, installed: boolean, consumer?: Demand): Node {
    const isCopy = !installed && consumer !== undefined && this.#isToldApart(resource);
    const key = isCopy ? `${consumer.node.key}/${consumer.requirement.name}/${resource.id}` : resource.id;
    const known = this.#nodes.get(key);
    if (known) return known;
    const node = this.#newNode(resource, key, installed, isCopy ? this.#withinOf(consumer.node) : []);
    if (installed && !(this.problem.upgrades > 0 && this.problem.environment.mayBeUpgraded(resource.id)))
      this.#fact([node.term], { kind: 'installed', node });
    if (installed) this.installed.push(node);
    if (resource.excluded !== undefined) this.#fact([not(node.term)], { kind: 'excluded', node });
    if (resource.singleton) this.#meetSingletons(node);
    return node;
  }

  #isToldApart(resource: Resource): boolean {
    return !resource.shared && this.problem.isLimited !== false && this.#candidates.isContended(resource);
  }

  /** What a copy for a node stands within: a copy of something within a copy of itself would never end, and is never needed. */
  #withinOf(node: Node): readonly string[] {
    if (node.installed || node.key === node.resource.id) return node.within;
    return [...node.within, node.resource.id];
  }

  #meetSingletons(node: Node): void {
    const { name, id } = node.resource;
    const others = this.#singletons.get(name);
    if (others === undefined) {
      this.#singletons.set(name, [node]);
      for (const other of this.problem.environment.named(name)) if (other.singleton && other.id !== id) this.#nodeOf(other, true);
      return;
    }
    for (const other of others) if (this.#done.has(other.term)) this.#oneOf(other, node);
    others.push(node);
  }

  /** Of two versions of a singleton one is there; said when one of them is: most never come to that. */
  #oneOf(node: Node, other: Node): void {
    const isSame = compareVersions(other.resource.version, node.resource.version) === 0;
    if (isSame || (other.installed && node.installed)) return;
    this.#fact([not(node.term), not(other.term)], { kind: 'singleton', nodes: [node, other] });
  }

  /** `among`: what alone may satisfy it; whatever does when left out. */
  #demand(node: Node, requirement: Requirement, among?: ReadonlySet<Resource>): Demand {
    const demand: Demand = { node, requirement, options: [] };
    const all = this.#candidates.for(requirement);
    const offers = among ? all.filter(({ resource }) => among.has(resource)) : all;
    const wired =
      offers.some(({ capability }) => capability.capacity !== undefined) ||
      this.#classSpaces.concerns(node.resource, requirement, offers);
    for (const offer of offers) {
      const installed = this.problem.environment.get(offer.resource.id) === offer.resource;
      if (!installed && this.#isToldApart(offer.resource) && this.#withinOf(node).includes(offer.resource.id)) continue;
      const provider = this.#nodeOf(offer.resource, installed, demand);
      if (wired) this.#newWire(demand, provider, offer);
      else if (!demand.options.some(({ node: other }) => other === provider)) {
        demand.options.push({ node: provider, offer, term: provider.term });
        provider.wantedBy.push(demand);
      }
    }
    node.demands ??= [];
    node.demands.push(demand);
    for (const { node: user, option, premises } of this.#wiredTo.get(node) ?? [])
      this.#follow(user, node, option.offer, premises);
    this.#fact([not(node.term), ...demand.options.map(({ term }) => term)], { kind: 'requires', demand });
    return demand;
  }

  #newWire(demand: Demand, provider: Node, offer: Offer): void {
    const option: Option = { node: provider, offer, term: holds(this.#variable()) };
    this.#meanings.push({ demand, option });
    demand.options.push(option);
    this.#fact([not(option.term), provider.term], { kind: 'wired', demand, option });
    this.#capacities.note(demand, option);
  }

  #enter(node: Node): void {
    if (node.resource.singleton)
      for (const other of this.#singletons.get(node.resource.name)!) if (!this.#done.has(other.term)) this.#oneOf(node, other);
    this.#ground(node);
    for (const demand of node.demands!) this.#lookAhead(demand);
  }

  /**
   * Looks at what the next choice for a demand would need, so that a dead end shows before it is chosen. What comes behind it is looked at
   * when that is lost: then reasons for all of a kind are found one from the other, without any choice.
   */
  #lookAhead({ options }: Demand): void {
    const held = options.find(({ term }) => this.solution.value(term) > 0);
    const next = held ?? options.find(({ term }) => this.solution.value(term) === 0);
    if (next) this.#ground(next.node);
  }

  /** Looks at all that these could be wired to; false where that was seen before. */
  lookAround(nodes: Iterable<Node>): boolean {
    let isNew = false;
    for (const { demands } of nodes)
      for (const { options } of demands ?? [])
        for (const { node, term } of options) {
          if (node.demands || this.solution.value(term) < 0) continue;
          this.#ground(node);
          isNew = true;
        }
    return isNew;
  }

  #ground(node: Node): void {
    if (node.demands) return;
    node.demands = [];
    if (node.installed) return;
    const needs = this.problem.needs ?? ((_resource, { optional }) => !optional);
    for (const requirement of node.resource.requirements) if (needs(node.resource, requirement)) this.#demand(node, requirement);
  }

  /** What is installed is wired already: what that implies holds from the beginning, as long as its providers stay. */
  #groundInstalled(node: Node): void {
    if (this.#isWired.has(node)) return;
    this.#isWired.add(node);
    for (const { to, capability } of this.problem.environment.wiresFrom(node.resource.id)) {
      const option = this.#optionTo(to, capability);
      if (option) this.#wire(node, option, [node.term, option.node.term]);
    }
  }

  #optionTo(id: string, at: number): Option | undefined {
    const resource = this.problem.environment.get(id);
    const capability = resource?.capabilities[at];
    if (!resource || !capability) return undefined;
    const node = this.#nodeOf(resource, true);
    return { node, offer: { resource, capability, at }, term: node.term };
  }

  /** What is installed is to go: a higher version of it must come, and who is wired to it stays as it is, wired to that. */
  #lose(node: Node): void {
    for (const demand of node.wantedBy) this.#lookAhead(demand);
    if (!node.installed) return;
    const { environment, repository, allows } = this.problem;
    const { id, name, version } = node.resource;
    const higher = repository
      .named(name)
      .filter((one) => one.singleton && compareVersions(one.version, version) > 0 && (allows?.(one) ?? true))
      .toSorted(
        (a, b) => Number(isPrerelease(a.version)) - Number(isPrerelease(b.version)) || compareVersions(b.version, a.version),
      );
    const options = higher.map((resource): Option => {
      const by = this.#nodeOf(resource, false);
      return { node: by, offer: { resource, capability: resource.capabilities[0]!, at: 0 }, term: by.term };
    });
    this.#fact([node.term, ...options.map(({ term }) => term)], { kind: 'replaced', node, by: options.map((one) => one.node) });
    this.conditional.push({ when: [not(node.term)], demand: { node, requirement: ITSELF, options } });
    for (const wire of environment.wiresTo(id)) {
      const user = environment.get(wire.from);
      const requirement = requirementOf(user, wire);
      if (!user || !requirement || requirement.optional) continue;
      const demand = this.#demand(this.#nodeOf(user, true), requirement, new Set([node.resource, ...higher]));
      this.conditional.push({ when: [not(node.term), demand.node.term], demand });
      this.#lookAtClassesAbove(demand.node);
    }
  }

  /** What is wired to something that gets a package from elsewhere may have it from two places then, and what is wired to that. */
  #lookAtClassesAbove(node: Node): void {
    const { environment } = this.problem;
    const above = new Set([node.resource]);
    // What is added on the way is visited too.
    for (const resource of above) {
      this.#groundInstalled(this.#nodeOf(resource, true));
      if (!resource.capabilities.some(({ uses }) => uses.length > 0)) continue;
      for (const { from } of environment.wiresTo(resource.id)) {
        const user = environment.get(from);
        if (user && user.id !== JOB_ID) above.add(user);
      }
    }
  }

  /** What a wire implies, where `premises` hold: a node's packages come from where its provider has those that it uses. */
  #wire(node: Node, { node: provider, offer }: Option, premises: readonly Term[]): void {
    if (node.key === JOB_ID) return;
    if (provider.installed)
      this.#noteWiring(provider, { node, option: { node: provider, offer, term: provider.term }, premises });
    this.#follow(node, provider, offer, premises);
  }

  #noteWiring(provider: Node, wiring: Wiring): void {
    const there = this.#wiredTo.get(provider);
    if (there) there.push(wiring);
    else this.#wiredTo.set(provider, [wiring]);
  }

  #follow(node: Node, provider: Node, offer: Offer, premises: readonly Term[]): void {
    const own = offer.capability.uses.length > 0 ? this.#packageUse.packagesOf(node) : NO_PACKAGES;
    for (const used of offer.capability.uses.filter((name) => this.#packageUse.leadsTo(own, name)))
      for (const { when, source } of this.#sourcesOf(provider, used)) {
        const bound = this.#bound(node, source);
        const terms = [...[...premises, ...when].map(not), bound];
        this.#fact(terms, { kind: 'uses', node, through: offer, source: source.offer, bound });
      }
    const provided = packageOf(offer.capability);
    if (provided === undefined || provider.installed) return;
    this.#ground(provider);
    for (const demand of provider.demands!)
      for (const other of demand.options)
        if (packageOf(other.offer.capability) === provided && other.offer.resource !== provider.resource)
          this.#fact([...premises.map(not), not(other.term)], {
            kind: 'substituted',
            node: provider,
            offer,
            instead: other.offer,
          });
  }

  /** Where a node has a package from, and what that rests on: what it is wired to, or itself. */
  #sourcesOf(node: Node, name: string): { when: readonly Term[]; source: Option }[] {
    this.#ground(node);
    const imported = node.demands!.flatMap(({ options }) => options.filter(({ offer }) => packageOf(offer.capability) === name));
    const sources = imported.map((source) => ({ when: [source.term], source }));
    const fixed = node.installed ? this.#fixedSource(node, name) : undefined;
    if (fixed) sources.push({ when: [node.term, fixed.node.term], source: fixed });
    if (sources.length > 0) return sources;
    const at = node.resource.capabilities.findIndex((capability) => packageOf(capability) === name);
    if (at < 0) return [];
    const offer = { resource: node.resource, capability: node.resource.capabilities[at]!, at };
    return [{ when: [node.term], source: { node, offer, term: node.term } }];
  }

  #fixedSource(node: Node, name: string): Option | undefined {
    for (const { to, capability } of this.problem.environment.wiresFrom(node.resource.id)) {
      const option = this.#optionTo(to, capability);
      if (option && packageOf(option.offer.capability) === name) return option;
    }
    return undefined;
  }

  /** That a node's classes have seen those of a package from there. */
  #bound(node: Node, { node: provider, offer }: Option): Term {
    const key = `${node.key}\n${provider.key}\t${offer.at}`;
    const known = this.#bounds.get(key);
    if (known !== undefined) return holds(known);
    const variable = this.#variable();
    this.#meanings.push({ bound: node, offer });
    this.#bounds.set(key, variable);
    return holds(variable);
  }

  /** What a bound package implies: those that it uses are bound too, and the node has it from nowhere else. */
  #bind(node: Node, offer: Offer, term: Term): void {
    const provider = this.#nodes.get(offer.resource.id)!;
    this.#wire(node, { node: provider, offer, term: provider.term }, [term]);
    const name = packageOf(offer.capability)!;
    for (const { when, source } of this.#sourcesOf(node, name))
      if (source.offer.resource !== offer.resource || source.offer.at !== offer.at)
        this.#fact([not(term), ...when.map(not)], { kind: 'one-source', node, offers: [offer, source.offer] });
  }
}

const NO_PACKAGES: ReadonlySet<string> = new Set();
