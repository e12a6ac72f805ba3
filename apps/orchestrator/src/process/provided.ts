import { SlipwayError, type DriverVerb, type JobKind, type Plan } from '@slipway/contracts';
import type { Ports } from '../ports.js';

/** The verb that a job needs of each driver of its plan. */
const NEEDED: Readonly<Record<JobKind, DriverVerb>> = { provision: 'provision', deprovision: 'provision' };

/**
 * Throws `driver-unknown` or `not-provided`, before anything changes, where a step's driver is not at its location, or cannot
 * do what the job needs. Where nobody was heard of nothing is known: the step waits for its server.
 */
export function assertProvided(plan: Plan, job: JobKind, { announced }: Pick<Ports, 'announced'>): void {
  const verb = NEEDED[job];
  for (const { id, kind, location, driver } of plan.steps) {
    const there = announced(kind, location);
    if (!there) continue;
    const details = { resource: id, kind, location, driver };
    const known = there.find(({ name }) => name === driver);
    if (!known) {
      const names = there.map(({ name }) => name);
      throw new SlipwayError(
        'driver-unknown',
        `${id} is to be made by the ${kind} driver ${driver}, which is not at ${location}; there are: ${names.join(', ') || 'none'}`,
        { ...details, drivers: names },
      );
    }
    if (!known.verbs.includes(verb))
      throw new SlipwayError(
        'not-provided',
        `A job ${job} needs ${verb}; ${driver}, which makes ${id} at ${location}, can ${known.verbs.join(', ')}`,
        { ...details, verb },
      );
  }
}
