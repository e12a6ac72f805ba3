import { inOrder } from '../in-order.js';
import { compareVersions, isPrerelease, Version } from '../attribute/version.js';
import type { Demand, Fact, Node } from './fact.js';
import { JOB_ID, type Problem } from './problem.js';
import { packageOf, textOf, type Offer, type Requirement } from './resource.js';
import { byPreference } from './supply.js';
import { list, requirementInWords, resourcesInWords, type VersionsOf } from './words.js';

/** One root of a failure. */
export interface Cause {
  kind: Exclude<Fact['kind'], 'asked' | 'wired' | 'uses' | 'fewest-upgrades'>;
  /** The requirement that nothing satisfies, where it is one: in words, and its text ({@link textOf}). */
  requirement?: string;
  text?: string;
  /** Ids from what was asked for down to what it is about; one for each side where two clash. */
  chains: string[][];
  /** Whose requirements it is about. */
  ways: Way[];
  /** Ids of what it is about. */
  about: string[];
  /** Of a circle: ids, each needs the next one, and the last the first. */
  circle?: string[];
  /** A sentence or two for a person. */
  message: string;
}

/** A requirement of somebody, and how it came to that. */
export interface Way {
  /** Ids from what was asked for down to who requires; empty for the job's own requirements. */
  chain: string[];
  /** The requirement's name. */
  requirement: string;
  /** Id of what it leads to, where there is something. */
  to?: string;
}

/** The roots among the facts of a proof: what is missing, and what clashes; not what merely leads there. */
export function causesOf(facts: readonly Fact[], problem: Problem, versionsOf: VersionsOf): Cause[] {
  const chains = new Chains(facts);
  const causes = new Map<string, Cause>();
  for (const { fact, all } of together(facts)) {
    const cause = causeOf(fact, all, problem, versionsOf);
    if (!cause) continue;
    const { nodes, by, from, ...rest } = cause;
    const there = causes.get(rest.message);
    const more = nodes
      .slice(0, CHAINS)
      .map((node) => chains.to(node))
      .filter((chain) => chain.length > 0);
    const own = by ? by.map((demand) => chains.way(demand)) : nodes.slice(0, CHAINS).flatMap((node) => chains.waysTo(node));
    const ways = from ? own.map((way) => ({ ...way, chain: [...chains.to(from.node), ...from.on] })) : own;
    const about = nodes.map(({ resource }) => resource.id);
    if (!there) causes.set(rest.message, { ...rest, chains: more, ways, about });
    else {
      if (there.kind !== 'requires') there.chains.push(...more);
      there.ways.push(...ways);
      there.about.push(...about);
    }
  }
  const all = [...causes.values()].map((cause) => ({ ...cause, chains: distinct(cause.chains) }));
  return (all.length > 0 ? all : unavoidable(facts, chains)).map((cause) => ({ ...cause, message: withWay(cause) }));
}

/** Of what several lack, the highest version of one is told. */
const isHigher = (fact: Fact, other: Fact): boolean =>
  fact.kind === 'requires' &&
  other.kind === 'requires' &&
  fact.demand.node.resource.name === other.demand.node.resource.name &&
  compareVersions(fact.demand.node.resource.version, other.demand.node.resource.version) > 0;

/** Equal for facts that are told as one. */
function keyOf(fact: Fact): string | undefined {
  if (fact.kind === 'one-source') return fact.offers.map(placeOf).toSorted(inOrder).join(' ');
  return fact.kind === 'requires' && fact.demand.options.length === 0 ? textOf(fact.demand.requirement) : undefined;
}

/** Facts, each with the nodes that it is about; that several get a package from the same two places, or lack the same, is one. */
function together(facts: readonly Fact[]): { fact: Fact; all: Node[] }[] {
  const groups = new Map<string, { fact: Fact; all: Node[] }>();
  for (const [at, fact] of facts.entries()) {
    const key = keyOf(fact) ?? String(at);
    const nodes = 'node' in fact ? [fact.node] : [];
    const there = groups.get(key);
    if (!there) groups.set(key, { fact, all: nodes });
    else {
      there.all.push(...nodes);
      if (isHigher(fact, there.fact)) there.fact = fact;
    }
  }
  return [...groups.values()];
}

/** Chains that are told of what is about many. */
const CHAINS = 10;
const placeOf = ({ resource, at }: Offer): string => `${resource.id};${at}`;

const distinct = (chains: readonly string[][]): string[][] => [
  ...new Map(chains.map((chain) => [chain.join(' '), chain])).values(),
];

function withWay({ message, chains }: Cause): string {
  const ways = byNames(chains.filter((chain) => chain.length > 1)).map((chain) => shortWay(chain).join(' → '));
  return ways.length === 0 ? message : `${message} (${list(ways, 3)})`;
}

