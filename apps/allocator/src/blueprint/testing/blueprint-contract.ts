import type { Blueprint } from '../blueprint.js';
import { BLUEPRINT_VERBS } from '../declaration.js';
import { Hands, LONG } from './hands.js';
import { describeLeases } from './leases-contract.js';
import { describeResources } from './resources-contract.js';
import type { BlueprintSamples } from './samples.js';

/**
 * The contract of {@link Blueprint}, B1 to B4, against the real thing: every blueprint runs it. Its verbs are stopped right before their
 * effects (what it does by `command` and `filesystem`, its own and those of what it stands on, and what it announces by `changing`), as by a
 * death or by a hang; of many points a seeded choice is tried (`SLIPWAY_SEED` repeats it, `SLIPWAY_POINTS=all` tries every one).
 */
export function blueprintContract(name: string, make: () => Blueprint, samples: BlueprintSamples): void {
  // Jest's own, taken when the suite is described: so this module also loads where there is no Jest.
  const { afterAll, beforeAll, describe, expect, test } = globalThis as unknown as typeof import('@jest/globals');

  if (samples.missing !== undefined) {
    test.skip(`blueprint contract: ${name} (skipped: ${samples.missing})`, () => {});
    return;
  }

  describe(`blueprint contract: ${name}`, () => {
    const hands = new Hands(name, make, samples);
    beforeAll(hands.begin, LONG);
    afterAll(hands.end, LONG);

    test(
      'it does what it says that it can, and gives the interfaces that it names; of another it lists them',
      async () => {
        const { blueprint } = hands;
        for (const verb of BLUEPRINT_VERBS)
          expect(typeof blueprint[verb]).toBe(blueprint.can.includes(verb) ? 'function' : 'undefined');
        expect(typeof samples.standOn).toBe(typeof blueprint.gives);
        expect(blueprint.can.includes('allocate')).toBe(!samples.entered);
        const resource = await hands.made();
        const lease = hands.place.lease();
        await hands.prepare(lease, resource);
        const holding = await hands.holding(lease, resource);
        for (const one of blueprint.interfaces) expect(typeof (await holding.interface(one))).toBe('object');
        const listed = blueprint.interfaces.length > 0 ? blueprint.interfaces.toSorted().join(', ') : 'none';
        await expect(holding.interface('no-such')).rejects.toMatchObject({
          code: 'not-found',
          message: expect.stringMatching(new RegExp(`no-such.*${listed}`)),
        });
        await hands.takeBack(lease, resource);
        await hands.destroy(resource);
      },
      LONG,
    );

    describeResources(hands);
    describeLeases(hands);
  });
}
