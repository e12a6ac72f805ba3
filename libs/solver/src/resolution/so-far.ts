import { obstacleOf } from './cause.js';
import type { Fact, Node } from './fact.js';
import type { Clause } from './partial-solution.js';
import type { Problem } from './problem.js';
import { cannotBe, list, versionsIn } from './words.js';

/** How far a search came that reached its limit: nothing of it is a guess, and nothing of it decides. */
export interface SoFar {
  /** Choices that were tried in vain. */
  tries: number;
  /** Ids of what cannot be there in any plan, as was shown. */
  impossible: string[];
  /** What most of the tries came to, most frequent first. */
  obstacles: { message: string; times: number }[];
  text: string;
}

/** Obstacles that are told, and ids. */
const MOST = { obstacles: 3, ids: 50 } as const;

/** What a search meets, to be told if it does not come to an end. */
export class Tries {
  #count = 0;
  readonly #met = new Map<Fact, number>();

  note({ origin }: Clause<Fact>): void {
    this.#count++;
    if ('fact' in origin) this.#met.set(origin.fact, (this.#met.get(origin.fact) ?? 0) + 1);
  }

  /** `impossible`: what cannot be there whatever is chosen. */
  soFar(impossible: readonly Node[], problem: Problem): SoFar {
    const versionsOf = versionsIn(problem);
    const times = new Map<string, number>();
    for (const [fact, count] of this.#met) {
      const message = obstacleOf(fact, problem, versionsOf);
      if (message !== undefined) times.set(message, (times.get(message) ?? 0) + count);
    }
    const obstacles = [...times]
      .map(([message, count]) => ({ message, times: count }))
      .toSorted((a, b) => b.times - a.times)
      .slice(0, MOST.obstacles);
    const resources = impossible.map(({ resource }) => resource);
    const ruledOut = resources.length === 0 ? [] : [`It was shown that ${cannotBe(resources, versionsOf)}.`];
    const stuck = obstacles.map(({ message, times: count }) => `${message} (${count} times)`);
    const tried =
      this.#count === 0
        ? []
        : [`${this.#count} choices were tried in vain${stuck.length > 0 ? `, most of all: ${list(stuck)}` : ''}`];
    return {
      tries: this.#count,
      impossible: resources.slice(0, MOST.ids).map(({ id }) => id),
      obstacles,
      text: [...ruledOut, ...tried].join(' '),
    };
  }
}
