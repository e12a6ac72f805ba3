import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { check, refusalOf, SEED } from '../testing/seed.js';
import { parseClauses, type Clause } from './clauses.js';
import { filterFault } from './filter-syntax.js';
import { parseOsgiRange, parseOsgiVersion, rangeOperations, versionText } from './version.js';

const plain = ({ paths, attributes, directives }: Clause) => ({
  paths: paths.map(({ text }) => text),
  attributes: [...attributes].map(([name, { text, type }]) => [name, text, type]),
  directives: [...directives].map(([name, { text }]) => [name, text]),
});
const read = (text: string) => parseClauses('Export-Package', text).map(plain);

describe('a header', () => {
  test('is clauses of paths, attributes with types, and directives', () => {
    expect(read('org.a; org.b ;version="1.2";size:Long = 5;uses:="org.c,org.d" , org.e;x:List<String>="a,b"')).toEqual([
      {
        paths: ['org.a', 'org.b'],
        attributes: [
          ['version', '1.2', undefined],
          ['size', '5', 'Long'],
        ],
        directives: [['uses', 'org.c,org.d']],
      },
      { paths: ['org.e'], attributes: [['x', 'a,b', 'List<String>']], directives: [] },
    ]);
  });

  test('a quoted value may have all in it; a backslash before a quotation mark or a backslash is taken away', () => {
    expect(read(String.raw`a;b="x,y;z=\"q\" \\ \(";f:=(&(a=b)(c>=1))`)[0]).toMatchObject({
      attributes: [['b', String.raw`x,y;z="q" \ \(`, undefined]],
      directives: [['f', '(&(a=b)(c>=1))']],
    });
  });

  test.each([
    ['', /Export-Package: character 1: something is missing here/],
    ['org.a,,org.b', /character 7: something is missing here/],
    ['org.a,', /character 7: something is missing here/],
    ['org.a;', /character 7: something is missing here/],
    ['version=1', /character 1: a clause begins with a path/],
    ['org.a;version=1;org.b', /character 17: "org.b" has no value; a path stands before all parameters/],
    ['org.a;version=', /character 15: expected a value/],
    ['org.a;version="1', /character 15: this quotation mark is never closed/],
    ['org.a;version="1\\', /character 15: this quotation mark is never closed/],
    ['org.a;version="1"2', /character 18: expected "," or ";" behind a quoted value/],
    ['org.a;version=1"2"', /character 16: a value with a quotation mark in it is quoted as a whole/],
    ['"org.a"', /character 1: a quotation mark stands only behind "=" or ":="/],
    ['org.a;version=1;version=2', /character 17: "version" is there twice in one clause/],
    ['org.a;uses:=b;uses:=c', /character 15: "uses" is there twice in one clause/],
    ['org.a;org.a', /character 7: "org.a" is there twice in one clause/],
    ['org.a;a b=1', /character 7: "a b" is no name of a parameter/],
    ['org.a;a:b:c=1', /character 7: "a:b:c" is no name of a parameter/],
    ['org.a;=1', /character 7: "" is no name of a parameter/],
  ])('%j is refused, with the column', (text, reason) => {
    expect(refusalOf(() => read(text))).toMatch(reason);
  });

  const token = fc.stringMatching(/^[A-Za-z0-9_.-]{1,12}$/);
  const value = fc.string({ unit: 'grapheme', maxLength: 20 });
  const parameters = fc.uniqueArray(fc.tuple(token, value), { selector: ([name]) => name, maxLength: 4 });
  const clause = fc.record({
    paths: fc.uniqueArray(token, { minLength: 1, maxLength: 3 }),
    attributes: parameters,
    directives: parameters,
  });
  const quoted = (text: string) => `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
  const written = ({
    paths,
    attributes,
    directives,
  }: {
    paths: string[];
    attributes: [string, string][];
    directives: [string, string][];
  }) =>
    [
      ...paths,
      ...attributes.map(([name, text]) => `${name}=${quoted(text)}`),
      ...directives.map(([name, text]) => `${name}:=${quoted(text)}`),
    ].join(';');

  test(`round trip (SLIPWAY_SEED=${SEED})`, () =>
    check(
      fc.property(fc.array(clause, { minLength: 1, maxLength: 4 }), (clauses) => {
        expect(read(clauses.map(written).join(','))).toEqual(
          clauses.map(({ paths, attributes, directives }) => ({
            paths,
            attributes: attributes.map(([name, text]) => [name, text, undefined]),
            directives,
          })),
        );
      }),
    ));

  test(`any text is read or refused clearly (SLIPWAY_SEED=${SEED})`, () => {
    const likely = fc
      .array(fc.constantFrom('a', ';', ',', '=', ':=', ':', '"', '\\', ' ', '1', '__proto__'), { maxLength: 30 })
      .map((words) => words.join(''));
    return check(
      fc.property(fc.oneof(likely, fc.string({ unit: 'binary' })), (text) => void refusalOf(() => read(text))),
      1000,
    );
  });

  test('many paths and clauses are read, too many are refused before they take memory', () => {
    const words = (count: number, glue: string) => Array.from({ length: count }, (_, at) => `p${at}`).join(glue);
    expect(read(words(20_000, ';'))[0]!.paths).toHaveLength(20_000);
    expect(read(words(20_000, ','))).toHaveLength(20_000);
    for (const glue of [',', ';'])
      expect(refusalOf(() => read(words(1_000_000, glue)))).toMatch(/it has more than 20000 paths and parameters/);
    expect(refusalOf(() => read(`a;${words(101, '=1;')}=1`))).toMatch(/a clause has at most 100 parameters/);
  });
});

describe('a version', () => {
  test.each([
    ['1', '1.0.0'],
    ['1.2', '1.2.0'],
    [' 1.2.3 ', '1.2.3'],
    ['1.02.3.v2024-x_y', '1.2.3.v2024-x_y'],
  ])('%j is %j in full', (text, full) => expect(versionText(parseOsgiVersion(text)!)).toBe(full));

  test.each(['', 'a', '1.', '1..2', '1.2.3.', '1.2.3.a.b', '1.2-SNAPSHOT', '-1', '1.2.3.ü', '3000000000', '1 .2'])(
    '%j is none',
    (text) => expect(parseOsgiVersion(text)).toBeUndefined(),
  );

  test.each([
    ['1.2', ['(version>=1.2.0)']],
    ['0', []],
    ['[1,2)', ['(version>=1.0.0)', '(!(version>=2.0.0))']],
    ['( 1 , 2 ]', ['(!(version<=1.0.0))', '(version<=2.0.0)']],
  ])('the range %j is %j in a filter', (text, operations) =>
    expect(rangeOperations('version', parseOsgiRange(text)!)).toEqual(operations),
  );

  test.each(['', '[1,2', '1,2)', '[1]', '[a,2)', '[1,2,3)', '^1.0.0', '>=1'])('%j is no range', (text) =>
    expect(parseOsgiRange(text)).toBeUndefined(),
  );
});

describe('a filter', () => {
  test.each([
    '(a=b)',
    '(a=*)',
    '(a=)',
    ' ( & (a=b) ( ! (c~=d e) ) )',
    '(|(a>=1)(b<=2))',
    String.raw`(a=\(\)\*\\)`,
    '(&=x)',
    '(a b=c)',
  ])('%j is one', (text) => expect(filterFault(text)).toBeUndefined());

  test.each([
    ['', 1, 'expected "("'],
    ['a=b', 1, 'expected "("'],
    ['(a=b', 1, 'expected "(attribute=value)"'],
    ['(a>=)', 1, 'expected "(attribute=value)"'],
    ['(=b)', 1, 'expected "(attribute=value)"'],
    ['(&)', 1, 'expected a filter in parentheses'],
    ['(&(a=b)', 8, 'expected "("'],
    ['(!(a=b)(c=d))', 8, '"!" takes one filter'],
    ['(a=b)(c=d)', 6, 'nothing may follow the filter'],
    ['(&(a=b)(c=(d)))', 8, 'expected "(attribute=value)"'],
  ])('%j is none, from character %d on', (text, at, reason) => {
    expect(filterFault(text)).toMatchObject({ at, reason: expect.stringContaining(reason) });
  });

  test('nested 100,000 deep is looked at', () => {
    const [open, close] = ['(!'.repeat(100_000), ')'.repeat(100_000)];
    expect(filterFault(`${open}(a=b)${close}`)).toBeUndefined();
    expect(filterFault(`${open}(a=b)`)).toMatchObject({ at: 200_006 });
  });
});
