import type { Plan, Unsatisfied } from './plan.js';

/** Reasons that something which another repository has might have mended. */
const MIGHT_BE_THERE: ReadonlySet<Unsatisfied['reason']> = new Set(['no-definition', 'no-version', 'no-capability']);

/** Whether something that another repository has might mend it. */
export const mightBeElsewhere = ({ reason }: Unsatisfied): boolean => MIGHT_BE_THERE.has(reason);

/** What a plan lacks, in words for a person: the first that might be elsewhere says where. */
export function lackingIn({ unsatisfied, elsewhere }: Pick<Plan, 'unsatisfied' | 'elsewhere'>): Unsatisfied[] {
  const at = elsewhere === undefined ? -1 : unsatisfied.findIndex(mightBeElsewhere);
  return unsatisfied.map((one, index) =>
    index === at ? { ...one, message: `${one.message} It may be elsewhere: ${elsewhere}.` } : one,
  );
}
