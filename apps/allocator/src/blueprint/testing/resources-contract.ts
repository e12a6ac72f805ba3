import { LONG, type Hands } from './hands.js';

/** B1, B2 and B4 of resources. */
export function describeResources(hands: Hands): void {
  const { expect, test } = globalThis as unknown as typeof import('@jest/globals');
  const { samples } = hands;
  if (samples.entered) describeEntered(hands);
  else describeMade(hands);

  const { foreign, change, breaks = [] } = samples;
  if (foreign)
    test(
      'what carries no mark of ours is not touched',
      async () => {
        const wanted = hands.resource();
        await foreign.put(wanted, hands.place);
        await expect(hands.allocate(wanted)).rejects.toMatchObject({ code: 'foreign' });
        await hands.destroy(wanted).catch((error: { code?: string }) => expect(error.code).toBe('foreign'));
        await foreign.stands(wanted, hands.place);
      },
      LONG,
    );

  if (breaks.length > 0)
    test.each(breaks)(
      'the regular check tells: $what',
      async ({ by, reason }) => {
        const made = await hands.made();
        await by(made, hands.place);
        expect(await hands.manage(made)).toEqual({ state: 'broken', reason: expect.stringMatching(reason) });
        await hands.destroy(made);
      },
      LONG,
    );

  if (change)
    test(
      'it is brought to other attributes, also when that is stopped and called again',
      async () => {
        const counted = await hands.made();
        for (const point of await hands.points((before) => hands.update(counted, change.attributes, before))) {
          const made = await hands.made();
          change.meanwhile?.();
          await hands.dies(point, (before) => hands.update(made, change.attributes, before));
          await hands.update(made, change.attributes);
          await change.works({ ...made, attributes: change.attributes }, hands.place);
          await hands.destroy(made);
        }
        await hands.destroy(counted);
      },
      LONG,
    );
}

/** B1 of what is there. */
function describeEntered(hands: Hands): void {
  const { expect, test } = globalThis as unknown as typeof import('@jest/globals');
  const { samples } = hands;
  test(
    'what is entered by hand is used as it is, and never made or destroyed',
    async () => {
      const { blueprint } = hands;
      expect(blueprint.can).not.toEqual(expect.arrayContaining([expect.stringMatching(/allocate|destroy/)]));
      const resource = await hands.made();
      // What was checked once is not written in another way the next time.
      if (blueprint.accept) expect(blueprint.accept(resource)).toEqual(resource.attributes);
      if (blueprint.manage) expect(await hands.manage(resource)).toEqual({ state: 'well' });
      await samples.works?.(resource, hands.place);
    },
    LONG,
  );
}

/** B1 and B2 of what it makes. */
function describeMade(hands: Hands): void {
  const { expect, test } = globalThis as unknown as typeof import('@jest/globals');
  const { samples } = hands;
  const works = async (resource: Parameters<NonNullable<typeof samples.works>>[0]) => samples.works?.(resource, hands.place);
  const gone = async (resource: Parameters<NonNullable<typeof samples.gone>>[0]) => samples.gone?.(resource, hands.place);

  test(
    'it is made; what is there is found, also by two at once',
    async () => {
      const wanted = hands.resource();
      const [one, other] = await Promise.all([hands.allocate(wanted), hands.allocate(wanted)]);
      expect(one.outputs).toEqual(other.outputs);
      expect((await hands.allocate(wanted)).outputs).toEqual(one.outputs);
      await works(one);
      if (hands.blueprint.manage) expect(await hands.manage(one)).toEqual({ state: 'well' });
      await Promise.all([hands.destroy(one), hands.destroy(one)]);
      await hands.destroy(one);
      await gone(one);
    },
    LONG,
  );

  test(
    'dead before any effect of allocate, it ends well when it is called again, or nothing of it is left',
    async () => {
      const counted = hands.resource();
      for (const point of await hands.points((before) => hands.allocate(counted, before))) {
        const again = hands.resource();
        await hands.dies(point, (before) => hands.allocate(again, before));
        const made = await hands.allocate(again);
        await works(made);
        await hands.destroy(made);
        await gone(made);
        const given = hands.resource();
        await hands.dies(point, (before) => hands.allocate(given, before));
        await hands.destroy(given);
        await gone(given);
      }
      await hands.destroy(counted);
    },
    LONG,
  );

  test(
    'destroyed elsewhere while an allocate hangs before any of its effects, nothing is left when that wakes up',
    async () => {
      const counted = hands.resource();
      for (const point of await hands.points((before) => hands.allocate(counted, before))) {
        const wanted = hands.resource();
        const stopped = hands.stops(point, (before) => hands.allocate(wanted, before));
        await stopped.there;
        await hands.destroy(wanted);
        await stopped.wake();
        await gone(wanted);
      }
      await hands.destroy(counted);
    },
    LONG,
  );

  test(
    'dead before any effect of destroy, nothing is left when it is called again',
    async () => {
      const counted = await hands.made();
      for (const point of await hands.points((before) => hands.destroy(counted, before))) {
        const made = await hands.made();
        await hands.dies(point, (before) => hands.destroy(made, before));
        await hands.destroy(made);
        await gone(made);
      }
    },
    LONG,
  );
}
