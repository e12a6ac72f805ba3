import type { Demand, Fact, Node } from './fact.js';
import { standsForJob } from './problem.js';
import type { Clause } from './partial-solution.js';
import type { Step } from './proof.js';
import { packageOf, textOf, type Offer, type Resource } from './resource.js';
import { isNegative, variableOf, type Variable } from './term.js';
import { cannotBe, list, requirementInWords, resourcesInWords, type VersionsOf } from './words.js';

/** One line of the way from the facts to the conclusion. */
export interface Line {
  /** What is supposed, where something is only to be shown impossible: it holds for the lines up to the conclusion. */
  suppose?: string;
  because?: string;
  therefore?: string;
  /** That it only leads on, up or down a chain of requirements. */
  passes?: 'must' | 'cannot';
}

/** Tells the steps of a proof. Steps that say the same of several versions are told at once, those that say nothing new are not. */
export class Narrator {
  readonly #nodes = new Map<Variable, Node>();
  readonly #wires = new Map<Variable, { from: Node; to: Node }>();
  /** That a package comes to a node from somewhere. */
  readonly #sources = new Map<Variable, { node: Node; source: Offer }>();

  constructor(
    private readonly versionsOf: VersionsOf,
    facts: readonly Clause<Fact>[],
  ) {
    for (const { origin } of facts) if ('fact' in origin) this.#learnWords(origin.fact);
  }