/** Of chains that differ in versions only the first, unless all do. */
function byNames(chains: readonly string[][]): readonly string[][] {
  const first = new Map<string, string[]>();
  for (const chain of chains) {
    const names = chain.map((id) => id.slice(0, Math.max(0, id.lastIndexOf('@'))) || id).join(' ');
    if (!first.has(names)) first.set(names, chain);
  }
  return first.size > 1 ? [...first.values()] : chains;
}

/** Ids of a way that are told at either end. */
const TOLD = 3;
const shortWay = (chain: readonly string[]): readonly string[] =>
  chain.length <= 2 * TOLD + 1 ? chain : [...chain.slice(0, TOLD), `… (${chain.length - 2 * TOLD} more)`, ...chain.slice(-TOLD)];

type Told = Omit<Cause, 'chains' | 'ways' | 'about'> & {
  nodes: readonly Node[];
  /** The demands that it is about; those that lead to the nodes when left out. */
  by?: readonly Demand[];
  /** Of a circle: the node by which it is come to, and ids from there on. */
  from?: { node: Node; on: string[] };
};

function causeOf(fact: Fact, all: readonly Node[], problem: Problem, versionsOf: VersionsOf): Told | undefined {
  const words = (...nodes: Node[]) =>
    resourcesInWords(
      nodes.map(({ resource }) => resource),
      versionsOf,
    );
  if (fact.kind === 'requires') {
    const { node, requirement, options } = fact.demand;
    if (options.length > 0) return undefined;
    const message = nothingProvides(requirement, problem);
    return {
      kind: 'requires',
      requirement: requirementInWords(requirement),
      text: textOf(requirement),
      nodes: [node],
      by: [fact.demand],
      message,
    };
  }
  if (fact.kind === 'excluded')
    return {
      kind: 'excluded',
      nodes: [fact.node],
      message: `${words(fact.node)} cannot be made here: ${fact.node.resource.excluded}`,
    };
  if (fact.kind === 'singleton') {
    const { name } = fact.nodes[0].resource;
    return {
      kind: 'singleton',
      nodes: fact.nodes,
      message: `There can be only one version of ${name}, and more than one is needed.`,
    };
  }
  if (fact.kind === 'one-source') {
    const [bound, own] = fact.offers;
    const name = packageOf(bound.capability)!;
    const message = `${words(...all)} would get the package ${name} from two places: ${bound.resource.id} and ${own.resource.id}.`;
    return { kind: 'one-source', nodes: all, message };
  }
  if (fact.kind === 'substituted')
    return {
      kind: 'substituted',
      nodes: [fact.node],
      message: `${words(fact.node)} does not provide ${packageOf(fact.offer.capability)} itself where it has it from ${fact.instead.resource.id}.`,
    };
  if (fact.kind === 'capacity') {
    const { offer, left, demands } = fact;
    const asked = demands.reduce((sum, { requirement }) => sum + requirement.amount, 0);
    const message = `${offer.resource.id} has ${left} of ${offer.capability.namespace} left, and ${asked} would be taken.`;
    return { kind: 'capacity', nodes: demands.map(({ node }) => node), by: demands, message };
  }
  if (fact.kind === 'circular') {
    const { lead, circle: demands } = oneCircle(fact.circle);
    const idsOf = (some: readonly Demand[]) => some.map(({ node }) => node.resource.id);
    const circle = idsOf(demands);
    const message = `${[...circle, circle[0]!].join(' → ')}: each would have to be there before the other.`;
    const first = (lead[0] ?? demands[0]!).node;
    const on = [...idsOf(lead), ...circle].slice(1);
    return { kind: 'circular', nodes: [first], by: demands.slice(-1), from: { node: first, on }, circle, message };
  }
  if (fact.kind === 'replaced' && fact.by.length === 0)
    return {
      kind: 'replaced',
      nodes: [fact.node],
      message: `${fact.node.resource.id} is installed, and there is no higher version of it.`,
    };
  if (fact.kind === 'installed')
    return { kind: 'installed', nodes: [], message: `${words(fact.node)} is installed as ${fact.node.resource.id}, and stays.` };
  return undefined;
}

/** What a search met, in a sentence; undefined where that says nothing by itself. */
export function obstacleOf(fact: Fact, problem: Problem, versionsOf: VersionsOf): string | undefined {
  if (fact.kind !== 'requires' || fact.demand.options.length === 0)
    return causeOf(fact, 'node' in fact ? [fact.node] : [], problem, versionsOf)?.message;
  const { node, requirement } = fact.demand;
  const who = node.key === JOB_ID ? 'what is asked for' : resourcesInWords([node.resource], versionsOf);
  return `Nothing that provides ${requirementInWords(requirement)} for ${who} goes with the rest.`;
}

