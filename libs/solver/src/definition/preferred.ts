import { askedBy } from './matches.js';
import { identityRequirement } from '../requirement.js';
import { satisfies, type Resource } from '../resolution/resource.js';

/** Which of what is preferred something is, from 0 on: of `name` or `name@range`, the first that it is; `Infinity` where it is none. */
export function rankIn(prefer: readonly string[]): (resource: Pick<Resource, 'capabilities'>) => number {
  const preferred = prefer.flatMap((reference) => askedBy(identityRequirement(reference)) ?? []);
  return ({ capabilities }) => {
    const at = preferred.findIndex((one) => satisfies(capabilities[0]!, one));
    return at < 0 ? Infinity : at;
  };
}
