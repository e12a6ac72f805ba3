import { expect, test } from '@jest/globals';
import { seeded } from '@slipway/mesh/testing';
import { PersistentMap } from './persistent-map.js';

const seed = Number(process.env['SLIPWAY_SEED'] ?? Date.now() % 1_000_000);

test(`behaves as a Map, and older ones stay as they were (SLIPWAY_SEED=${seed})`, () => {
  const random = seeded(seed);
  const model = new Map<string, number>();
  let map = PersistentMap.of<number>();
  const older: [PersistentMap<number>, Map<string, number>][] = [];
  for (let n = 0; n < 5_000; n += 1) {
    const key = `storage/shop-${Math.floor(random() * 500)}`;
    if (random() < 0.3) {
      map = map.without(key);
      model.delete(key);
    } else {
      map = map.with(key, n);
      model.set(key, n);
    }
    if (n % 500 === 0) older.push([map, new Map(model)]);
  }
  for (const [then, was] of [...older, [map, model] as const]) {
    expect(new Map(then.entries())).toEqual(was);
    expect(then.size).toBe(was.size);
    for (const [key, value] of was) expect(then.get(key)).toBe(value);
  }
  expect(map.without('nothing')).toBe(map);
  expect(new Map(PersistentMap.of(map.entries()).entries())).toEqual(model);
});

test('keys with numbers that follow each other stand together, however many there are', () => {
  const keys = Array.from({ length: 20_000 }, (_, number) => `default.lease-${number}`);
  const placeOf = new Map([...PersistentMap.of(keys.map((key) => [key, true])).entries()].map(([key], place) => [key, place]));
  for (let ten = 10; ten < keys.length; ten += 10) {
    const places = keys.slice(ten, ten + 10).map((key) => placeOf.get(key)!);
    expect(Math.max(...places) - Math.min(...places)).toBeLessThan(12);
  }
});
