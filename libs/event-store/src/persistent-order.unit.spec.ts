import { expect, test } from '@jest/globals';
import { seeded } from '@slipway/mesh/testing';
import { PersistentOrder } from './persistent-order.js';

const seed = Number(process.env['SLIPWAY_SEED'] ?? Date.now() % 1_000_000);

test(`an order behaves as a sorted list, and older ones stay as they were (SLIPWAY_SEED=${seed})`, () => {
  const random = seeded(seed);
  const model = new Map<number, string>();
  let order = PersistentOrder.of<string>();
  const older: [PersistentOrder<string>, [number, string][]][] = [];
  const sorted = () => [...model].toSorted(([one], [other]) => one - other);
  for (let n = 0; n < 4_000; n += 1) {
    const key = Math.floor(random() * 400) * (random() < 0.1 ? 2 ** 33 : 1);
    if (random() < 0.4) {
      order = order.without(key);
      model.delete(key);
    } else {
      order = order.with(key, `${n}`);
      model.set(key, `${n}`);
    }
    if (n % 400 === 0) older.push([order, sorted()]);
  }
  for (const [then, was] of [...older, [order, sorted()] as const]) {
    expect([...then.entries()]).toEqual(was);
    expect([...then.reversed()]).toEqual(was.toReversed());
    for (const from of [-1, 200, 2 ** 40]) expect([...then.entries(from)]).toEqual(was.filter(([key]) => key >= from));
    expect(then.size).toBe(was.length);
    expect(then.first()).toEqual(was[0]);
    for (const [at, [key, value]] of was.entries()) {
      expect([then.has(key), then.get(key)]).toEqual([true, value]);
      expect(then.countWhile((other) => other < key)).toBe(at);
    }
  }
  expect(order.without(-1)).toBe(order);
  expect([order.has(-1), order.get(-1)]).toEqual([false, undefined]);
});

test('an order whose keys come one after the other stays shallow: a change copies few of them', () => {
  let order = PersistentOrder.of<number>();
  for (let key = 0; key < 100_000; key += 1) order = order.with(key, key);
  let looked = 0;
  order.countWhile((key) => {
    looked += 1;
    return key < 77_777;
  });
  expect(looked).toBeLessThan(60);
});
