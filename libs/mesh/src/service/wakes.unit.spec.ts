import { expect, test } from '@jest/globals';
import { VirtualClock, seeded } from '../testing/index.js';
import { Wakes } from './wakes.js';

const seed = Number(process.env['SLIPWAY_SEED'] ?? Date.now() % 1_000_000);

test('wakes each at its newest time, in order, with one timer', async () => {
  const clock = new VirtualClock();
  const start = clock.now();
  const woken: [string, number][] = [];
  const wakes = new Wakes(clock, (id) => woken.push([id, clock.now() - start]));
  wakes.set('a', start + 300);
  wakes.set('b', start + 100);
  wakes.set('c', start + 200);
  wakes.set('a', start + 50);
  wakes.set('c', Infinity);
  wakes.set('d', start - 1_000);
  await clock.pass(1_000);
  expect(woken).toEqual([
    ['d', 0],
    ['a', 50],
    ['b', 100],
  ]);
  wakes.set('b', start + 1_100);
  wakes.stop();
  await clock.pass(1_000);
  expect(woken).toHaveLength(3);
});

test(`any number of times (SLIPWAY_SEED=${seed})`, async () => {
  const random = seeded(seed);
  const clock = new VirtualClock();
  const start = clock.now();
  const expected = new Map<string, number>();
  const woken = new Map<string, number>();
  const wakes = new Wakes(clock, (id) => woken.set(id, clock.now() - start));
  for (let n = 0; n < 500; n += 1) {
    const id = `r${Math.floor(random() * 100)}`;
    const at = Math.floor(random() * 1_000);
    wakes.set(id, start + at);
    expected.set(id, at);
  }
  await clock.pass(2_000);
  expect(Object.fromEntries(woken)).toEqual(Object.fromEntries(expected));
});
