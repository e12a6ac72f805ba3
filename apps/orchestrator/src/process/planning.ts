import {
  ERRORS,
  causeOf,
  type Cause,
  type Plan,
  type RequestAccepted,
  type RequestContext,
  type ResolveQuery,
} from '@slipway/contracts';
import { placeOf } from '../place.js';
import type { Ports } from '../ports.js';
import type { Planner } from './planner.js';
import { assertProvided } from './provided.js';

/** Before the resolver is asked again, in ms; doubles up to the longest. */
const FIRST_PAUSE = 200;
const LONGEST_PAUSE = 5_000;

/** What came of a question to the resolver. */
export type Planned =
  | { kind: 'plan'; plan: Plan }
  /** It can't be planned. */
  | { kind: 'refused'; cause: Cause }
  /** Nobody could answer; it is asked again. */
  | { kind: 'later'; cause: Cause };

/** The plan of one request: asked for once at a time, and again after pauses when nobody answers. */
export class Planning {
  /** The plan that there is no longer holds. */
  stale = false;
  #asking = false;
  #failures = 0;
  #againAt = 0;

  constructor(
    private readonly ports: Pick<Ports, 'clock' | 'config' | 'announced'>,
    private readonly planner: Planner,
  ) {}

  /** When it has to be asked again (ms since the epoch). */
  get next(): number {
    return this.#asking || this.#failures === 0 ? Infinity : this.#againAt;
  }

  /** Asks, if it is time, and tells `then`. `atLeast`: position up to which the resolver has to know the log. */
  ask(accepted: RequestAccepted, context: RequestContext, atLeast: string | undefined, then: (planned: Planned) => void): void {
    if (this.#asking || this.ports.clock.now() < this.#againAt) return;
    this.#asking = true;
    const told = (planned: Planned) => {
      this.#asking = false;
      this.#failures = planned.kind === 'later' ? this.#failures + 1 : 0;
      const pause = Math.min(FIRST_PAUSE * 2 ** (this.#failures - 1), LONGEST_PAUSE);
      this.#againAt = planned.kind === 'later' ? this.ports.clock.now() + pause : 0;
      then(planned);
    };
    void this.#ask(accepted, context, atLeast).then(told);
  }

  async #ask(
    { job, environment, name, body, provisioner }: RequestAccepted,
    context: RequestContext,
    atLeast: string | undefined,
  ): Promise<Planned> {
    try {
      const definition = body['definition'] ?? this.ports.config.defaultDefinition;
      const query: ResolveQuery = {
        job,
        environment,
        instanceId: name,
        ...(job === 'provision' && definition !== undefined && { definition: String(definition) }),
        place: placeOf(this.ports.config, body, provisioner),
        ...(atLeast !== undefined && { atLeast }),
      };
      const plan = await this.planner.plan(query, context);
      assertProvided(plan, this.ports);
      return { kind: 'plan', plan };
    } catch (error) {
      const cause = causeOf(error);
      return { kind: ERRORS[cause.code].advice === 'refuse' ? 'refused' : 'later', cause };
    }
  }
}
