import type { JsonObject } from '@slipway/contracts';
import type { Ensured, Target } from '../driver.js';
import { LONG, type Hands } from './contract-hands.js';

/** The part of the contract that a driver with {@link Driver.updatable} keeps. */
export function describeUpdates(hands: Hands): void {
  const { expect, test } = globalThis as unknown as typeof import('@jest/globals');
  const { target, later, ensure, destroy, inspect, child, expectDestroyed, expectWorks, points, mayBeMissed, samples } = hands;
  const { updatable } = hands.driver;
  const { changed } = samples;
  if (!updatable) return;
  if (!changed) {
    test('an update of it is shown by a sample that it is changed to', () => expect(changed).toBeDefined());
    return;
  }

  const update = async (meant: Target, to: JsonObject) => updatable.update(meant, to, hands.inputs(), await hands.context());
  const expectChanged = async (meant: Target, updated: Omit<Ensured, 'effect'>) => {
    await changed.holds(updated, hands.place());
    await expectWorks(meant, { effect: 'found', ...updated });
  };

  /** A resource with data for each of the points before effects of an update that are tried. */
  const atChosenPoints = async (
    what: string,
    attempt: (meant: Target, ensured: Ensured, effect: number, effects: number) => Promise<void>,
  ) => {
    const counted = target('count');
    await ensure(counted);
    const ended = await child('update', later(counted), undefined, undefined, changed.spec).ended;
    if (ended.type !== 'done') throw new Error(`A child could not update: ${JSON.stringify(ended)}`);
    for (const effect of points(ended.effects)) {
      const meant = target(`${what}-${effect}`);
      const ensured = await ensure(meant);
      await samples.data?.put(ensured, hands.place());
      await attempt(meant, ensured, effect, ended.effects);
    }
  };

  test(
    'an update makes it as its spec says, as often as one likes, and back; of what is not there it is refused',
    async () => {
      const meant = target();
      await expect(update(meant, changed.spec)).rejects.toMatchObject({ code: 'not-found' });
      const ensured = await ensure(meant);
      await expectChanged(meant, await update(later(meant), changed.spec));
      await expectChanged(meant, await update(later(later(meant)), changed.spec));
      const back = await update(later(later(later(meant))), hands.spec());
      expect(back).toEqual({ outputs: ensured.outputs, observed: ensured.observed });
      await expectWorks(meant, { effect: 'found', ...back });
    },
    LONG,
  );

  test(
    'killed right before any effect of an update, it is repeated or taken back, and its data are kept',
    async () => {
      await atChosenPoints('killed', async (meant, ensured, effect, effects) => {
        const killed = await child('update', later(meant), { effect, signal: 'SIGKILL' }, undefined, changed.spec).ended;
        if (!mayBeMissed(effect, effects)) expect(killed).toEqual({ type: 'killed' });
        const again = later(later(meant));
        const to = effect % 2 ? changed.spec : hands.spec();
        const updated = await update(again, to);
        await samples.data?.has(ensured, hands.place());
        if (to === changed.spec) await expectChanged(meant, updated);
        else expect(updated).toEqual({ outputs: ensured.outputs, observed: ensured.observed });
        await destroy(later(again));
        await expectDestroyed(meant, ensured);
      });
    },
    LONG,
  );

  test(
    'stopped right before any effect of an update, it changes nothing any more when it wakes up after another one',
    async () => {
      await atChosenPoints('stopped', async (meant, ensured, effect, effects) => {
        const stopped = child('update', later(meant), { effect, signal: 'SIGSTOP' }, undefined, changed.spec);
        const at = await stopped.at;
        if (!mayBeMissed(effect, effects)) expect(at).toBeDefined();
        const newest = later(later(meant));
        const back = await update(newest, hands.spec());
        expect(back).toEqual({ outputs: ensured.outputs, observed: ensured.observed });
        await stopped.wake();
        expect({ at, ...(await inspect(newest)) }).toEqual({ at, state: 'present', observed: back.observed });
        await samples.data?.has(ensured, hands.place());
        await expectWorks(meant, { effect: 'found', ...back });
        await destroy(later(newest));
        await expectDestroyed(meant, ensured);
      });
    },
    LONG,
  );
}
