import { SlipwayError } from '@slipway/contracts';
import type { DriverContext, Target } from '../driver.js';
import { LONG, type Hands } from './contract-hands.js';
import type { ContractPlace } from './contract-place.js';
import { withEffects } from './effects.js';

/** How a driver behaves: towards what is not ours, who watches it, who ends it, and with secrets. */
export function describeConduct(hands: Hands): void {
  const { expect, test } = globalThis as unknown as typeof import('@jest/globals');
  const { target, later, ensure, destroy, inspect, expectWorks, samples } = hands;

  test(
    'what carries no mark of ours is foreign, and is not touched',
    async () => {
      const meant = target();
      const assertUntouched = await (samples.foreign ?? foreignFolder)(hands.place(), meant);
      for (const attempt of [ensure, destroy, inspect]) await expect(attempt(meant)).rejects.toMatchObject({ code: 'foreign' });
      await assertUntouched();
    },
    LONG,
  );

  test(
    'progress and a log are given',
    async () => {
      const context = await hands.context();
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
      const context = withEffects(await hands.context(controller.signal), async () => {
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
      const context = await hands.context();
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