  /** What a variable of the clauses is about. */
  #learnWords(fact: Fact): void {
    const know = (node: Node) => this.#nodes.set(variableOf(node.term), node);
    if ('node' in fact) know(fact.node);
    if (fact.kind === 'uses') this.#sources.set(variableOf(fact.bound), fact);
    if (fact.kind === 'singleton') for (const node of fact.nodes) know(node);
    if (fact.kind === 'replaced') for (const node of fact.by) know(node);
    const demands =
      'demand' in fact ? [fact.demand] : fact.kind === 'circular' ? fact.circle : fact.kind === 'capacity' ? fact.demands : [];
    for (const { node, options } of demands) {
      know(node);
      for (const option of options) {
        know(option.node);
        if (option.term !== option.node.term) this.#wires.set(variableOf(option.term), { from: node, to: option.node });
      }
    }
  }

  /** That a lemma holds: supposing that it does not leads nowhere. */
  suppose(lemma: Clause<Fact>, steps: readonly Step<Fact>[]): Line[] {
    const supposed = list(lemma.terms.map((term) => this.#statement(term ^ 1)));
    const concluded = list(
      lemma.terms.map((term) => this.#statement(term)),
      10,
      'or',
    );
    return [{ suppose: supposed }, ...this.tell(steps), { therefore: concluded }];
  }

  tell(steps: readonly Step<Fact>[]): Line[] {
    const told: Step<Fact>[][] = [];
    const byKey = new Map<string, Step<Fact>[]>();
    let last: string | undefined;
    for (const step of steps) {
      const key = this.#keyOf(step);
      const there = key === undefined ? undefined : byKey.get(key);
      // What rests on the same can be told together; else only what comes next to each other.
      if (there && (key === last || restOnTheSame(there[0]!, step))) there.push(step);
      else {
        told.push([step]);
        if (key !== undefined) byKey.set(key, told.at(-1)!);
      }
      last = key;
    }
    return shortened(told.flatMap((some) => this.#line(some)));
  }

  /** Equal for steps that can be told as one; none for one that stands alone. */
  #keyOf({ clause: { origin }, term }: Step<Fact>): string | undefined {
    if (!('fact' in origin) || term === undefined) return undefined;
    const { fact } = origin;
    const subject = this.#nodes.get(variableOf(term))?.resource.name;
    if (fact.kind === 'requires' && isNegative(term)) return `requires ${textOf(fact.demand.requirement)} ${subject}`;
    return fact.kind === 'singleton' ? `singleton ${subject}` : undefined;
  }

  #line(steps: readonly Step<Fact>[]): Line[] {
    const [{ clause, term }] = steps as [Step<Fact>];
    const { origin } = clause;
    const terms = steps.flatMap((step) => (step.term === undefined ? [] : [step.term]));
    const therefore = term === undefined ? undefined : this.#together(terms);
    if (!('fact' in origin)) {
      if (clause.terms.length === 1 && therefore !== undefined) return [];
      const because = `As shown, ${list(
        clause.terms.map((one) => this.#statement(one)),
        10,
        'or',
      )}`;
      return [{ because, therefore: therefore ?? 'that cannot be' }];
    }
    const because = this.#because(origin.fact, steps);
    if (because === undefined) return [];
    if (origin.fact.kind === 'uses' && term === origin.fact.bound) return [{ because }];
    const leadsOn = origin.fact.kind === 'requires' && term !== undefined && origin.fact.demand.options.length > 0;
    const passes = leadsOn && { passes: isNegative(term) ? ('cannot' as const) : ('must' as const) };
    return [{ because, therefore: therefore ?? 'that cannot be', ...passes }];
  }

  #because(fact: Fact, steps: readonly Step<Fact>[]): string | undefined {
    const { term } = steps[0]!;
    if (fact.kind === 'requires') return this.#required(fact.demand, steps);
    if (fact.kind === 'singleton') return `There can be only one version of ${fact.nodes[0].resource.name}`;
    if (fact.kind === 'excluded') return `${this.#words([fact.node.resource])} cannot be made here`;
    if (fact.kind === 'installed') return `${this.#words([fact.node.resource])} is installed and stays`;
    if (fact.kind === 'uses')
      return term === fact.bound
        ? `Through ${nameOf(fact.through)} of ${fact.through.resource.id}, ${this.#statement(term)}`
        : `${nameOf(fact.through)} of ${fact.through.resource.id} brings ${nameOf(fact.source)} from ${fact.source.resource.id} with it`;
    if (fact.kind === 'one-source') {
      const [one, other] = fact.offers;
      return `${fact.node.resource.id} cannot have ${nameOf(one)} from both ${one.resource.id} and ${other.resource.id}`;
    }
    if (fact.kind === 'substituted')
      return `${fact.node.resource.id} does not provide ${nameOf(fact.offer)} itself where it has it from ${fact.instead.resource.id}`;
    if (fact.kind === 'capacity') return `${fact.offer.resource.id} has ${fact.left} of ${fact.offer.capability.namespace} left`;
    if (fact.kind === 'circular') {
      const ids = fact.circle.map(({ node }) => node.resource.id);
      return ids.length === 1
        ? `${ids[0]} would have to be there before itself`
        : `Of ${list(ids)} each would have to be there before the other`;
    }
    if (fact.kind === 'replaced') return `${fact.node.resource.id} goes only for a higher version of itself`;
    return undefined;
  }

  /**
   * `shop 1.0.0 needs lib@^2, and lib 2.0.0 cannot be there`; of several that need the same, all at once. Nothing, where it says only
   * that the job is what the job asks for.
   */
  #required({ requirement, options }: Demand, steps: readonly Step<Fact>[]): string | undefined {
    const { term } = steps[0]!;
    if (options.length > 0 && options.every(({ node }) => standsForJob(node.resource))) return undefined;
    const requirers = steps.flatMap(({ clause: { origin } }) =>
      'fact' in origin && origin.fact.kind === 'requires' ? [origin.fact.demand.node.resource] : [],
    );
    const words = requirementInWords(requirement);
    const isJob = requirers.every(standsForJob);
    const who = this.#words(requirers);
    const isOne = requirers.length === 1 || (who.startsWith('every ') && !who.includes(' and '));
    const needs = isJob ? `${words} is asked for` : `${who} need${isOne ? 's' : ''} ${words}`;
    if (options.length === 0) return `${needs}, and nothing provides that`;
    if (term !== undefined && !isNegative(term))
      return options.length === 1 ? needs : `${needs}, and only ${this.#words([this.#targetOf(term)!])} is left for that`;
    const providers = options.map(({ node }) => node.resource);
    const isWired = options.some((option) => option.term !== option.node.term);
    return isWired
      ? `${needs}, which only ${this.#words(providers)} could provide`
      : `${needs}, and ${cannotBe(providers, this.versionsOf)}`;
  }

  #targetOf(term: number): Resource | undefined {
    const variable = variableOf(term);
    return (this.#wires.get(variable)?.to ?? this.#nodes.get(variable))?.resource;
  }

  #words(resources: readonly Resource[]): string {
    return resourcesInWords(resources, this.versionsOf);
  }

  /** What follows, of several at once. */
  #together(terms: readonly number[]): string {
    const nodes = terms.map((term) => this.#nodes.get(variableOf(term)));
    if (nodes.some((node) => node === undefined)) return list(terms.map((term) => this.#statement(term)));
    const resources = nodes.map((node) => node!.resource);
    return isNegative(terms[0]!) ? cannotBe(resources, this.versionsOf) : `${this.#words(resources)} must be there`;
  }

  #statement(term: number): string {
    const variable = variableOf(term);
    const no = isNegative(term) ? 'not ' : '';
    const wire = this.#wires.get(variable);
    if (wire) return `${wire.from.resource.id || 'the job'} is ${no}wired to ${wire.to.resource.id}`;
    const bound = this.#sources.get(variable);
    if (bound) return `${bound.node.resource.id} has ${nameOf(bound.source)} ${no}from ${bound.source.resource.id}`;
    return `${this.#words([this.#nodes.get(variable)!.resource])} is ${no}there`;
  }
}

/** A package's name, or the namespace of another capability. */
const nameOf = ({ capability }: Offer): string => packageOf(capability) ?? capability.namespace;

/** Of lines that only lead from one resource to the next so many are told at either end. */
const TOLD = 2;

/** A long way from one resource to the next, told by its beginning and its end. */
function shortened(lines: readonly Line[]): Line[] {
  const told: Line[] = [];
  for (let at = 0; at < lines.length;) {
    let end = at;
    while (end < lines.length && lines[end]!.passes && lines[end]!.passes === lines[at]!.passes) end++;
    if (end - at <= 2 * TOLD + 1) told.push(...lines.slice(at, Math.max(end, at + 1)));
    else {
      const between = end - at - 2 * TOLD;
      const because = `So it goes on from each of them to the next, ${between} times`;
      told.push(...lines.slice(at, at + TOLD), { because }, ...lines.slice(end - TOLD, end));
    }
    at = Math.max(end, at + 1);
  }
  return told.map(({ passes: _passes, ...line }) => line);
}

/** Whether what two steps of the same requirement follow from is the same: its options. */
function restOnTheSame(one: Step<Fact>, other: Step<Fact>): boolean {
  const terms = one.clause.terms.filter((term) => term !== one.term);
  return terms.length === other.clause.terms.length - 1 && terms.every((term) => other.clause.terms.includes(term));
}
