import type { MadeResource } from '../blueprint.js';
import { LONG, type Hands } from './hands.js';

/** B1 and B3 of leases. */
export function describeLeases(hands: Hands): void {
  const { expect, test } = globalThis as unknown as typeof import('@jest/globals');
  const { samples } = hands;
  const { use, standOn, others } = samples;
  if (!use) return;
  const begun = async (resource: MadeResource) => {
    const lease = hands.place.lease();
    await hands.prepare(lease, resource);
    return hands.holding(lease, resource);
  };

  test(
    'nothing that was handed out works after it was taken back, and nothing of it is left; another lease works',
    async () => {
      const resource = await hands.made();
      const holding = await begun(resource);
      await hands.prepare(holding.lease, resource);
      const again = await use(holding);
      await again();
      holding.over();
      await Promise.all([hands.takeBack(holding.lease, resource), hands.takeBack(holding.lease, resource)]);
      await expect(again()).rejects.toThrow();
      // Whoever asks anew under the old token.
      const late = await hands.holding(holding.lease, resource);
      await expect(use(late)).rejects.toThrow();
      await samples.takenBack?.(holding);
      await hands.takeBack(holding.lease, resource);

      const next = await begun(resource);
      await (
        await use(next)
      )();
      next.over();
      await hands.takeBack(next.lease, resource);
      await hands.destroy(resource);
    },
    LONG,
  );

  if (standOn)
    test(
      'who stands on it works with nothing but what it gives, until it was taken back',
      async () => {
        const resource = await hands.made();
        const holding = await begun(resource);
        const outputs = await holding.gives();
        expect(await holding.gives()).toEqual(outputs);
        const again = await standOn(holding, outputs);
        await again();
        holding.over();
        await hands.takeBack(holding.lease, resource);
        await expect(again()).rejects.toThrow();
        await samples.takenBack?.(holding);
        // Whoever asks anew under the old token.
        const late = await hands.holding(holding.lease, resource);
        await expect(late.gives().then((given) => standOn(late, given))).rejects.toThrow();
        await hands.destroy(resource);
      },
      LONG,
    );

  if (others)
    (others.missing === undefined ? test : test.skip)(
      `what others run and own in what it gives goes with it${others.missing === undefined ? '' : ` (skipped: ${others.missing})`}`,
      async () => {
        const resource = await hands.made();
        const holding = await begun(resource);
        await others.start(holding, await holding.gives());
        holding.over();
        await hands.takeBack(holding.lease, resource);
        await samples.takenBack!(holding);
        await hands.destroy(resource);
      },
      LONG,
    );

  test(
    'dead before any effect of prepare or of taking back, it ends well when it is called again',
    async () => {
      const resource = await hands.made();
      const counted = hands.place.lease();
      for (const point of await hands.points((before) => hands.prepare(counted, resource, before))) {
        const lease = hands.place.lease();
        await hands.dies(point, (before) => hands.prepare(lease, resource, before));
        await hands.prepare(lease, resource);
        const holding = await hands.holding(lease, resource);
        await (
          await use(holding)
        )();
        holding.over();
        await hands.takeBack(lease, resource);
      }
      for (const point of await hands.points((before) => hands.takeBack(counted, resource, before))) {
        const holding = await begun(resource);
        await use(holding);
        holding.over();
        await hands.dies(point, (before) => hands.takeBack(holding.lease, resource, before));
        await hands.takeBack(holding.lease, resource);
        await samples.takenBack?.(holding);
      }
      await hands.destroy(resource);
    },
    LONG,
  );

  test(
    'taken back while a prepare hangs before any of its effects, nothing can be used when that wakes up',
    async () => {
      const resource = await hands.made();
      const counted = hands.place.lease();
      for (const point of await hands.points((before) => hands.prepare(counted, resource, before))) {
        const lease = hands.place.lease();
        const stopped = hands.stops(point, (before) => hands.prepare(lease, resource, before));
        await stopped.there;
        await hands.takeBack(lease, resource);
        await stopped.wake();
        const holding = await hands.holding(lease, resource);
        await expect(use(holding)).rejects.toThrow();
        holding.over();
        await samples.takenBack?.(holding);
      }
      await hands.takeBack(counted, resource);
      await hands.destroy(resource);
    },
    LONG,
  );

  if (samples.entered) return;
  test(
    'a resource goes with leases that were never taken back',
    async () => {
      const resource = await hands.made();
      const holding = await begun(resource);
      await use(holding);
      holding.over();
      await hands.destroy(resource);
      await samples.takenBack?.(holding);
      await samples.gone?.(resource, hands.place);
    },
    LONG,
  );
}
