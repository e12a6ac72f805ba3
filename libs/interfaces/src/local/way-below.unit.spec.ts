import { expect, test } from '@jest/globals';
import { wayBelow } from './way-below.js';

test.each([
  ['/data', '/data', ''],
  ['/data', '/data/a/b', 'a/b'],
  ['/data', '/data/../data/a', 'a'],
  ['/data', '/data/..key', '..key'],
  ['/', '/a', 'a'],
  ['/data', '/', undefined],
  ['/data', '/database', undefined],
  ['/data', '/data/../a', undefined],
  ['/data', '/a/data', undefined],
])('from %s the way down to %s is %s', (folder, path, way) => {
  expect(wayBelow(folder, path)).toBe(way);
});
