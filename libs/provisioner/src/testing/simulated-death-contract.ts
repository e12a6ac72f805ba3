import { randomUUID } from 'node:crypto';
import type { JsonObject, Part } from '@slipway/contracts';
import type { DriverContext, Target } from '../driver.js';
import { dataOf, readOut } from '../step/data.js';
import { LONG, type Hands } from './contract-hands.js';
import { callDriver, type DriverCall } from './driver-call.js';
import { withEffects, withPieces } from './effects.js';

/** So many points are tried at once: each has resources of its own. */
const AT_ONCE = 4;
/** What is there for a moment only has gone after so many ms. */
const PASSES = 10_000;

/** What of a call differs from an ordinary one. */
interface Different {
  from?: Part;
  spec?: JsonObject;
  /** Points of so many; those that the driver's samples say when left out. */
  chosen?(count: number): number[];
}

/**
 * D1 where a process dies, at every point of every call: right before an effect it is as dead, nothing that the call still does
 * changes anything, and its driver is never asked again. Cheaper than a process that is killed, so each point is tried,
 * or where a server or an engine makes it slow a seeded choice.
 */
export function describeSimulatedDeaths(hands: Hands): void {
  const { describe, expect, test } = globalThis as unknown as typeof import('@jest/globals');
  const { driver, makeDriver, samples, target, later, ensure, destroy, inspect, expectDestroyed, expectWorks } = hands;

  /** Calls, and dies right before this effect (from 1); how many effects it came to. */
  const die = async (
    action: DriverCall['action'],
    meant: Target,
    at: number,
    { from, spec }: Different = {},
  ): Promise<number> => {
    let effects = 0;
    const before = async (name: string) => {
      effects += 1;
      if (effects >= at) throw new Error(`Died before: ${name}`);
    };
    const context = mortal(await hands.context(), before, () => effects >= at);
    if (from) context.from = withPieces(dataOf(from, context), before, context.filesystem);
    const call = { action, target: meant, spec: spec ?? hands.spec(), inputs: hands.inputs() };
    await callDriver(makeDriver(), call, context).catch((error: unknown) => {
      if (effects < at) throw error;
    });
    return effects;
  };
  /** Dies at each point of calls that are made ready, and then looked after, with a resource for each point. */
  const dieEverywhere = async (
    action: DriverCall['action'],
    ready: (meant: Target) => Promise<unknown>,
    after: (meant: Target, effect: number) => Promise<void>,
    different: Different = {},
  ) => {
    const counted = target(`${action}-count`);
    await ready(counted);
    const count = await die(action, counted, Infinity, different);
    const points = (different.chosen ?? hands.simulatedPoints)(count).values();
    const work = Array.from({ length: AT_ONCE }, async () => {
      for (const effect of points) {
        const meant = target(`${action}-${effect}`);
        await ready(meant);
        await die(action, meant, effect, different);
        await after(later(meant), effect);
      }
    });
    // All have ended before their place goes.
    const failed = (await Promise.allSettled(work)).find((one) => one.status === 'rejected');
    if (failed) throw failed.reason;
  };
  const nothing = async () => {};
  const read = async (meant: Target) =>
    readOut(driver.portable!, meant, hands.spec() as never, await hands.context(), randomUUID());
  const full = async (meant: Target) => {
    const ensured = await ensure(meant);
    await samples.data!.put(ensured, hands.place());
    return ensured;
  };

  describe('dead right before each effect, simulated', () => {
    test(
      'of ensure, it ends well when it is called again',
      () =>
        dieEverywhere('ensure', nothing, async (meant) => {
          const ensured = await ensure(meant);
          await expectWorks(meant, ensured);
          await destroy(meant);
          await expectDestroyed(meant, ensured);
        }),
      LONG,
    );

    test(
      'of ensure, a destroy leaves nothing of it',
      () =>
        dieEverywhere('ensure', nothing, async (meant) => {
          await destroy(meant);
          await expectDestroyed(meant);
        }),
      LONG,
    );

    test(
      'of destroy, nothing is left when it is called again',
      () =>
        dieEverywhere('destroy', ensure, async (meant) => {
          await destroy(meant);
          await expectDestroyed(meant);
        }),
      LONG,
    );

    const { data, changed } = samples;
    test(
      'of ensure, twice, nothing stands afterwards but what stands where nobody died',
      async () => {
        const from = driver.portable && data ? await full(target('source')).then(() => read(target('source'))) : undefined;
        const begin = async (meant: Target) => {
          const context = await hands.context();
          return ensure(meant, { ...context, ...(from && { from: dataOf(from, context) }) });
        };
        const clean = target('clean');
        const count = await die('ensure', clean, Infinity, { ...(from && { from }) });
        await begin(later(clean));
        const first = async (meant: Target) => {
          const earlier = { ...meant, epoch: meant.epoch - 1 };
          await die('ensure', earlier, 1 + Math.floor(hands.random() * count), { ...(from && { from }) });
        };
        const tried: Target[] = [];
        const again = async (meant: Target) => {
          await begin(meant);
          tried.push(meant);
        };
        await dieEverywhere('ensure', first, again, { ...(from && { from }), chosen: hands.fewPoints });
        // Only now: while others are at work, folders come and go. What runs may have files for a moment.
        const standing = async () => {
          const usual = await hands.standing(clean);
          expect(usual).not.toEqual([]);
          const all: [string[], string[]][] = [];
          for (const meant of tried) all.push([await hands.standing(meant), usual]);
          return all;
        };
        const differ = (all: [string[], string[]][]) => all.some(([one, usual]) => one.join() !== usual.join());
        for (const until = Date.now() + PASSES; differ(await standing()) && Date.now() < until;) {
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        for (const [one, usual] of await standing()) expect(one).toEqual(usual);
      },
      LONG,
    );

    if (driver.portable && data) {
      test(
        'of reading out, it works on and is read out again',
        () =>
          dieEverywhere('export', full, async (meant) => {
            await read(meant);
            await data.has(await ensure(later(meant)), hands.place());
          }),
        LONG,
      );

      test(
        'of an import, or before a piece of its data, it is whole when it is called again',
        async () => {
          const source = target('source');
          await full(source);
          const from = await read(source);
          const whole = async (meant: Target) => {
            const standing = await inspect(meant);
            const context = await hands.context();
            const ensured = await ensure(meant, { ...context, from: dataOf(from, context) });
            if (standing.state === 'present') expect(ensured.effect).toBe('found');
            await data.has(ensured, hands.place());
            await destroy(meant);
            await expectDestroyed(meant, ensured);
          };
          await dieEverywhere('ensure', nothing, whole, { from });
        },
        LONG,
      );
    }

    const { updatable } = driver;
    if (updatable && changed) {
      test(
        'of an update, it is repeated or taken back',
        async () => {
          const again = async (meant: Target, effect: number) => {
            const spec = effect % 2 ? changed.spec : hands.spec();
            const updated = await updatable.update(later(meant), spec, hands.inputs(), await hands.context());
            if (effect % 2) await changed.holds(updated, hands.place());
            await expectWorks(meant, { effect: 'found', ...updated });
          };
          await dieEverywhere('update', ensure, again, { spec: changed.spec });
        },
        LONG,
      );
    }
  });
}

/** The same context for a process that dies: whatever it would still change fails. */
function mortal(context: DriverContext, before: (name: string) => Promise<void>, isDead: () => boolean): DriverContext {
  const { secrets } = context;
  const alive = () => {
    if (isDead()) throw new Error('Died before');
  };
  return {
    ...withEffects(context, before),
    secrets: {
      read: async (ref) => secrets.read(ref),
      ensure: async (name, bytes) => (alive(), secrets.ensure(name, bytes)),
      put: async (name, value) => (alive(), secrets.put(name, value)),
      empty: async (prefix) => (alive(), secrets.empty(prefix)),
    },
  };
}
