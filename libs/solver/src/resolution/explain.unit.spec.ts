import { describe, expect, test } from '@jest/globals';
import type { Installed } from './environment.js';
import type { Explanation } from './explain.js';
import { requirement, bundle, capability, resolve, resource, type Needs } from './testing.js';
import type { Resource } from './resource.js';

const single = { singleton: true };
const versions = (count: number) => Array.from({ length: count }, (_, minor) => `1.${minor}.0`);

function explanation(needs: Needs, repository: readonly Resource[], installed?: Installed): Explanation {
  const found = resolve(needs, repository, installed);
  if (found.outcome !== 'unsatisfied') throw new Error(found.outcome);
  return found.explanation;
}
const text = (...args: Parameters<typeof explanation>) => explanation(...args).text.split('\n');

describe('an explanation', () => {
  test('names what is missing, what there is instead, who needs it, and what would do', () => {
    expect(
      text(['shop'], [resource('shop', ['guestbook@^1']), resource('guestbook', ['lib@^2.1']), resource('lib@2.0.0')]),
    ).toEqual([
      'Nothing provides lib@^2.1; there is 2.0.0. (shop@1.0.0 → guestbook@1.0.0)',
      '- shop is asked for: shop 1.0.0 must be there.',
      '- shop 1.0.0 needs guestbook@^1: guestbook 1.0.0 must be there.',
      '- guestbook 1.0.0 needs lib@^2.1, and nothing provides that: that cannot be.',
      'It would do if there were something that provides lib@^2.1.',
      'It would do if there were something other than guestbook@1.0.0 that provides guestbook@^1.',
    ]);
    expect(explanation(['a'], [resource('a', ['b@^2']), resource('b@2.0.0-rc.1')]).causes).toMatchObject([
      {
        kind: 'requires',
        requirement: 'b@^2',
        chains: [['a@1.0.0']],
        message: 'Nothing provides b@^2; there is 2.0.0-rc.1. A prerelease is taken only by a range that names one.',
      },
    ]);
    expect(text(['nosuch'], [])[0]).toBe('Nothing provides nosuch: no definition is called or offers that.');
  });

  test('says of versions that fail for the same reason that they do, as one', () => {
    const repository = [
      resource('shop', ['a']),
      ...versions(10).map((version) => resource(`a@${version}`, ['b@^3'])),
      ...versions(4).map((version) => resource(`b@${version}`)),
    ];
    expect(text(['shop'], repository)).toEqual([
      'Nothing provides b@^3; there are 1.3.0, 1.2.0, 1.1.0 and 1.0.0. (shop@1.0.0 → a@1.9.0)',
      '- every version of a (1.0.0 to 1.9.0) needs b@^3, and nothing provides that: no version of a (1.0.0 to 1.9.0) can be there.',
      '- shop is asked for: shop 1.0.0 must be there.',
      '- shop 1.0.0 needs a, and no version of a (1.0.0 to 1.9.0) can be there: that cannot be.',
      'It would do if there were something that provides b@^3.',
    ]);
    const some = [...repository, resource('a@2.0.0', ['c'])];
    expect(text(['shop'], some).join('\n')).toContain('a 1.0.0 to 1.9.0 need b@^3');
  });

  test('shows both ways to what clashes', () => {
    const repository = [
      resource('shop', ['a', 'b']),
      resource('a', ['c@^1']),
      resource('b', ['c@^2']),
      resource('c@1.0.0', [], single),
      resource('c@2.0.0', [], single),
    ];
    const { causes, fixes } = explanation(['shop'], repository);
    expect(causes).toHaveLength(1);
    expect(causes[0]).toMatchObject({
      kind: 'singleton',
      chains: [
        ['shop@1.0.0', 'a@1.0.0', 'c@1.0.0'],
        ['shop@1.0.0', 'b@1.0.0', 'c@2.0.0'],
      ],
      message: expect.stringContaining('There can be only one version of c, and more than one is needed.'),
    });
    expect(fixes.map(({ kind }) => kind)).toEqual(['side-by-side', 'provide', 'provide']);
  });

  test('supposes what does not follow straight, as where two ways fail for their own reasons', () => {
    const repository = [
      resource('root', ['foo@^1']),
      resource('foo@1.0.0', ['a@^1', 'b@^1'], single),
      resource('foo@1.1.0', ['x@^1', 'y@^1'], single),
      resource('a', ['b@^2'], single),
      resource('b@1.0.0', [], single),
      resource('b@2.0.0', [], single),
      resource('x', ['y@^2'], single),
      resource('y@1.0.0', [], single),
      resource('y@2.0.0', [], single),
    ];
    const lines = text(['root'], repository);
    const at = lines.indexOf('- Suppose foo 1.1.0 is there:');
    expect(lines.slice(at, at + 6)).toEqual([
      '- Suppose foo 1.1.0 is there:',
      '- foo 1.1.0 needs x@^1: x 1.0.0 must be there.',
      '- foo 1.1.0 needs y@^1: y 1.0.0 must be there.',
      '- x 1.0.0 needs y@^2: y 2.0.0 must be there.',
      '- There can be only one version of y: that cannot be.',
      '- So foo 1.1.0 is not there.',
    ]);
    expect(lines).toContain('- root 1.0.0 needs foo@^1, and only foo 1.0.0 is left for that: foo 1.0.0 must be there.');
  });

  test('names what cannot be made here, what is installed, what goes in a circle, and what there is not enough of', () => {
    const driver = { excluded: 'guest location "here" has no database driver.' };
    expect(text(['app'], [resource('app', ['db']), resource('db', [], driver)])).toEqual(
      expect.arrayContaining([
        'db 1.0.0 cannot be made here: guest location "here" has no database driver. (app@1.0.0 → db@1.0.0)',
        'It would do if db@1.0.0 could be made here.',
      ]),
    );
    const there = { resources: [{ ...resource('lib@1.0.0', [], single), id: 'instance/lib' }] };
    expect(text(['app'], [resource('app', ['lib@^2']), resource('lib@2.0.0', [], single)], there)).toEqual(
      expect.arrayContaining([
        'lib 1.0.0 is installed as instance/lib, and stays.',
        'It would do if instance/lib could be upgraded.',
      ]),
    );
    expect(text(['a'], [resource('a', ['b']), resource('b', ['c']), resource('c', ['a'])])[0]).toBe(
      'a@1.0.0 → b@1.0.0 → c@1.0.0 → a@1.0.0: each would have to be there before the other.',
    );
    const host = resource('h', [], { capabilities: [capability('slot', {}, { capacity: 1 })] });
    const users = ['u', 'v'].map((name) => resource(name, [requirement('slot;')]));
    expect(text(['u', 'v'], users, { resources: [host] })).toEqual(
      expect.arrayContaining(['h@1.0.0 has 1 of slot left, and 2 would be taken.', 'It would do if h@1.0.0 had more of slot.']),
    );
  });

  test('follows packages through uses', () => {
    const repository = [
      bundle('a', ['q@[1,1]'], ['p:q']),
      bundle('b', [], ['q@1.0']),
      bundle('c', [], ['q@2.0']),
      bundle('d', ['p', 'q@[2,3)'], []),
    ];
    expect(text(['d'], repository).slice(0, 6)).toEqual([
      'd 1.0.0 would get the package q from two places: b@1.0.0 and c@1.0.0.',
      '- d is asked for: d 1.0.0 must be there.',
      '- d 1.0.0 needs the package p: d@1.0.0 is wired to a@1.0.0.',
      '- a 1.0.0 needs the package q [1,1]: a@1.0.0 is wired to b@1.0.0.',
      '- Through p of a@1.0.0, d@1.0.0 has q from b@1.0.0.',
      '- d@1.0.0 cannot have q from both b@1.0.0 and c@1.0.0: d@1.0.0 is not wired to c@1.0.0.',
    ]);
  });

  test('does not say that a package would do which takes away another one', () => {
    const both = bundle('both', ['r@[1,2)'], ['r@2']);
    const { fixes } = explanation(['user'], [bundle('user', ['r@[2,3)'], []), both]);
    expect(fixes.map(({ message }) => message)).toEqual([
      'It would do if there were something other than both@1.0.0 that provides the package r [2,3).',
    ]);
  });

  test('tells of a long way its beginning and its end', () => {
    const chain = Array.from({ length: 500 }, (_, at) => resource(`c${at}`, [`c${at + 1}`]));
    const lines = text(['c0'], chain);
    expect(lines.length).toBeLessThan(12);
    expect(lines[0]).toContain('… (494 more)');
    expect(lines.join('\n')).toMatch(/So it goes on from each of them to the next, 49\d times/);
  });
});
