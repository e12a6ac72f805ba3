import { describe, expect, test } from '@jest/globals';
import { compare } from 'semver';
import { parseRange } from './range.js';
import { compareVersions, parseVersion } from './version.js';

const order = (a: string, b: string) => Math.sign(compareVersions(parseVersion(a)!, parseVersion(b)!));

describe('a version', () => {
  test('is one of OSGi or one of SemVer, and nothing else', () => {
    for (const text of ['1', '1.2', '1.2.3', '1.2.3.v20240101-x', '01.0', '1.2.3-rc.1', '1.2.3+build', ' 2.0 '])
      expect(parseVersion(text)).toBeDefined();
    for (const text of [
      '',
      'v1',
      '1.',
      '1.2.3.',
      '1.2.3-',
      '1.2.3.a b',
      '1.2.3-rc..1',
      '-1',
      '1,2',
      '9'.repeat(16),
      `1.2.3.${'x'.repeat(300)}`,
    ])
      expect([text, parseVersion(text)]).toEqual([text, undefined]);
  });

  test('is ordered as each specification says, and both in one order', () => {
    const rising = [
      '1',
      '1.0.1',
      '1.2.3-alpha',
      '1.2.3-alpha.1',
      '1.2.3-alpha.beta',
      '1.2.3-rc.2',
      '1.2.3-rc.11',
      '1.2.3',
      '1.2.3.A',
      '1.2.3.a',
      '1.10',
    ];
    for (const [at, one] of rising.entries())
      for (const [other, two] of rising.entries()) expect([one, two, order(one, two)]).toEqual([one, two, Math.sign(at - other)]);
    expect(order('1', '1.0.0')).toBe(0);
    expect(order('1.0.0+a', '1.0.0+b')).toBe(0);
  });

  test('of SemVer is ordered as the semver package orders it', () => {
    const all = [
      '1.0.0',
      '1.0.0-0',
      '1.0.0-a',
      '1.0.0-1',
      '1.0.0-1.a',
      '1.0.0-a.1',
      '2.0.0-a-b',
      '0.9.12',
      '1.0.0-beta.11',
      '1.0.0-beta.2',
    ];
    for (const one of all) for (const two of all) expect([one, two, order(one, two)]).toEqual([one, two, compare(one, two)]);
  });
});

describe('a range', () => {
  const includes = (range: string, version: string) => parseRange(range)?.includes(parseVersion(version)!);

  test('of OSGi is an interval', () => {
    const cases = {
      '[1.2.3,4.5.6)': [true, true, false],
      '[1.2.3,4.5.6]': [true, true, true],
      '(1.2.3,4.5.6)': [false, true, false],
      '(1.2.3, 4.5.6]': [false, true, true],
    };
    for (const [range, expected] of Object.entries(cases))
      expect(['1.2.3', '3', '4.5.6'].map((version) => includes(range, version))).toEqual(expected);
    expect(includes('[1.2.3,2)', '1.2.3-rc.1')).toBe(false);
    expect(includes('[1.2.3,2)', '1.2.3.q')).toBe(true);
  });

  test('of SemVer is as npm has it, and takes what bundles call themselves', () => {
    expect(['1.2.3', '1.9', '2.0.0', '2.0.0-rc.1', '1.3.0.v7'].map((version) => includes('^1.2.0', version))).toEqual([
      true,
      true,
      false,
      false,
      true,
    ]);
    expect(includes('1.2.3', '1.2.4')).toBe(false);
  });

  test('that is none is not taken for one', () => {
    for (const text of ['[1,2', '[1;2]', '[a,2)', 'new', '>>1']) expect(parseRange(text)).toBeUndefined();
  });
});
