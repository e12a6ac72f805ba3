import { secretRefsIn } from '../credentials/secret-refs.js';
import { LONG, type Hands } from './contract-hands.js';

/** What can be stopped, is watched, or has secrets that can be made anew. */
export function describeRunning(hands: Hands): void {
  const { expect, test } = globalThis as unknown as typeof import('@jest/globals');
  const { target, later, ensure, destroy, inspect, expectDestroyed, expectWorks, untilHealthy, driver, samples } = hands;

  if (driver.rotate) {
    test(
      'D6: new secrets are new versions, in effect when it ends, again if need be, and what it gives out from then on',
      async () => {
        const meant = target();
        const first = await ensure(meant);
        let { outputs } = first;
        for (const _time of [1, 2]) {
          const before = secretRefsIn(outputs);
          ({ outputs } = await driver.rotate!(meant, hands.spec(), hands.inputs(), await hands.context()));
          const after = secretRefsIn(outputs);
          const nameOf = (ref: string) => ref.split('#')[0]!;
          expect(after.map(nameOf)).toEqual(before.map(nameOf));
          for (const ref of after) {
            expect(before).not.toContain(ref);
            expect((await (await hands.context()).secrets.read(ref)).length).toBeGreaterThan(0);
          }
        }
        await untilHealthy(meant);
        await expectWorks(meant, { ...first, outputs });
        expect((await ensure(later(meant))).outputs).toEqual(outputs);
        await destroy(meant);
        await expect(driver.rotate!(meant, hands.spec(), hands.inputs(), await hands.context())).rejects.toThrow();
        await expectDestroyed(meant, { ...first, outputs });
      },
      LONG,
    );
  }

  if (driver.stop) {
    test(
      'stop ends what runs and keeps what it has, as often as one likes; an ensure brings it up again',
      async () => {
        const meant = target();
        await driver.stop!(meant, await hands.context());
        expect(await inspect(meant)).toEqual({ state: 'absent', observed: {} });
        const ensured = await ensure(meant);
        await driver.stop!(meant, await hands.context());
        await driver.stop!(later(meant), await hands.context());
        await samples.stopped?.(ensured, hands.place());
        expect((await inspect(meant)).state).toBe('present');
        const again = await ensure(later(meant));
        expect(again).toMatchObject({ effect: 'found', outputs: ensured.outputs });
        await expectWorks(meant, again);
      },
      LONG,
    );
  }

  if (driver.observe) {
    test(
      'what was ended is brought back to its desired state by looking at it',
      async () => {
        const meant = target();
        const ensured = await ensure(meant);
        const look = async () => driver.observe!(meant, hands.spec(), await hands.context());
        const healthy = async () => {
          for (const end = Date.now() + LONG / 4; Date.now() < end;) {
            const seen = await look();
            if (seen.health === 'healthy') return seen;
            await new Promise((resolve) => setTimeout(resolve, 200));
          }
          return look();
        };
        expect(await healthy()).toMatchObject({ health: 'healthy', reason: expect.any(String), restarts: expect.any(Number) });
        await driver.stop?.(meant, await hands.context());
        expect(await healthy()).toMatchObject({ health: 'healthy' });
        await samples.works(ensured, hands.place());
      },
      LONG,
    );
  }
}
