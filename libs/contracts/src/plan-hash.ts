import { hashOf } from './json.js';
import type { Plan } from './plan.js';

/** The hash that a plan has, of all that it does and rests on; not of the repository as a whole, of which it pins what it uses, nor of who is away. */
export const hashOfPlan = (plan: Omit<Plan, 'hash'>): string =>
  hashOf({ ...plan, hash: undefined, repository: undefined, elsewhere: undefined });
