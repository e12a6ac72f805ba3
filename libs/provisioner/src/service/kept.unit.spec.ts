import { expect, test } from '@jest/globals';
import { SlipwayError } from '@slipway/contracts';
import type { Driver, DriverContext } from '../driver.js';
import { CoreRig } from '../testing/core-rig.js';
import { SimulatedPlace } from '../testing/simulated-place.js';
import { Kept } from './kept.js';

test('what a driver keeps is looked at and ended at every place of ours, and what is wrong with it is told until it is mended', async () => {
  const rig = new CoreRig('database');
  const plain = new SimulatedPlace().driver('database', 'plain');
  const done: string[] = [];
  let broken = true;
  const server: Driver = {
    ...plain,
    name: 'server',
    keep: async ({ root }: DriverContext) => {
      done.push(`keep ${root}`);
      if (broken) throw new SlipwayError('driver-failed', 'The port is taken');
    },
    end: async ({ root }: DriverContext) => void done.push(`end ${root}`),
  };
  const ports = rig.ports([plain, server], 'here', {
    locations: new Set(['one', 'two']),
    place: async (location) => ({ ...(await rig.ports([]).place(location, 'server')), root: `/${location}` }),
  });
  const kept = new Kept(ports);
  await kept.keep();
  await kept.keep();
  const problems = ['server at one: The port is taken', 'server at two: The port is taken'];
  expect(kept.problems).toEqual(problems);
  expect(rig.warnings).toEqual(problems);
  broken = false;
  await kept.keep();
  expect(kept.problems).toEqual([]);
  await kept.end();
  expect(done.slice(-4)).toEqual(['keep /one', 'keep /two', 'end /one', 'end /two']);
});
