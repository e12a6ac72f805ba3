import { RESOURCE_KINDS, type ResourceKind } from '@slipway/contracts';
import type { GuestLocationConfig, MeshConfig, ProvisionerConfig } from './config.js';

/** Who provisions at a guest location where a job names nobody. */
export const provisionerAt = ({ provisioners }: MeshConfig, place: GuestLocationConfig): string =>
  place.provisioner ?? provisioners.default;

/**
 * The drivers by which a provisioner makes things at a guest location, by kind: its own, or, where it provides by the kind's
 * service, those of the guest location. A kind that it does not provide is left out.
 */
export function driversAt(
  { provides }: ProvisionerConfig,
  { drivers }: GuestLocationConfig,
): Partial<Record<ResourceKind, string[]>> {
  const known = RESOURCE_KINDS.filter((kind) => provides[kind] !== undefined);
  return Object.fromEntries(known.map((kind) => [kind, provides[kind] === kind ? [drivers[kind]].flat() : [provides[kind]!]]));
}
