import {
  SlipwayError,
  type Clock,
  type Offerings,
  type Plan,
  type ResolveOfferingsQuery,
  type ResolveQuery,
} from '@slipway/contracts';
import { chosenErrors } from '@slipway/mesh';
import { candidatesAskedFor, identityRequirement, offeredWith, resolve } from '@slipway/solver';
import type { Environments } from './environment/environments.js';
import type { Repository } from './repository/repository.js';
import { specErrors } from './repository/rules.js';

/** How long a plan waits for a log that is behind. */
const WAIT_MS = 2000;

/** Makes plans: environment and repository in, plan or explanation out. Keeps nothing, records nothing. */
export class Planning {
  constructor(
    private readonly repository: Pick<Repository, 'catalogue'>,
    private readonly environments: Environments,
    private readonly guestLocations: readonly string[],
    private readonly clock: Clock,
  ) {}

  /**
   * The plan for a request, on the environment as it stands at `query.atLeast` or later. Throws `bad-input`
   * (also for choices that nobody offers), `behind`,
   * `too-large`, `gone`, and `spec-invalid` when a requirement's own spec does not fit what it is laid over.
   */
  async plan(query: ResolveQuery, deadline = Infinity): Promise<Plan> {
    const options = { atLeast: query.atLeast, deadline: Math.min(deadline, this.clock.now() + WAIT_MS) };
    const { catalogue } = this.repository;
    const plan = await this.environments.with(query.environment, options, (environment) =>
      resolve({ query, environment, catalogue, guestLocations: this.guestLocations, check: chosenErrors }),
    );
    checkSpecs(plan);
    return plan;
  }

  /**
   * What can be chosen of a definition at a place: of the version that a plan would take first. Throws `bad-input` for choices
   * that are not offered or do not fit, and `not-found` where there is no such definition.
   */
  offerings({ definition, place, offerings }: ResolveOfferingsQuery): Offerings {
    const { catalogue } = this.repository;
    const asked = { catalogue, place, ...(offerings && { offerings, check: chosenErrors }) };
    const [first] = candidatesAskedFor(identityRequirement(definition), asked);
    if (!first) throw new SlipwayError('not-found', `There is no definition ${definition}`, { definition });
    return { items: offeredWith(place, first.written) };
  }
}

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
