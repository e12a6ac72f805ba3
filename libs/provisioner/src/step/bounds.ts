import { SlipwayError, outOfBounds, type JsonObject, type SpecBounds } from '@slipway/contracts';

/** Throws `spec-invalid` that names the first field which a driver can't carry out, and why. */
export function assertWithin({ bounds }: { bounds?: SpecBounds }, spec: object): void {
  const [fault] = bounds ? outOfBounds(bounds, spec as JsonObject) : [];
  if (fault) throw new SlipwayError('spec-invalid', `${fault.field}: ${fault.reason}`, { ...fault });
}
