import { SlipwayError, outOfBounds, type JsonObject, type SpecBounds } from '@slipway/contracts';
import type { Driver } from '../driver.js';
import { LEASE } from '../leased/lease-driver.js';

type Bounded = Pick<Driver, 'name' | 'anywhere' | 'bounds'>;

const LEASED = { field: 'lease', reason: `is for the driver ${LEASE}` };

/** What a driver can carry out, by itself and by where it can work. */
export function boundsOf({ name, anywhere, bounds = { needs: [], lacks: [] } }: Bounded): SpecBounds {
  if (name === LEASE) return bounds;
  const on = { field: 'on', reason: `is not for the driver ${name}, which works at the machine of its service only` };
  return { needs: bounds.needs, lacks: [...bounds.lacks, LEASED, ...(anywhere ? [] : [on])] };
}

/** Throws `spec-invalid` that names the first field which lies outside of bounds, and why. */
export function assertWithin({ bounds }: { bounds?: SpecBounds }, spec: object): void {
  const [fault] = bounds ? outOfBounds(bounds, spec as JsonObject) : [];
  if (fault) throw new SlipwayError('spec-invalid', `${fault.field}: ${fault.reason}`, { ...fault });
}
