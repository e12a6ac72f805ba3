import { describe, expect, test } from '@jest/globals';
import { hashOf, type Json, type Plan, type PlanStep } from '@slipway/contracts';
import { hashAsShown } from './exactly.js';

describe('the hash under which a plan was shown', () => {
  const part = { sha256: 'a', bytes: 1, mediaType: 'text/plain', contentBytes: 1 };
  /** As the resolver makes it: the definitions that were in force stand beside its hash, not in it. */
  const planWith = (from: PlanStep['from'], repository: string): Plan => {
    const plan = { environment: 'default', outcome: 'install', steps: [{ id: 'storage/a', from }] } as unknown as Plan;
    return { ...plan, hash: hashOf(plan as unknown as Json), repository };
  };

  test('is the same once it is known who has the data, and whatever else was in force by then', () => {
    const shown = planWith(part, 'before');
    expect(hashAsShown(shown)).toBe(shown.hash);
    const now = planWith({ ...part, holder: 'somebody' }, 'after');
    expect([now.hash === shown.hash, hashAsShown(now)]).toEqual([false, shown.hash]);
  });
});
