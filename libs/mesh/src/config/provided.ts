import { RESOURCE_KINDS, type ResourceKind } from '@slipway/contracts';
import type { GuestLocationConfig, MeshConfig, ProvisionerConfig } from './config.js';

/** Who provisions at a guest location where a job names nobody. */
export const provisionerAt = ({ provisioners }: MeshConfig, place: GuestLocationConfig): string =>
  place.provisioner ?? provisioners.default;

/**
 * The drivers by which a provisioner makes things at a guest location, by kind: its own, or, where it provides by the kind's
 * service, those of the guest location. A kind that it does not provide, or that is not provided there, is left out.
 */
export function driversAt(
  { provides }: ProvisionerConfig,
  { drivers }: GuestLocationConfig,
): Partial<Record<ResourceKind, string[]>> {
  const by = (kind: ResourceKind): string[] => {
    const driver = provides[kind] === kind ? drivers[kind] : provides[kind];
    return driver === undefined ? [] : [driver].flat();
  };
  return Object.fromEntries(RESOURCE_KINDS.map((kind) => [kind, by(kind)] as const).filter(([, there]) => there.length > 0));
}
