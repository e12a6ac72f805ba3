import { openBlobs } from '@slipway/blobs';
import type { Json } from '@slipway/contracts';
import type { Projection, Whole } from '@slipway/event-store/read-models';
import { wholeSettlement } from './whole-settlement.js';
import { environments, names } from './environments.js';
import { plans, requests } from './requests.js';
import { installedRequirements, installedResources, installedWires } from './installed.js';
import { installedCapabilities } from './offered.js';
import { snapshots } from './snapshots.js';
import { leasedResources } from './leased-resources.js';
import { leases } from './leases.js';
import { quotas } from './quotas.js';
import { databases, instances, storages } from './resources.js';

/** All that is projected into the gateway's file: the worker imports this module. A new view is one line here. */
export const projections: readonly Projection[] = [
  requests,
  plans,
  instances,
  storages,
  databases,
  environments,
  names,
  snapshots,
  installedResources,
  installedCapabilities,
  installedRequirements,
  installedWires,
  leases,
  leasedResources,
  quotas,
];

/** What was too large for the log stands in the blobs of that folder. */
export async function wholeFrom(folder: Json): Promise<Whole> {
  const blobs = await openBlobs({ folder: folder as string });
  return (event) => wholeSettlement(event, blobs);
}
