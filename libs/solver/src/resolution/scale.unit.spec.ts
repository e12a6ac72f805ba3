import { describe, expect, test } from '@jest/globals';
import { resolveRequirements, type Resolution } from './resolution.js';
import type { Resource } from './resource.js';
import { bundle, input, resource, type Needs } from './testing.js';

const SIZE = 1000;
const all = <T>(count: number, make: (at: number) => T): T[] => Array.from({ length: count }, (_, at) => make(at));
const majors = (count: number) => all(count, (at) => `${at + 1}.0.0`);

/** What grows faster than the model does does not end within so many steps; time is not looked at. */
function within(steps: number, needs: Needs, repository: readonly Resource[]): Resolution {
  return resolveRequirements({ ...input(needs, repository), limits: { steps } });
}

const chain = (last: Needs) =>
  all(SIZE, (at) => majors(10).map((version) => resource(`c${at}@${version}`, at + 1 < SIZE ? [`c${at + 1}`] : last))).flat();

const diamonds = (last: (side: string) => Needs) =>
  all(SIZE, (at) =>
    ['l', 'r'].flatMap((side) =>
      majors(2).map((version) => resource(`${side}${at}@${version}`, at + 1 < SIZE ? [`l${at + 1}`, `r${at + 1}`] : last(side))),
    ),
  ).flat();

describe('models that are large', () => {
  test('chains of a thousand, with a solution and without', () => {
    expect(within(50_000, ['c0'], chain([]))).toMatchObject({ outcome: 'install', selected: { length: SIZE } });
    expect(within(100_000, ['c0'], chain(['missing']))).toMatchObject({ outcome: 'unsatisfied' });
  });

  test('a thousand diamonds, with a solution, without one at the end, and with a clash there', () => {
    expect(
      within(
        50_000,
        ['l0', 'r0'],
        diamonds(() => []),
      ),
    ).toMatchObject({ outcome: 'install', selected: { length: 2 * SIZE } });
    expect(
      within(
        100_000,
        ['l0', 'r0'],
        diamonds(() => ['missing']),
      ),
    ).toMatchObject({ outcome: 'unsatisfied' });
    const clash = [
      ...diamonds((side) => [`z@^${side === 'l' ? 1 : 2}`]),
      ...majors(2).map((one) => resource(`z@${one}`, [], { singleton: true })),
    ];
    expect(within(200_000, ['l0', 'r0'], clash)).toMatchObject({ outcome: 'unsatisfied' });
  });

  test('a thousand that must agree on one version, which the last one says', () => {
    const agree = all(SIZE, (at) => majors(10).map((version) => resource(`d${at}@${version}`, [`s@<=${version}`]))).flat();
    const repository = [
      ...agree,
      ...majors(10).map((one) => resource(`s@${one}`, [], { singleton: true })),
      resource('k', ['s@1.0.0']),
    ];
    const needs = [...all(SIZE, (at) => `d${at}`), 'k'];
    expect(within(100_000, needs, repository)).toMatchObject({ outcome: 'install', selected: { length: SIZE + 2 } });
  });

  test('bundles that all use one package, of which an old one wants the first version', () => {
    const count = 200;
    const bundles = all(count, (at) =>
      majors(2).map((version) =>
        bundle(`b${at}@${version}`, at + 1 < count ? [`p${at + 1}`, 'core'] : ['core'], [`p${at}@${version}:core`]),
      ),
    ).flat();
    const repository = [
      ...bundles,
      bundle('core@1.0.0', [], ['core@1']),
      bundle('core@2.0.0', [], ['core@2']),
      bundle('old', ['core@[1,2)', 'p0'], []),
    ];
    const found = within(500_000, ['b0', 'old'], repository);
    expect(found).toMatchObject({ outcome: 'install', selected: { length: count + 2 } });
  });

  test('copies that need copies, where copies can be alike', () => {
    const copies = all(30, (at) =>
      resource(`u${at}`, at < 29 ? [`u${at + 1}`, { ...resource('x', [`u${at + 1}`]).requirements[0]!, name: 'again' }] : [], {
        shared: false,
      }),
    );
    expect(within(1_000, ['u0'], copies)).toMatchObject({ outcome: 'install', selected: { length: 30 } });
  });
});