/** Of what stands on nothing but itself, and all that stands on it: the way to a circle, each needs the next one, and the circle. */
function oneCircle(demands: readonly Demand[]): { lead: Demand[]; circle: Demand[] } {
  const of = new Map(demands.map((demand) => [demand.node, demand]));
  const way: Demand[] = [];
  let demand: Demand | undefined = demands[0];
  while (demand && !way.includes(demand)) {
    way.push(demand);
    demand = demand.options.map(({ node }) => of.get(node)).find((one) => one !== undefined);
  }
  const since = way.indexOf(demand!);
  return { lead: way.slice(0, since), circle: way.slice(since) };
}

/** A clash of requirements alone: what was asked for has nothing that fits all of it. */
function unavoidable(facts: readonly Fact[], chains: Chains): Cause[] {
  return facts.flatMap((fact): Cause[] => {
    if (fact.kind !== 'requires' || fact.demand.node.key !== JOB_ID) return [];
    const requirement = requirementInWords(fact.demand.requirement);
    return [
      {
        kind: 'requires',
        requirement,
        chains: [chains.to(fact.demand.node)],
        ways: [chains.way(fact.demand)],
        about: [],
        message: `Nothing that fits provides ${requirement}.`,
      },
    ];
  });
}

/** What was looked for and not found, and what there is instead. */
function nothingProvides(requirement: Requirement, { repository, environment }: Problem): string {
  const words = requirementInWords(requirement);
  const { range: _range, filter: _filter, ...bare } = requirement;
  const near = [...repository.near(requirement), ...environment.offers(bare)];
  const wider = widened(requirement, near);
  if (wider.length > 0) {
    const versions = [
      ...new Set(wider.map(({ capability }) => String(capability.attributes.get('version') ?? 'one without a version'))),
    ];
    const early = wider.every(({ capability }) => isEarly(capability.attributes.get('version')));
    const hint = early ? ' A prerelease is taken only by a range that names one.' : '';
    return `Nothing provides ${words}; there ${versions.length > 1 ? 'are' : 'is'} ${list(versions)}.${hint}`;
  }
  if (near.length > 0) return `Nothing provides ${words}.`;
  return `Nothing provides ${words}: no definition is called or offers that.`;
}

const isEarly = (version: unknown): boolean => version instanceof Version && isPrerelease(version);

/** What would do if the range were wider. */
function widened({ attributes, range, filter }: Requirement, near: readonly Offer[]): Offer[] {
  if (!range || filter) return [];
  return near
    .filter(({ capability }) => [...attributes].every(([name, value]) => capability.attributes.get(name) === value))
    .toSorted(byPreference);
}

/** The shortest ways from what was asked for, through requirements that belong to the proof. */
class Chains {
  /** By whom each is come to first. */
  readonly #before = new Map<Node, Node | undefined>();
  readonly #leading = new Map<Node, Demand[]>();

  constructor(facts: readonly Fact[]) {
    const demands = new Map<Node, Demand[]>();
    for (const fact of facts) {
      if (fact.kind !== 'requires') continue;
      const { demand } = fact;
      addTo(demands, demand.node, demand);
      for (const node of new Set(demand.options.map((option) => option.node))) addTo(this.#leading, node, demand);
      if (demand.node.key === JOB_ID) this.#before.set(demand.node, undefined);
    }
    // What is added on the way is visited too: breadth first, so that each is come to by a shortest way.
    for (const node of this.#before.keys())
      for (const { options } of demands.get(node) ?? [])
        for (const option of options) if (!this.#before.has(option.node)) this.#before.set(option.node, node);
  }

  way({ node, requirement }: Demand): Way {
    return { chain: node.key === JOB_ID ? [] : this.to(node), requirement: requirement.name };
  }

  /** The demands that lead to a node, the shortest way first. */
  waysTo(node: Node): Way[] {
    const leading = this.#leading.get(node) ?? [];
    const first = leading.find((demand) => demand.node === this.#before.get(node)) ?? leading[0];
    return first ? [{ ...this.way(first), to: node.resource.id }] : [];
  }

  to(node: Node): string[] {
    const chain: string[] = [];
    for (let one: Node | undefined = node; one && one.key !== JOB_ID; one = this.#before.get(one)) chain.push(one.resource.id);
    return chain.toReversed();
  }
}

function addTo<Key, One>(index: Map<Key, One[]>, key: Key, one: One): void {
  const there = index.get(key);
  if (there) there.push(one);
  else index.set(key, [one]);
}
