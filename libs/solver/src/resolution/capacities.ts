import type { Demand, Fact, Option } from './fact.js';
import type { PartialSolution } from './partial-solution.js';
import { requirementOf, type Problem } from './problem.js';
import type { Offer } from './resource.js';
import { not, type Term } from './term.js';

/** What is taken of capabilities of which there is only so much, by which wires. */
export class Capacities {
  readonly #wires = new Map<string, { demand: Demand; term: Term }[]>();

  constructor(
    private readonly problem: Problem,
    private readonly solution: PartialSolution<Fact>,
  ) {}

  /** Notes a wire that may be laid. */
  note(demand: Demand, option: Option): void {
    const key = keyOf(option);
    const there = this.#wires.get(key);
    if (there) there.push({ demand, term: option.term });
    else this.#wires.set(key, [{ demand, term: option.term }]);
  }

  /** Wires that hold to where this one leads, and take more together than there is; undefined where there is enough. */
  over(option: Option): { terms: Term[]; fact: Fact } | undefined {
    const { offer } = option;
    const left = offer.capability.capacity! - this.#taken(offer);
    const terms: Term[] = [];
    const demands: Demand[] = [];
    let sum = 0;
    for (const wire of this.#wires.get(keyOf(option))!) {
      if (this.solution.value(wire.term) <= 0) continue;
      terms.push(not(wire.term));
      demands.push(wire.demand);
      sum += wire.demand.requirement.amount;
      if (sum > left) return { terms, fact: { kind: 'capacity', offer, demands, left } };
    }
    return undefined;
  }

  /** What is taken of it by what is installed. */
  #taken({ resource, at }: Offer): number {
    const { environment } = this.problem;
    return environment
      .wiresTo(resource.id)
      .filter(({ capability }) => capability === at)
      .reduce((sum, wire) => sum + (requirementOf(environment.get(wire.from), wire)?.amount ?? 0), 0);
  }
}

const keyOf = ({ node, offer }: Option): string => `${node.key}\t${offer.at}`;
