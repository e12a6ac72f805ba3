import { SlipwayError, type ResourceRef } from '@slipway/contracts';
import type { Driver } from '../driver.js';
import type { Ports } from '../ports.js';

/** The driver of that name at a place of ours. Throws `bad-input`, `wrong-location` (P5), `driver-unknown`. */
export function driverAt(
  { kind, locations, drivers }: Pick<Ports, 'kind' | 'locations' | 'drivers'>,
  ref: ResourceRef,
  location: string,
  name: string,
): Driver {
  if (ref.kind !== kind) throw new SlipwayError('bad-input', `resource.kind: this is the sub-provisioner of ${kind}`);
  assertServed(locations, location);
  const driver = drivers.get(name);
  if (driver) return driver;
  const known = [...drivers.keys()];
  throw new SlipwayError('driver-unknown', `There is no ${kind} driver ${name} here; there are: ${known.join(', ')}`, {
    known,
  });
}

/** Throws `wrong-location` (P5). */
export function assertServed(locations: ReadonlySet<string>, location: string): void {
  if (locations.has(location)) return;
  throw new SlipwayError('wrong-location', `${location} is not served here; served: ${[...locations].join(', ')}`, { location });
}
