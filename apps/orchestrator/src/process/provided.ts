import { SlipwayError, type AnnouncedDriver, type Plan, type PlanStep } from '@slipway/contracts';
import type { Ports } from '../ports.js';

/**
 * Throws `driver-unknown`, `not-portable` or `not-updatable`, before anything changes, where a step's driver is not at its location, or cannot
 * do what the step needs. Where nobody was heard of nothing is known: the step waits for its server.
 */
export function assertProvided(plan: Plan, { announced }: Pick<Ports, 'announced'>): void {
  for (const step of plan.steps) {
    const there = announced(step.kind, step.location);
    if (there) assertCan(step, driverOf(step, there));
  }
}

function driverOf({ id, kind, location, driver }: PlanStep, there: readonly AnnouncedDriver[]): AnnouncedDriver {
  const known = there.find(({ name }) => name === driver);
  if (known) return known;
  const drivers = there.map(({ name }) => name);
  throw new SlipwayError(
    'driver-unknown',
    `${id} is a matter of the ${kind} driver ${driver}, which is not at ${location}; there are: ${drivers.join(', ') || 'none'}`,
    { resource: id, kind, location, driver, drivers },
  );
}

/** The verbs are interfaces: what a driver lacks it is not asked for. */
function assertCan({ id, kind, location, driver, action, from }: PlanStep, { verbs, accepts = [] }: AnnouncedDriver): void {
  if (action === 'update' && !verbs.includes('updatable'))
    throw new SlipwayError('not-updatable', `${id}: the ${kind} driver ${driver} at ${location} cannot change what is there`, {
      resource: id,
      kind,
      location,
      driver,
    });
  const refuse = (what: string) =>
    new SlipwayError('not-portable', `${id}: the ${kind} driver ${driver} at ${location} ${what}`, {
      resource: id,
      kind,
      location,
      driver,
    });
  if ((action === 'export' || from) && !verbs.includes('portable')) throw refuse('can neither export nor import');
  if (from && !accepts.includes(from.mediaType))
    throw refuse(`cannot begin with ${from.mediaType}; it can with ${accepts.join(', ') || 'nothing'}`);
}
