import type { Driver } from '../driver.js';
import { describeConduct } from './conduct-contract.js';
import { LONG, contractHands } from './contract-hands.js';
import { describeDeaths } from './death-contract.js';
import { describeDrift } from './drift-contract.js';
import { describeLifecycle } from './lifecycle-contract.js';
import { describePortable } from './portable-contract.js';
import { describeRunning } from './running-contract.js';
import type { DriverSamples } from './samples.js';
import { describeSimulatedDeaths } from './simulated-death-contract.js';
import { describeUpdates } from './update-contract.js';

/**
 * The contract of {@link Driver}, D1 to D6, at a real place: every driver runs it. Child processes are killed and stopped right
 * before effects; of many points a seeded choice is tried (`SLIPWAY_SEED` repeats it, `SLIPWAY_POINTS=all` tries every one). At every
 * point a death is simulated.
 */
export function driverContract(name: string, makeDriver: () => Driver<never>, samples: DriverSamples): void {
  // Jest's own, taken when the suite is described: so this module also loads where there is no Jest.
  const { afterAll, afterEach, beforeEach, describe, test } = globalThis as unknown as typeof import('@jest/globals');

  if (samples.missing !== undefined) {
    test.skip(`driver contract: ${name} (skipped: ${samples.missing})`, () => {});
    return;
  }

  describe(`driver contract: ${name}`, () => {
    const hands = contractHands(name, makeDriver as unknown as () => Driver, samples);
    beforeEach(hands.begin, LONG);
    afterEach(hands.end, LONG);
    afterAll(hands.endAll, LONG);

    describeLifecycle(hands);
    describeSimulatedDeaths(hands);
    describeConduct(hands);
    if (samples.short) return;
    describeDeaths(hands);
    describePortable(hands);
    describeRunning(hands);
    describeUpdates(hands);
    describeDrift(hands);
  });
}
