import {
  SlipwayError,
  canonicalJson,
  comparePlans,
  hashOfPlan,
  summaryOf,
  type Cause,
  type Json,
  type JsonObject,
  type Plan,
} from '@slipway/contracts';

/** Bytes of a difference that an event tells whole; of a larger one only how much it is. */
const TOLD = 16 * 1024;
/** Bytes of a plan that an answer tells whole; a larger one is asked for. */
const ANSWERED = 256 * 1024;

/**
 * The hash under which a plan was shown. Who has the data that an import begins with is known only when it is carried out: a plan
 * that is shown does not say it.
 */
export function hashAsShown(plan: Plan): string {
  if (plan.steps.every(({ from }) => from?.holder === undefined)) return plan.hash;
  return hashOfPlan(asShown(plan));
}

/** A plan without what was not known when it was shown. */
function asShown(plan: Plan): Plan {
  const steps = plan.steps.map((step) => {
    if (!step.from) return step;
    const { holder: _, ...from } = step.from;
    return { ...step, from };
  });
  return { ...plan, steps };
}

/** Whether it says who has all that it begins with: only then it can be carried out. */
export const isReady = ({ steps }: Plan): boolean => steps.every(({ from }) => !from || from.holder !== undefined);

/**
 * Why it is not carried out: `plan-changed`, recorded with the request. `shown`: what it was to be, where that is known still.
 */
export function changedSince(exactly: string, now: Plan, shown: Plan | undefined): Cause {
  const differences = shown ? comparePlans(asShown(shown), asShown(now)) : [];
  const isShort = Buffer.byteLength(canonicalJson(differences)) <= TOLD;
  const summary = summaryOf(differences);
  return new SlipwayError('plan-changed', summary === '' ? PLAIN : `${PLAIN}: ${summary}`, {
    planHash: exactly,
    now: hashAsShown(now),
    ...(differences.length > 0 && isShort && { differences: differences as unknown as Json[] }),
  }).toCause();
}

const PLAIN = 'What would be done now is not what was planned';

/** The same for who asks just now: with the plan as it would be, so that he can hold it against his. */
export function changedNow(exactly: string, now: Plan): SlipwayError {
  const isShort = Buffer.byteLength(canonicalJson(now)) <= ANSWERED;
  return new SlipwayError('plan-changed', PLAIN, {
    planHash: exactly,
    now: now.hash,
    ...(isShort && { plan: now as unknown as JsonObject }),
  });
}
