import type { GrantedLease, MadeResource } from './blueprint.js';
import type { Lease } from '../lease/lease.js';
import type { Resource } from '../resource/resource.js';

/** A lease that has a resource, as a blueprint is told of it. */
export const grantedLease = ({ id, owner, amount, slots, attributes, granted }: Lease): GrantedLease => ({
  ...{ id, owner, amount, slots, attributes },
  token: granted!.token,
});

/** A resource without what it holds itself, as a blueprint is told of it. */
export const madeResource = (environment: string, resource: Resource): Omit<MadeResource, 'needs'> => {
  const { id, name, location, manual, attributes, outputs = {} } = resource;
  return { environment, id, name, location, manual, attributes, outputs };
};
