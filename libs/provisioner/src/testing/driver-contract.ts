import { SlipwayError, type JsonObject, type Part } from '@slipway/contracts';
import type { Driver, DriverContext, Ensured, Target } from '../driver.js';
import type { ChildTask } from './child.js';
import { secretRefsIn } from '../credentials/secret-refs.js';
import { ChildStep, type Ended } from './child-step.js';
import { ContractPlace } from './contract-place.js';
import { withEffects } from './effects.js';
import { chosenPoints, seeded } from './points.js';
import { describePortable, type DataSamples } from './portable-contract.js';

/** What the suite needs to know of a driver. */
export interface DriverSamples {
  /** URL of the built module that child processes load (under `dist/`), and the name of its export that makes the driver. */
  module: string;
  make: string;
  /** A spec and inputs that can be ensured at a place. Called once for each place. */
  prepare(place: ContractPlace): Promise<{ spec: JsonObject; inputs?: Record<string, JsonObject> }>;
  /** Throws when what was made does not do what it is for. */
  works(ensured: Ensured, place: ContractPlace): Promise<void>;
  /** Throws when something of what was made is still to be had. */
  gone(ensured: Ensured, place: ContractPlace): Promise<void>;
  /** Of a driver that can stop: throws when something of it still runs. */
  stopped?(ensured: Ensured, place: ContractPlace): Promise<void>;
  /** Puts something of somebody else's where the driver would work; the returned function throws when it was touched. */
  foreign?(place: ContractPlace, target: Target): Promise<() => Promise<void>>;
  /** What a driver that is portable is tried with. */
  data?: DataSamples;
  /** Of a driver that can change what is there: another spec, and what throws unless that is what holds. */
  changed?: { spec: JsonObject; holds(updated: Pick<Ensured, 'outputs' | 'observed'>, place: ContractPlace): Promise<void> };
  /** How many of the points before effects are tried in child processes, each way; 12 when left out. */
  points?: number;
  /** Whether `ensure` asks the place again and again, with programs, while it waits: its last effects are not counted on. */
  waits?: boolean;
  /** Why the real thing can't be had on this machine: the suite is skipped, with this in its name. */
  missing?: string | undefined;
}

const LONG = 600_000;

/**
 * The contract of {@link Driver}, D1 to D6, at a real place: every driver runs it. Child processes are killed and stopped right
 * before effects; of many points a seeded choice is tried (`SLIPWAY_SEED` repeats it, `SLIPWAY_POINTS=all` tries every one).
 */
