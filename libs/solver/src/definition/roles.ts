import type { Wire } from '@slipway/contracts';
import { inOrder } from '../in-order.js';

/**
 * What each resource is to an instance: the names of the requirements that lead to it from `root`, which itself is `''`. Of
 * several ways the shortest counts, of those the first by name. Two instances of one definition have the same roles,
 * whatever their resources are called.
 */
export function rolesFrom(root: string, wiresFrom: (key: string) => readonly Wire[]): Map<string, string> {
  const roles = new Map([[root, '']]);
  // A Map's iteration visits what is added on the way: nearer ones first.
  for (const [key, role] of roles)
    for (const { requirement, to } of wiresFrom(key).toSorted((a, b) => inOrder(a.requirement, b.requirement)))
      if (!roles.has(to)) roles.set(to, role === '' ? requirement : `${role}/${requirement}`);
  return roles;
}
