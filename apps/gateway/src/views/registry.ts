import type { Projection } from '@slipway/event-store/read-models';
import { environments, names } from './environments.js';
import { plans, requests } from './requests.js';
import { snapshots } from './snapshots.js';
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
];
