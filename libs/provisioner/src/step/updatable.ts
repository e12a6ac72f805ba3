import { SlipwayError, changedFields, howChanged, type JsonObject } from '@slipway/contracts';
import type { Driver, Updatable } from '../driver.js';

/** Throws `not-updatable` where a driver cannot change what is there. */
export function updatableOf({ kind, name, updatable }: Driver): Updatable {
  if (updatable) return updatable;
  throw new SlipwayError('not-updatable', `The ${kind} driver ${name} cannot change what is there`, { kind, driver: name });
}

/** Throws `not-updatable` that names the fields which differ and the driver cannot change. `before`: as it is now. */
export function assertUpdatable(driver: Driver, before: JsonObject, after: JsonObject): void {
  const can = updatableOf(driver);
  const fields = changedFields(before, after).filter((field) => howChanged(can, field) === undefined);
  if (fields.length === 0) return;
  const { kind, name } = driver;
  throw new SlipwayError('not-updatable', `The ${kind} driver ${name} cannot change ${fields.join(', ')} of what is there`, {
    kind,
    driver: name,
    fields,
  });
}
