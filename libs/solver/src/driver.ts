import type { Place, ResourceDefinition } from '@slipway/contracts';

/** The driver that makes a definition at a place: the one it names, else the first of its type; none when that is not there. */
export function driverAt(place: Place, { type, driver }: ResourceDefinition): string | undefined {
  const there = (type && Object.hasOwn(place.drivers, type) && place.drivers[type]) || [];
  return driver === undefined ? there[0] : there.find((one) => one === driver);
}
