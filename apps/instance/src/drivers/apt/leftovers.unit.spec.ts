import { describe, expect, test } from '@jest/globals';
import { dpkgPackagesIn, leftovers } from './leftovers.js';

/** Packages by what they need, `name: needs`, with what they provide behind `/`. */
const dpkg = (all: Record<string, string>) =>
  Object.entries(all).map(([name, said]) => {
    const [needs = '', provides = ''] = said.split('/');
    return { name, version: '1.0', status: 'installed', provides, needs };
  });
const of = (all: Record<string, string>, brought: string[], manual: string[] = []) =>
  leftovers(dpkg(all), new Set(brought), new Set(manual));

describe('what nothing needs any more', () => {
  test.each<[string, Record<string, string>, string[], string[], string[]]>([
    ['all that was brought', { app: 'lib (>= 1.0)', lib: 'libc6', libc6: '' }, ['app', 'lib'], [], ['app', 'lib']],
    ['not what was there before', { app: 'lib', lib: '' }, ['app'], [], ['app']],
    [
      'not what a person wants, nor what that needs',
      { app: 'lib', lib: '', beside: '' },
      ['app', 'lib', 'beside'],
      ['app'],
      ['beside'],
    ],
    [
      'not what stays needs, over several',
      { theirs: 'a', a: 'b', b: 'c:any (>= 2)', c: '', d: '' },
      ['a', 'b', 'c', 'd'],
      [],
      ['d'],
    ],
    ['circles among themselves', { a: 'b', b: 'a' }, ['a', 'b'], [], ['a', 'b']],
    ['not circles of which something needs one', { a: 'b', b: 'a', theirs: 'b' }, ['a', 'b'], [], []],
    ['not an alternative', { theirs: 'x | y, z', x: '', y: '' }, ['y'], [], []],
    ['not what provides it', { theirs: 'mail-agent', exim: '/mail-agent (= 4), mta' }, ['exim'], [], []],
    ['nothing that is not there', {}, ['gone'], [], []],
  ])('goes only what was brought, nobody wants, and nothing that stays needs: %s', (_, all, brought, manual, gone) => {
    expect(of(all, brought, manual)).toEqual(gone);
  });

  test('what is only known by name, or has left its configuration, is not there', () => {
    const lines = [
      'a\t1.0\tinstalled\t\tlibc6, b',
      'b\t2.0\tconfig-files\t\t',
      'c\t\tnot-installed\t\t',
      'd\t1\thalf-configured\t\t',
      '',
    ];
    expect(dpkgPackagesIn(lines).map(({ name, needs }) => [name, needs])).toEqual([
      ['a', 'libc6, b'],
      ['d', ''],
    ]);
  });
});
