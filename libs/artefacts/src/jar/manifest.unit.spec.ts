import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { manifestBytes } from '../testing/jar.js';
import { check, refusalOf, SEED } from '../testing/seed.js';
import { parseManifest, valueOf } from './manifest.js';

const read = (text: string | Buffer) => parseManifest(Buffer.from(text));
const pairs = (text: string) => [...read(text).main.values()].map(({ name, value }) => [name, value]);

describe('a manifest', () => {
  test.each([
    ['lines that end with LF', 'A: 1\nB: 2\n'],
    ['lines that end with CR LF', 'A: 1\r\nB: 2\r\n'],
    ['lines that end with CR', 'A: 1\rB: 2\r'],
    ['a last line that does not end', 'A: 1\nB: 2'],
    ['lines that are continued', 'A: \n 1\nB: \r\n 2\r\n'],
    ['sections behind them', 'A: 1\nB: 2\n\nName: x\nC: 3\n'],
    ['blank lines at its end', 'A: 1\nB: 2\n\n\n'],
  ])('is read with %s', (_what, text) => {
    expect(pairs(text)).toEqual([
      ['A', '1'],
      ['B', '2'],
    ]);
  });

  test('capitals make no difference in names, and spaces at the end belong to the value', () => {
    expect(valueOf(read('bundle-VERSION: 1 \n').main, 'Bundle-Version')).toBe('1 ');
  });

  test('a character whose bytes stand on two lines is one', () => {
    const value = 'ü'.repeat(100);
    const bytes = manifestBytes([['Ab', value]]);
    expect(bytes.toString()).toContain('\uFFFD');
    expect(valueOf(parseManifest(bytes).main, 'Ab')).toBe(value);
  });

  test('lines are written with at most 72 bytes, and longer ones are read', () => {
    const lines = manifestBytes([['Import-Package', 'p'.repeat(500)]])
      .toString()
      .split('\r\n');
    expect(Math.max(...lines.map((line) => line.length))).toBe(72);
    expect(valueOf(read(`A: ${'x'.repeat(5000)}\n`).main, 'A')).toHaveLength(5000);
  });

  test('sections are found by their names; several of one name are one', () => {
    const { entries } = read('A: 1\n\nName: x\nB: 2\n\n\nName: y\n\nName: x\nC: 3\n');
    expect([...entries].map(([name, section]) => [name, section.size])).toEqual([
      ['x', 3],
      ['y', 1],
    ]);
  });

  test('the same value twice is one', () => expect(pairs('A: 1\na: 1\n')).toEqual([['a', '1']]));

  test('one that is empty says nothing', () => expect(read('').main.size).toBe(0));

  test.each([
    ['A: 1\nA: 2\n', /line 2: A is there twice, with two values/],
    [' A: 1\n', /line 1: it begins with a space, but there is nothing that it could continue/],
    ['A: 1\n\n x\n', /line 3: it begins with a space/],
    ['A 1\n', /line 1: expected a name .* but it is "A 1"/],
    ['A:1\n', /line 1: expected a name/],
    ['Ä: 1\n', /line 1: expected a name/],
    [`${'A'.repeat(71)}: 1\n`, /line 1: expected a name of at most 70/],
    ['\uFEFFA: 1\n', /line 1: expected a name/],
    ['A: 1\nB: \0\n', /line 2: a value has no NUL in it/],
    ['A: 1\n\nB: 2\n', /the section with "B" does not begin with "Name"/],
    ['A: 1\n\nName: x\nB: 1\n\nName: x\nB: 2\n', /the sections of "x": B is there twice, with two values/],
  ])('%j is refused, with the line', (text, reason) => {
    expect(refusalOf(() => read(text))).toMatch(reason);
  });

  test('one that is no UTF-8 is refused, with the line', () => {
    expect(refusalOf(() => read(Buffer.from([0x41, 0x3a, 0x20, 0xff, 0x0a])))).toMatch(
      /META-INF\/MANIFEST\.MF: line 1: it is no UTF-8/,
    );
  });

  test('one of more attributes than an archive can need is refused', () => {
    expect(read('Name: a\n\n'.repeat(300_000)).entries.size).toBe(1);
    expect(refusalOf(() => read('Name: a\n\n'.repeat(300_001)))).toMatch(/it has more than 300000 attributes/);
  });

  const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,69}$/).filter((one) => one.toLowerCase() !== 'name');
  const value = fc.string({ unit: 'grapheme', maxLength: 300 }).filter((one) => !/[\0\r\n]/.test(one));
  const section = fc.uniqueArray(fc.tuple(name, value), { selector: ([one]) => one.toLowerCase(), maxLength: 6 });

  test(`round trip (SLIPWAY_SEED=${SEED})`, () =>
    check(
      fc.property(
        section,
        fc.dictionary(
          value.filter((one) => one !== ''),
          section,
          { maxKeys: 4 },
        ),
        (main, entries) => {
          const manifest = parseManifest(manifestBytes(main, entries));
          expect([...manifest.main.values()].map((one) => [one.name, one.value])).toEqual(main);
          for (const [key, written] of Object.entries(entries))
            expect([...manifest.entries.get(key)!.values()].slice(1).map((one) => [one.name, one.value])).toEqual(written);
        },
      ),
    ));

  test(`any bytes are read or refused clearly (SLIPWAY_SEED=${SEED})`, () => {
    const likely = fc
      .array(fc.constantFrom('A', 'Name', ': ', ':', ' ', '\n', '\r', '\r\n', 'ü', '\0', 'x'), { maxLength: 40 })
      .map((words) => Buffer.from(words.join('')));
    const any = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes));
    return check(
      fc.property(fc.oneof(likely, any), (bytes) => void refusalOf(() => parseManifest(bytes))),
      1000,
    );
  });
});
