import { compare, repairOf, type Found } from '../drift/compare.js';
import type { Ensured, Target } from '../driver.js';
import { LONG, type Hands } from './contract-hands.js';

/** The part of the contract that makes drift a comparison. */
export function describeDrift(hands: Hands): void {
  const { expect, test } = globalThis as unknown as typeof import('@jest/globals');
  const { driver, target, later, ensure, inspect, expectWorks, samples } = hands;

  const differencesOf = (ensured: Pick<Ensured, 'observed' | 'outputs'>, found: Found) =>
    compare({ ...ensured, runs: true }, found);

  test(
    'nothing differs from what was recorded after it was made, however often it is looked at',
    async () => {
      const meant = target();
      const ensured = await ensure(meant);
      const looks: Found[] = [await inspect(meant), await inspect(later(meant))];
      const outputs = await driver.gives?.(meant, await hands.context());
      if (outputs) looks.push({ ...looks[0]!, outputs });
      for (const found of looks) expect(differencesOf(ensured, found)).toEqual({ differences: [] });
    },
    LONG,
  );

  test('what a person may do to it by hand is shown by samples', () => expect(samples.byHand).not.toEqual([]));

  test.each(samples.byHand.map((one) => [one.what, one] as const))(
    'by hand: %s. It is named, and brought back where it can be',
    async (_what, { change, drift, fields, repair }) => {
      const meant = target();
      const ensured = await ensure(meant);
      await change(ensured, hands.place(), meant);
      const found = await inspect(meant);
      const compared = differencesOf(ensured, found);
      const named = { drift: compared.drift, fields: compared.differences.map(({ field }) => field) };
      expect({ ...named, repair: repairOf(driver, compared, found) }).toEqual({ drift, fields, repair });
      if (repair === undefined) return;
      const again = later(meant);
      const back = repair === 'ensure' ? await ensure(again) : await update(again);
      expect(differencesOf(ensured, await inspect(again))).toEqual({ differences: [] });
      await expectWorks(again, { effect: 'found', ...back });
    },
    LONG,
  );

  const update = async (meant: Target) => driver.updatable!.update(meant, hands.spec(), hands.inputs(), await hands.context());
}
