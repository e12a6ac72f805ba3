import { VERBS, type Plan, type RequestContext, type ResolveQuery } from '@slipway/contracts';
import type { Ports } from '../ports.js';

/** Plans that are asked for at the same time. */
const AT_ONCE = 64;
/** How long one may take, in ms: the resolver gives up by itself after 10 s, and says so. */
const WITHIN = 12_000;

/** Asks the resolver, so many questions at a time. */
export class Planner {
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;

  constructor(private readonly ports: Pick<Ports, 'bus'>) {}

  /** Throws what the resolver and the bus throw. */
  async plan(query: ResolveQuery, context: RequestContext): Promise<Plan> {
    if (this.#underWay >= AT_ONCE) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    else this.#underWay += 1;
    try {
      return await this.ports.bus.request<Plan>('resolver', VERBS.plan, query, { context, timeoutMs: WITHIN });
    } finally {
      // The place is handed on, so that nobody slips in between.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#underWay -= 1;
    }
  }
}
