import { expect, test } from '@jest/globals';
import { nameOnServer } from './naming.js';

const called = (environment: string, name: string, generation = 1, mesh = 'dev') =>
  nameOnServer(mesh, { resource: { environment, kind: 'database', name }, generation, epoch: 1 });
const LONG = 'a-'.repeat(31) + 'a';

test('a name can be read, and needs no quotes', () => {
  expect(called('default', 'shop-db', 12)).toMatch(/^default_shop_db_g12_[0-9a-f]{12}$/);
  for (const name of [called('9', '9'), called(LONG, LONG, 1_000_000), called('a--b', 'c')])
    expect(name).toMatch(/^[a-z][a-z0-9_]*$/);
});

test('names differ by mesh, environment, name and generation, however long and alike they are', () => {
  const names = [
    ...[called(LONG, LONG), called(LONG, `${LONG.slice(0, -1)}b`), called(LONG, LONG, 2), called(LONG, LONG, 1, 'test')],
    ...[called('a', 'b-c'), called('a-b', 'c'), called('a', 'b--c')],
  ];
  expect(new Set(names).size).toBe(names.length);
});

test('the longest is short enough for PostgreSQL (63), and for MariaDB (64) with an attempt behind it and each _ escaped', () => {
  for (const name of [called(LONG, LONG, 99_999), called('a'.repeat(63), 'b'.repeat(63))]) {
    expect(name.length).toBeLessThanOrEqual(63);
    expect(`${name}_01234567`.replaceAll('_', '\\_').length).toBeLessThanOrEqual(64);
  }
});
