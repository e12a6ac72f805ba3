import type { Ensured } from '../driver.js';
import { LONG, type Hands } from './contract-hands.js';

/** D1 to D4: what is made, found, given back and made anew; who comes second; what is of somebody else. */
export function describeLifecycle(hands: Hands): void {
  const { expect, test } = globalThis as unknown as typeof import('@jest/globals');
  const { driver, target, later, ensure, destroy, inspect, marks, child, expectDestroyed, expectWorks, random } = hands;

  test(
    'ensure makes, and finds what it made; inspect tells it; both as often as one likes',
    async () => {
      const meant = target();
      expect(await inspect(meant)).toEqual({ state: 'absent', observed: {} });
      expect(await marks()).toEqual([]);
      const first = await ensure(meant);
      expect(first.effect).toBe('made');
      if (driver.outputs) expect(driver.outputs).toEqual(expect.arrayContaining(Object.keys(first.outputs)));
      await expectWorks(meant, first);
      const second = await ensure(later(meant));
      expect(second).toEqual({ ...first, effect: 'found' });
      await expectWorks(meant, second);
      expect(await inspect(meant)).toEqual(await inspect(meant));
    },
    LONG,
  );

  test(
    'destroy gives back for good, as often as one likes, also what never was',
    async () => {
      const meant = target();
      const ensured = await ensure(meant);
      expect(await destroy(meant)).toBe('destroyed');
      await expectDestroyed(meant, ensured);
      expect(await destroy(later(meant))).toBe('absent');
      await expectDestroyed(meant, ensured);
      const never = target('never');
      expect(await destroy(never)).toBe('absent');
      await expectDestroyed(never);
    },
    LONG,
  );

  test(
    'the next generation is made anew, and what is done to the old one does not touch it',
    async () => {
      const old = target('sample', 1);
      await ensure(old);
      await destroy(old);
      const next = target('sample', 2);
      const ensured = await ensure(next);
      expect(ensured.effect).toBe('made');
      expect(await destroy(later(old))).toBe('absent');
      await expect(ensure(later(old))).rejects.toMatchObject({ code: 'generation-old' });
      await expectWorks(next, ensured);
    },
    LONG,
  );

  test(
    'an older generation than the one that stands is refused',
    async () => {
      const newer = target('sample', 3);
      const ensured = await ensure(newer);
      await expect(ensure(target('sample', 2))).rejects.toMatchObject({ code: 'generation-old' });
      await expectWorks(newer, ensured);
    },
    LONG,
  );

  test(
    'of several ensures at once, here and in other processes, one makes it and all agree',
    async () => {
      const meant = target();
      const others = [child('ensure', meant), child('ensure', meant)];
      await Promise.all(others.map(({ began }) => began));
      const here = await Promise.all([ensure(meant), ensure(meant)]);
      const there = await Promise.all(others.map(({ ended }) => ended));
      const all = [...here, ...there.map((ended) => (ended.type === 'done' ? (ended.result as Ensured) : Promise.reject(ended)))];
      const ensured = await Promise.all(all);
      expect(ensured.filter(({ effect }) => effect === 'made')).toHaveLength(1);
      expect(new Set(ensured.map(({ outputs }) => JSON.stringify(outputs))).size).toBe(1);
      await expectWorks(meant, ensured[0]!);
    },
    LONG,
  );

  test(
    'an ensure and a destroy at once end with it given back',
    async () => {
      for (let round = 1; round <= 3; round += 1) {
        const meant = target(`round-${round}`);
        const running = child('ensure', meant);
        await running.began;
        await new Promise((resolve) => setTimeout(resolve, random() * 40));
        await destroy(meant);
        const ended = await running.ended;
        if (ended.type === 'failed') expect(ended.cause.code).toBe('generation-old');
        await expectDestroyed(meant);
      }
    },
    LONG,
  );
}
