import type { Place, ResourceDefinition } from '@slipway/contracts';

/** The driver that makes a definition at a place: the one it names, else the first of its type; none when that is not there. */
export function driverAt(place: Place, { type, driver }: ResourceDefinition): string | undefined {
  const there = (type && Object.hasOwn(place.drivers, type) && place.drivers[type]) || [];
  return driver === undefined ? there[0] : there.find((one) => one === driver);
}

/**
 * How far a definition's driver stands from the first one that the place has for its type, which is its default; one that brings
 * other definitions together is as near as any.
 */
export function distanceAt(place: Place, definition: ResourceDefinition): number {
  const { type } = definition;
  if (type === undefined) return 0;
  const driver = driverAt(place, definition);
  return driver === undefined ? Infinity : place.drivers[type]!.indexOf(driver);
}