export function driverContract(name: string, makeDriver: () => Driver<never>, samples: DriverSamples): void {
  // Jest's own, taken when the suite is described: so this module also loads where there is no Jest.
  const { afterEach, beforeEach, describe, expect, test } = globalThis as unknown as typeof import('@jest/globals');

  if (samples.missing !== undefined) {
    test.skip(`driver contract: ${name} (skipped: ${samples.missing})`, () => {});
    return;
  }

  describe(`driver contract: ${name}`, () => {
    const driver = makeDriver() as unknown as Driver;
    const random = seeded(name);
    let place: ContractPlace;
    let spec: JsonObject;
    let inputs: Record<string, JsonObject>;
    let made: Target[];

    beforeEach(async () => {
      place = await ContractPlace.make();
      made = [];
      ({ spec, inputs = {} } = await samples.prepare(place));
    }, LONG);
    afterEach(async () => {
      // What runs is ended also when a test failed in the middle.
      for (const target of made) await driver.destroy(target, await place.context()).catch(() => {});
      await driver.end?.(await place.context());
      await place.remove();
    }, LONG);

    const target = (resource = 'sample', generation = 1, epoch = 1) => {
      const meant = place.target(driver.kind, resource, generation, epoch);
      made.push(meant);
      return meant;
    };
    const ensure = async (meant: Target, context?: DriverContext) =>
      driver.ensure(meant, spec, inputs, context ?? (await place.context()));
    const destroy = async (meant: Target) => driver.destroy(meant, await place.context());
    const inspect = async (meant: Target) => driver.inspect(meant, await place.context());
    const marks = async () => driver.marks(await place.context());
    const child = (action: ChildTask['action'], meant: Target, at?: ChildTask['at'], from?: Part, to = spec) =>
      new ChildStep({
        module: samples.module,
        make: samples.make,
        folder: place.folder,
        action,
        target: meant,
        spec: to,
        inputs,
        ...(at && { at }),
        ...(from && { from }),
      });
    const later = (meant: Target): Target => ({ ...meant, epoch: meant.epoch + 1 });

    /** As it must be after a destroy, whatever happened before: given back for good, and nothing left. */
    const expectDestroyed = async (meant: Target, was?: Ensured) => {
      expect(await inspect(meant)).toEqual({ state: 'destroyed', observed: {} });
      expect((await marks()).filter(({ resource }) => resource.name === meant.resource.name)).toEqual([]);
      if (was) await samples.gone(was, place);
      await expect(ensure(later(meant))).rejects.toMatchObject({ code: 'generation-old' });
    };
    const expectWorks = async (meant: Target, ensured: Ensured) => {
      await samples.works(ensured, place);
      expect(await inspect(meant)).toEqual({ state: 'present', observed: ensured.observed });
      expect(await marks()).toContainEqual(expect.objectContaining({ resource: meant.resource, generation: meant.generation }));
    };
    /** What was ended is started by looks. */
    const untilHealthy = async (meant: Target) => {
      if (!driver.observe) return;
      for (const deadline = Date.now() + LONG / 2; ;) {
        const { health, reason } = await driver.observe(meant, spec, await place.context());
        if (health === 'healthy') return;
        if (Date.now() > deadline) throw new Error(`It is ${health}: ${reason}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    };
    /** A driver that asks again and again while it waits does not ask as often each time: then a late effect may not come. */
    const mayBeMissed = (effect: number, count: number) => samples.waits === true && effect > count * 0.75;
    /** How many effects a call has: counted in a child that runs to its end. */
    const effectsOf = async (action: ChildTask['action'], meant: Target, from?: Part): Promise<number> => {
      const ended = await child(action, meant, undefined, from).ended;
      if (ended.type !== 'done') throw new Error(`A child could not ${action}: ${JSON.stringify(ended)}`);
      return ended.effects;
    };

    if (driver.rotate) {
      test(
        'D6: new secrets are new versions, in effect when it ends, again if need be, and what it gives out from then on',
        async () => {
          const meant = target();
          const first = await ensure(meant);
          let { outputs } = first;
          for (const _time of [1, 2]) {
            const before = secretRefsIn(outputs);
            ({ outputs } = await driver.rotate!(meant, spec, inputs, await place.context()));
            const after = secretRefsIn(outputs);
            const nameOf = (ref: string) => ref.split('#')[0]!;
            expect(after.map(nameOf)).toEqual(before.map(nameOf));
            for (const ref of after) {
              expect(before).not.toContain(ref);
              expect((await (await place.context()).secrets.read(ref)).length).toBeGreaterThan(0);
            }
          }
          await untilHealthy(meant);
          await expectWorks(meant, { ...first, outputs });
          expect((await ensure(later(meant))).outputs).toEqual(outputs);
          await destroy(meant);
          await expect(driver.rotate!(meant, spec, inputs, await place.context())).rejects.toThrow();
          await expectDestroyed(meant, { ...first, outputs });
        },
        LONG,
      );
    }

    test(
      'ensure makes, and finds what it made; inspect tells it; both as often as one likes',
      async () => {
        const meant = target();
        expect(await inspect(meant)).toEqual({ state: 'absent', observed: {} });
        expect(await marks()).toEqual([]);
        const first = await ensure(meant);
        expect(first.effect).toBe('made');
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
        const all = [
          ...here,
          ...there.map((ended) => (ended.type === 'done' ? (ended.result as Ensured) : Promise.reject(ended))),
        ];
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

    test(
      'killed right before any effect of ensure, it ends well when it is called again',
      async () => {
        const count = await effectsOf('ensure', target('count'));
        for (const effect of chosenPoints(count, samples.points, random)) {
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
        for (const effect of chosenPoints(count, samples.points, random)) {
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
        for (const effect of chosenPoints(count, samples.points, random)) {
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
        for (const effect of chosenPoints(count, samples.points, random)) {
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
        for (const effect of chosenPoints(count, samples.points, random)) {
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
        }
      },
      LONG,
    );

    test(
      'what carries no mark of ours is foreign, and is not touched',
      async () => {
        const meant = target();
        const assertUntouched = await (samples.foreign ?? foreignFolder)(place, meant);
        for (const attempt of [ensure, destroy, inspect]) await expect(attempt(meant)).rejects.toMatchObject({ code: 'foreign' });
        await assertUntouched();
      },
      LONG,
    );

    test(
      'progress and a log are given',
      async () => {
        const context = await place.context();
        const meant = target();
        await ensure(meant, context);
        const { log, progress } = context.said;
        expect(progress).not.toEqual([]);
        expect(log.filter((line) => line.length > 0)).not.toEqual([]);
        expect(progress.every(({ message }) => message.length > 0)).toBe(true);
        const fractions = progress.flatMap(({ fraction }) => fraction ?? []);
        expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
        expect(fractions.every((fraction) => fraction >= 0 && fraction <= 1)).toBe(true);
      },
      LONG,
    );

    test(
      'an abort ends it, and it can be called again',
      async () => {
        const controller = new AbortController();
        const reason = new SlipwayError('step-cancelled', 'enough');
        let effects = 0;
        const context = withEffects(await place.context(controller.signal), async () => {
          effects += 1;
          if (effects === 3) controller.abort(reason);
        });
        const meant = target();
        await expect(ensure(meant, context)).rejects.toMatchObject({ code: reason.code, message: reason.message });
        await expectWorks(meant, await ensure(later(meant)));
      },
      LONG,
    );

    test(
      'no secret stands in what it says, gives back, or starts programs with',
      async () => {
        const context = await place.context();
        const values: string[] = [];
        const said: unknown[] = [];
        const { secrets, command } = context;
        const remember = async (ref: Parameters<typeof secrets.read>[0]) => {
          const value = await secrets.read(ref);
          values.push(value);
          return value;
        };
        const spied: DriverContext = {
          ...context,
          secrets: {
            read: remember,
            put: (key, value) => (values.push(value), secrets.put(key, value)),
            empty: (prefix) => secrets.empty(prefix),
            ensure: async (key, bytes) => {
              const ref = await secrets.ensure(key, bytes);
              await remember(ref);
              return ref;
            },
          },
          command: {
            exec: (line, options) => (said.push(line, options?.env), command.exec(line, options)),
            execOrThrow: (line, options) => (said.push(line, options?.env), command.execOrThrow(line, options)),
            spawnDetached: (line, options) => (said.push(line, options.env), command.spawnDetached(line, options)),
          },
        };
        said.push(await ensure(target(), spied), context.said);
        const everything = JSON.stringify(said);
        for (const value of values) expect(everything).not.toContain(value);
      },
      LONG,
    );

    if (driver.portable) {
      if (!samples.data) throw new Error(`${name} is portable: the contract needs data to try that with`);
      const points = (count: number) => chosenPoints(count, samples.points, random);
      const hands = {
        mayBeMissed,
        target,
        later,
        ensure,
        destroy,
        inspect,
        child,
        effectsOf,
        expectDestroyed,
        expectWorks,
        points,
        random,
      };
      describePortable(driver, samples.data, { ...hands, place: () => place, spec: () => spec });
    }

    if (driver.stop) {
      test(
        'stop ends what runs and keeps what it has, as often as one likes; an ensure brings it up again',
        async () => {
          const meant = target();
          await driver.stop!(meant, await place.context());
          expect(await inspect(meant)).toEqual({ state: 'absent', observed: {} });
          const ensured = await ensure(meant);
          await driver.stop!(meant, await place.context());
          await driver.stop!(later(meant), await place.context());
          await samples.stopped?.(ensured, place);
          expect((await inspect(meant)).state).toBe('present');
          const again = await ensure(later(meant));
          expect(again).toMatchObject({ effect: 'found', outputs: ensured.outputs });
          await expectWorks(meant, again);
        },
        LONG,
      );
    }

    const { updatable } = driver;
    if (updatable && samples.changed) {
      const { changed } = samples;
      const update = async (meant: Target, to: JsonObject) => updatable.update(meant, to, inputs, await place.context());
      const expectChanged = async (meant: Target, updated: Omit<Ensured, 'effect'>) => {
        await changed.holds(updated, place);
        await expectWorks(meant, { effect: 'found', ...updated });
      };

      test(
        'an update makes it as its spec says, as often as one likes, and back; of what is not there it is refused',
        async () => {
          const meant = target();
          await expect(update(meant, changed.spec)).rejects.toMatchObject({ code: 'not-found' });
          const ensured = await ensure(meant);
          await expectChanged(meant, await update(later(meant), changed.spec));
          await expectChanged(meant, await update(later(later(meant)), changed.spec));
          const back = await update(later(later(later(meant))), spec);
          expect(back).toEqual({ outputs: ensured.outputs, observed: ensured.observed });
          await expectWorks(meant, { effect: 'found', ...back });
        },
        LONG,
      );

      test(
        'killed right before any effect of an update, it is repeated or taken back, and its data are kept',
        async () => {
          const counted = target('count');
          await ensure(counted);
          const ended = await child('update', later(counted), undefined, undefined, changed.spec).ended;
          if (ended.type !== 'done') throw new Error(`A child could not update: ${JSON.stringify(ended)}`);
          for (const effect of chosenPoints(ended.effects, samples.points, random)) {
            const meant = target(`killed-${effect}`);
            const ensured = await ensure(meant);
            await samples.data?.put(ensured, place);
            const killed = await child('update', later(meant), { effect, signal: 'SIGKILL' }, undefined, changed.spec).ended;
            if (!mayBeMissed(effect, ended.effects)) expect(killed).toEqual({ type: 'killed' });
            const again = later(later(meant));
            const to = effect % 2 ? changed.spec : spec;
            const updated = await update(again, to);
            await samples.data?.has(ensured, place);
            if (to === changed.spec) await expectChanged(meant, updated);
            else expect(updated).toEqual({ outputs: ensured.outputs, observed: ensured.observed });
            await destroy(later(again));
            await expectDestroyed(meant, ensured);
          }
        },
        LONG,
      );

      test(
        'stopped right before any effect of an update, it changes nothing any more when it wakes up after another one',
        async () => {
          const counted = target('count');
          await ensure(counted);
          const ended = await child('update', later(counted), undefined, undefined, changed.spec).ended;
          if (ended.type !== 'done') throw new Error(`A child could not update: ${JSON.stringify(ended)}`);
          for (const effect of chosenPoints(ended.effects, samples.points, random)) {
            const meant = target(`stopped-${effect}`);
            const ensured = await ensure(meant);
            await samples.data?.put(ensured, place);
            const stopped = child('update', later(meant), { effect, signal: 'SIGSTOP' }, undefined, changed.spec);
            const at = await stopped.at;
            if (!mayBeMissed(effect, ended.effects)) expect(at).toBeDefined();
            const newest = later(later(meant));
            const back = await update(newest, spec);
            expect(back).toEqual({ outputs: ensured.outputs, observed: ensured.observed });
            await stopped.wake();
            expect({ at, ...(await inspect(newest)) }).toEqual({ at, state: 'present', observed: back.observed });
            await samples.data?.has(ensured, place);
            await expectWorks(meant, { effect: 'found', ...back });
            await destroy(later(newest));
            await expectDestroyed(meant, ensured);
          }
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
          const look = async () => driver.observe!(meant, spec, await place.context());
          const healthy = async () => {
            for (const end = Date.now() + LONG / 4; Date.now() < end;) {
              const seen = await look();
              if (seen.health === 'healthy') return seen;
              await new Promise((resolve) => setTimeout(resolve, 200));
            }
            return look();
          };
          expect(await healthy()).toMatchObject({ health: 'healthy', reason: expect.any(String), restarts: expect.any(Number) });
          await driver.stop?.(meant, await place.context());
          expect(await healthy()).toMatchObject({ health: 'healthy' });
          await samples.works(ensured, place);
        },
        LONG,
      );
    }
  });
}

/** A folder of somebody else's under the very name that the generation would get. */
async function foreignFolder(place: ContractPlace, { resource, generation }: Target): Promise<() => Promise<void>> {
  const { filesystem } = await place.context();
  const file = `${place.root}/${resource.environment}.${resource.name}/g${generation}/precious`;
  await filesystem.mkdir(file.slice(0, file.lastIndexOf('/')));
  await filesystem.writeFile(file, 'mine');
  return async () => {
    const content = await filesystem.readFile(file);
    if (String(content) !== 'mine') throw new Error(`${file} was touched`);
  };
}
