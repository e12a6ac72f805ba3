import { SlipwayError, outOfBounds, type AnnouncedDriver, type FieldError, type Plan, type PlanStep } from '@slipway/contracts';
import type { Ports } from '../ports.js';
import { unfilled } from './placeholders.js';

/**
 * Throws `driver-unknown`, `not-portable`, `not-updatable` or `spec-invalid`, before anything changes, where a step's driver is not at its
 * location, cannot do what the step needs, or cannot carry out its spec. Where nobody was heard of nothing is known: the step waits for its
 * server.
 */
export function assertProvided(plan: Plan, { announced }: Pick<Ports, 'announced'>): void {
  const driverThere = (step: PlanStep): AnnouncedDriver | undefined => {
    const there = announced(step.kind, step.location);
    return there && driverOf(step, there);
  };
  // What is only brought up again is not made anew.
  const makes = plan.outcome !== 'export';
  for (const step of plan.steps) {
    const driver = driverThere(step);
    if (!driver) continue;
    assertCan(step, driver);
    if (!makes || !MAKING.includes(step.action)) continue;
    const outside = driver.bounds ? outOfBounds(driver.bounds, step.spec) : [];
    assertCarriesOut(step, [...outside, ...unfilled(step, plan, driver, driverThere)]);
  }
}

const MAKING: readonly PlanStep['action'][] = ['ensure', 'update'];

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

function assertCarriesOut({ id, kind, location, driver }: PlanStep, fields: readonly FieldError[]): void {
  if (fields.length === 0) return;
  const faults = fields.map(({ field, reason }) => `${field}: ${reason}`).join('; ');
  throw new SlipwayError('spec-invalid', `${id}: ${faults}`, {
    ...{ resource: id, kind, location, driver },
    fields: fields.map((fault) => ({ ...fault })),
  });
}
