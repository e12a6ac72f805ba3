import type { Ended } from './child-step.js';
import { LONG, type Hands } from './contract-hands.js';

/** D1 and D3 where a process dies or stops in the middle: each in a process of its own, right before an effect or at any time. */
export function describeDeaths(hands: Hands): void {
  const { expect, test } = globalThis as unknown as typeof import('@jest/globals');
  const { target, later, ensure, destroy, inspect, child, effectsOf, expectDestroyed, expectWorks, points, mayBeMissed, random } =
    hands;

  test(
    'killed right before any effect of ensure, it ends well when it is called again',
    async () => {
      const count = await effectsOf('ensure', target('count'));
      for (const effect of points(count)) {
        const meant = target(`killed-${effect}`);
        const killed = child('ensure', meant, { effect, signal: 'SIGKILL' });
        expect(await killed.ended).toMatchObject(mayBeMissed(effect, count) ? {} : { type: 'killed' });
        const ensured = await ensure(later(meant));
        await expectWorks(meant, ensured);
        await destroy(later(meant));
        await expectDestroyed(meant, ensured);
      }
    },
    LONG,
  );

  test(
    'killed right before any effect of ensure, a destroy leaves nothing of it',
    async () => {
      const count = await effectsOf('ensure', target('count'));
      for (const effect of points(count)) {
        const meant = target(`killed-${effect}`);
        await child('ensure', meant, { effect, signal: 'SIGKILL' }).ended;
        await destroy(later(meant));
        await expectDestroyed(meant);
      }
    },
    LONG,
  );

  test(
    'killed at any time, it ends well when it is called again',
    async () => {
      for (let round = 1; round <= 4; round += 1) {
        const meant = target(`round-${round}`);
        const running = child('ensure', meant);
        await running.began;
        await new Promise((resolve) => setTimeout(resolve, random() * 60));
        running.kill();
        await running.ended;
        await expectWorks(meant, await ensure(later(meant)));
      }
    },
    LONG,
  );

  test(
    'killed right before any effect of destroy, nothing is left when it is called again',
    async () => {
      const counted = target('count');
      await ensure(counted);
      const count = await effectsOf('destroy', counted);
      for (const effect of points(count)) {
        const meant = target(`killed-${effect}`);
        const ensured = await ensure(meant);
        expect(await child('destroy', meant, { effect, signal: 'SIGKILL' }).ended).toEqual({ type: 'killed' });
        await destroy(later(meant));
        await expectDestroyed(meant, ensured);
      }
    },
    LONG,
  );

  test(
    'stopped right before any effect of ensure and destroyed elsewhere, it does not resurrect when it wakes up',
    async () => {
      const count = await effectsOf('ensure', target('count'));
      for (const effect of points(count)) {
        const meant = target(`stopped-${effect}`);
        const stopped = child('ensure', meant, { effect, signal: 'SIGSTOP' });
        if (!mayBeMissed(effect, count)) expect(await stopped.at).toBeDefined();
        await stopped.at;
        const given = await destroy(later(meant));
        const ended: Ended = await stopped.wake();
        // What never stood cannot have been made.
        if (given === 'absent') expect(ended).toMatchObject({ type: 'failed', cause: { code: 'generation-old' } });
        await expectDestroyed(meant);
      }
    },
    LONG,
  );

  test(
    'stopped right before any effect of destroy, it does not touch the next generation when it wakes up',
    async () => {
      const counted = target('count');
      await ensure(counted);
      const count = await effectsOf('destroy', counted);
      for (const effect of points(count)) {
        const old = target(`stopped-${effect}`);
        await ensure(old);
        const stopped = child('destroy', old, { effect, signal: 'SIGSTOP' });
        expect(await stopped.at).toBeDefined();
        await destroy(later(old));
        const next = target(`stopped-${effect}`, 2);
        const ensured = await ensure(next);
        await stopped.wake();
        await expectWorks(next, ensured);
        expect((await inspect(old)).state).toBe('destroyed');
        // What is shared at a place would else be left where it is by the next one's destroy, which then has fewer effects.
        await destroy(next);
      }
    },
    LONG,
  );
}
