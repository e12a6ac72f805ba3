import {
  SERVICE,
  SlipwayError,
  type Clock,
  type Offerings,
  type Plan,
  type ResolveOfferingsQuery,
  type ResolveQuery,
} from '@slipway/contracts';
import { chosenErrors } from '@slipway/mesh';
import { candidatesAskedFor, identityRequirement, offeredWith, resolve, type Catalogue } from '@slipway/solver';
import { withUnheard } from './delegates/unheard.js';
import type { Environments } from './environment/environments.js';
import type { InstanceStandings } from './environment/instance-standings.js';
import { specErrors } from './repository/rules.js';

/** How long a plan waits for a log that is behind. */
const WAIT_MS = 2000;

/** Makes plans: environment and repository in, plan or explanation out. Keeps nothing, records nothing. */
export class Planning {
  constructor(
    private readonly repository: { current(): Promise<{ catalogue: Catalogue }> },
    private readonly environments: Environments,
    private readonly standings: Pick<InstanceStandings, 'of'>,
    private readonly guestLocations: readonly string[],
    private readonly clock: Clock,
    /** Other repositories that are away, a sentence each. */
    private readonly others: { readonly away: readonly string[] } = { away: [] },
    /** Longest that a plan may take. It keeps its thread, in one process that of all services. */
    private readonly planMs = 2000,
  ) {}

  /**
   * The plan for a request, on the environment as it stands at `query.atLeast` or later. Throws `bad-input`
   * (also for choices that nobody offers), `behind`,
   * `too-large`, `undecided`, `gone`, `timed-out` when `deadline` (milliseconds since the epoch) is over, and `spec-invalid` when a requirement's own spec does not fit what it is laid over.
   */
  async plan(query: ResolveQuery, deadline = Infinity): Promise<Plan> {
    await this.environments.reached(query.atLeast, Math.min(deadline, this.clock.now() + WAIT_MS));
    const { catalogue } = await this.repository.current();
    // What no requirement asks for is not looked at.
    const standings = mayNeedServices(query, catalogue) ? await this.standings.of(query.environment) : undefined;
    const plan = await this.environments.with(query.environment, (environment) => {
      const limits = this.#limitsUntil(deadline);
      return resolve({
        query,
        environment,
        catalogue,
        guestLocations: this.guestLocations,
        check: chosenErrors,
        ...(standings && { standings }),
        now: () => this.clock.now(),
        limits,
      });
    });
    checkSpecs(plan);
    return { ...withUnheard(plan, this.others.away), repository: catalogue.hash };
  }

  /** Nobody awaits a plan beyond its deadline, and while it is made, nothing else is done here. */
  #limitsUntil(deadline: number): { milliseconds: number } {
    const left = deadline - this.clock.now();
    if (left <= 0) throw new SlipwayError('timed-out', 'The deadline had passed before the plan was begun: nothing was done');
    return { milliseconds: Math.min(this.planMs, left) };
  }

  /**
   * What can be chosen of a definition at a place: of the version that a plan would take first. Throws `bad-input` for choices
   * that are not offered or do not fit, and `not-found` where there is no such definition.
   */
  async offerings({ definition, place, offerings }: ResolveOfferingsQuery): Promise<Offerings> {
    const { catalogue } = await this.repository.current();
    const asked = { catalogue, place, ...(offerings && { offerings, check: chosenErrors }) };
    const [first] = candidatesAskedFor(identityRequirement(definition), asked);
    if (!first) throw new SlipwayError('not-found', `There is no definition ${definition}`, { definition });
    return { items: offeredWith(place, first.written) };
  }
}

/** Whether the services of instances make a difference; what an update's job once asked for is not known here. */
const mayNeedServices = ({ job, requirements = [] }: ResolveQuery, catalogue: Catalogue): boolean =>
  job === 'update' || catalogue.requiresServices || requirements.some(({ namespace }) => namespace === SERVICE);

/** A spec that fits alone and one laid over it that fits alone may not fit together. */
function checkSpecs(plan: Plan): void {
  for (const { id, action, kind, definition, spec } of plan.steps) {
    const errors = action === 'ensure' ? specErrors(kind, spec) : [];
    if (errors.length === 0) continue;
    const faults = errors.map(({ field, reason }) => `spec.${field} ${reason}`).join('; ');
    throw new SlipwayError('spec-invalid', `${id} (${definition.name}@${definition.version}): ${faults}`, {
      resource: id,
      fields: errors.map((error) => ({ ...error })),
    });
  }
}
