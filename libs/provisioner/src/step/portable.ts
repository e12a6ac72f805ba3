import { SlipwayError, type Part, type StepAction } from '@slipway/contracts';
import type { Driver, Portable } from '../driver.js';

/** Throws `not-portable` where a driver's data cannot be read out. */
export function portableOf({ kind, name, portable }: Driver): Portable {
  if (portable) return portable;
  throw new SlipwayError('not-portable', `The ${kind} driver ${name} can neither export nor import`, { kind, driver: name });
}

/** Throws `not-portable` when a step needs of a driver what it lacks. */
export function assertPortable(driver: Driver, action: StepAction, from: Part | undefined): void {
  if (action === 'export') portableOf(driver);
  if (action !== 'ensure' || !from) return;
  const { accepts } = portableOf(driver);
  if (accepts.includes(from.mediaType)) return;
  const { kind, name } = driver;
  throw new SlipwayError(
    'not-portable',
    `The ${kind} driver ${name} cannot begin with ${from.mediaType}; it takes ${accepts.join(', ')}`,
    { kind, driver: name, mediaType: from.mediaType, accepts: [...accepts] },
  );
}
