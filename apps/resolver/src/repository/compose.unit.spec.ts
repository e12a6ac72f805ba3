import { describe, expect, test } from '@jest/globals';
import type { Layer } from '@slipway/contracts';
import { compose } from './compose.js';
import type { LayeredPackage } from './stack.js';

const pack = (layer: Layer, name: string, ...keys: string[]): LayeredPackage => ({
  layer,
  name,
  source: layer,
  definitions: keys.map((key) => ({ name: key, version: '1.0.0' })),
});
const names = (packages: readonly (LayeredPackage | undefined)[]) => packages.map((one) => one?.name);

describe('what is in force together', () => {
  const inForce = pack('local', 'old', 'a');
  const newest = pack('local', 'new', 'b');

  test('is the newest that is good', () => {
    const { stack, inForce: now, refusals } = compose([], [{ inForce, newest }, { newest: pack('default', 'd', 'a') }]);
    expect([names(now), refusals]).toEqual([
      ['new', 'd'],
      [undefined, undefined],
    ]);
    expect(names(stack.packages())).toEqual(['new', 'd']);
  });

  test('is the last good one, where the newest collides with what was decided', () => {
    const { inForce: now, refusals } = compose([pack('dynamic', 'uploaded', 'b')], [{ inForce, newest }]);
    expect(names(now)).toEqual(['old']);
    expect(refusals).toEqual([expect.objectContaining({ layer: 'dynamic', package: 'uploaded', key: 'b@1.0.0' })]);
  });

  test('is nothing, where even the last good one collides with what was decided since, and it comes back when that is gone', () => {
    const entry = { inForce, newest: inForce };
    const refused = compose([pack('dynamic', 'uploaded', 'a')], [entry]);
    expect([names(refused.inForce), refused.refusals[0]?.layer]).toEqual([[undefined], 'dynamic']);
    expect(names(compose([], [{ newest: inForce }]).inForce)).toEqual(['old']);
  });

  test('does not depend on the order, where one lets go what the other takes', () => {
    const entries = [
      { inForce: pack('default', 'one', 'a'), newest: pack('default', 'one', 'b') },
      { inForce: pack('default', 'two', 'b'), newest: pack('default', 'two', 'c') },
    ];
    for (const all of [entries, entries.toReversed()]) {
      const { stack, refusals } = compose([], all);
      expect(refusals).toEqual([undefined, undefined]);
      expect(['a', 'b', 'c'].map((key) => stack.read(`${key}@1.0.0`)?.package.name)).toEqual([undefined, 'one', 'two']);
    }
  });

  test('is what was in force, where a newcomer brings the same', () => {
    const entries = [
      { newest: pack('default', 'a', 'x') },
      { inForce: pack('default', 'b', 'x'), newest: pack('default', 'b', 'x') },
    ];
    entries[1]!.newest = entries[1]!.inForce!;
    const { inForce: now, refusals } = compose([], entries);
    expect([names(now), refusals[0]?.package]).toEqual([[undefined, 'b'], 'b']);
  });
});
