import { describe, expect, test } from '@jest/globals';
import type { FieldError, JsonObject } from '@slipway/contracts';
import { readAttributes } from './attributes.js';
import { parseFilter } from './filter.js';
import { matchesFilter } from './match.js';

const read = (json: JsonObject) => {
  const errors: FieldError[] = [];
  return { attributes: readAttributes(json, 'attributes', errors), errors };
};
const matches = (filter: string, json: JsonObject) => matchesFilter(read(json).attributes, parseFilter(filter));

describe('a filter', () => {
  test('joins with & | !, nested, with space around what is no value', () => {
    const trial = { version: '2.1', edition: 'trial' };
    expect(matches('(&(version>=2)(!(edition=trial)))', trial)).toBe(false);
    expect(matches('(&(version>=2)(!(edition=trial)))', { version: '2.1' })).toBe(true);
    expect(matches('( | ( a=1 ) ( & (version<=3) (edition=trial) ) )', trial)).toBe(true);
    expect(matches('(!(|(a=*)(version=2.1)))', trial)).toBe(false);
    expect(matches('(&x=1)', { '&x': 1 })).toBe(true);
  });

  test('looks at attributes whatever their capitals, and matches nothing where one is missing', () => {
    expect(matches('(Cn=a)', { cN: 'a' })).toBe(true);
    for (const operation of ['(x=1)', '(x>=1)', '(x<=1)', '(x~=1)', '(x=*)', '(x=a*)', '(x=)'])
      expect(matches(operation, { y: 1 })).toBe(false);
    expect(matches('(!(x=1))', { y: 1 })).toBe(true);
  });

  test('compares by the type of the attribute', () => {
    const table: [filter: string, json: JsonObject, expected: boolean][] = [
      ['(n>=10)', { n: 9 }, false],
      ['(n>=10)', { n: '9' }, true],
      ['(n= 9 )', { n: 9 }, true],
      ['(n= 9 )', { n: '9' }, false],
      ['(n=9.0)', { n: 9 }, false],
      ['(n=9.0)', { 'n:Double': 9 }, true],
      ['(n>=9223372036854775807)', { 'n:Long': '9223372036854775807' }, true],
      ['(n>=9223372036854775806)', { 'n:Long': '9223372036854775805' }, false],
      ['(n=many)', { n: 1 }, false],
      ['(n<=1.5e1)', { n: 1.5 }, true],
      ['(v>=1.10)', { 'v:Version': '1.9' }, false],
      ['(v>=1.10)', { v: '1.9' }, true],
      ['(version>=1.10)', { version: '1.9' }, false],
      ['(version=1)', { version: '1.0.0' }, true],
      ['(version=x)', { version: '1.0.0' }, false],
      ['(b= TRUE )', { b: true }, true],
      ['(b=yes)', { b: false }, true],
      ['(name~=Big  Box)', { name: 'bigbox' }, true],
      ['(l=b)', { l: ['a', 'b'] }, true],
      ['(l>=3)', { l: ['x', 5] }, true],
      ['(l=*)', { l: [] }, true],
      ['(l=a)', { l: [] }, false],
      ['(l=a*c)', { l: ['b', 'abc'] }, true],
      ['(n=1*)', { n: 10 }, false],
      ['(v=1*)', { 'v:Version': '1.0' }, false],
    ];
    for (const [filter, json, expected] of table) expect([filter, json, matches(filter, json)]).toEqual([filter, json, expected]);
  });

  test('takes pieces of texts in order, without overlap', () => {
    for (const pattern of ['ab*', '*ba', 'a*a', '*b*', 'a*b*b*a', '**'])
      expect([pattern, matches(`(x=${pattern})`, { x: 'abba' })]).toEqual([pattern, true]);
    for (const pattern of ['abb*bba', 'b*', '*b', 'a*a*a', 'abba*a'])
      expect([pattern, matches(`(x=${pattern})`, { x: 'abba' })]).toEqual([pattern, false]);
  });

  test('escapes with a backslash, not with hexadecimal digits', () => {
    expect(matches('(x=\\(\\*\\)\\\\)', { x: '(*)\\' })).toBe(true);
    expect(matches('(x=a\\2ab)', { x: 'a*b' })).toBe(false);
    expect(matches('(x=a\\2ab)', { x: 'a2ab' })).toBe(true);
    expect(matches('(x>=\\*)', { x: '*' })).toBe(true);
    expect(matches('(x= a )', { x: ' a ' })).toBe(true);
    expect(matches('(x=)', { x: '' })).toBe(true);
  });

  test('of any depth is read and matched without recursion', () => {
    const depth = 10_000;
    expect(matches(`${'(!'.repeat(depth)}(x=1)${')'.repeat(depth)}`, { x: 1 })).toBe(true);
    expect(matches(`${'(&(x=1)'.repeat(depth)}(x=2)${')'.repeat(depth)}`, { x: 1 })).toBe(false);
    expect(() => parseFilter('(&'.repeat(100_000))).toThrow(/expected/);
  });

  test('that is wrong is refused with the place and what was expected there', () => {
    const cases: [string, RegExp][] = [
      ['', /filter: character 1: is empty/],
      ['x=1', /character 1: expected "\("/],
      ['(x=1', /character 5: expected "\)"/],
      ['(x=1))', /character 6: nothing may follow/],
      ['(x=1)(y=2)', /character 6: nothing may follow/],
      ['(=1)', /character 2: expected the name/],
      ['(x)', /character 3: expected one of = ~= >= <=/],
      ['(x>1)', /character 3: expected one of/],
      ['(x~1)', /character 3: expected one of/],
      ['(x>=)', /character 5: expected a value/],
      ['(x=a(b)', /character 5: a "\(" in a value/],
      ['(x=a\\', /character 6: expected a character behind/],
      ['(&)', /character 3: expected a filter/],
      ['(!(a=1)(b=2))', /character 8: expected "\)": "!" takes one/],
      ['(&(a=1)', /character 8: expected/],
      ['(a:b=1)x', /character 8: nothing/],
    ];
    for (const [text, message] of cases) expect(() => parseFilter(text)).toThrow(message);
  });

  test('names the equalities that must hold', () => {
    expect(parseFilter('(&(A=1)(|(b=2)(c=3))(&(d=4)(!(e=5)))(f=*)(g=h*))').equalities).toEqual([
      { attribute: 'a', value: '1' },
      { attribute: 'd', value: '4' },
    ]);
  });
});

describe('attributes', () => {
  test('have the types that they say, or that their values have', () => {
    const { attributes, errors } = read({
      a: 1,
      b: 1.5,
      c: true,
      d: 'x',
      version: '1.2',
      'e:Long': '7',
      'f:List<Long>': [1],
      'g:List': ['x'],
      h: [1, 'x'],
    });
    expect(errors).toEqual([]);
    expect([...attributes].map(([name, value]) => [name, Array.isArray(value) ? 'list' : typeof value])).toEqual([
      ['a', 'bigint'],
      ['b', 'number'],
      ['c', 'boolean'],
      ['d', 'string'],
      ['version', 'object'],
      ['e', 'bigint'],
      ['f', 'list'],
      ['g', 'list'],
      ['h', 'list'],
    ]);
  });

  test('that are wrong are named with the reason', () => {
    const wrong = JSON.parse(
      '{"a":null,"b":{"c":1},"B":1,"b:Long":"x","v:Version":"new","t:Color":"red","l:List<Long>":["x"],"x=y":1,"n:Long":99999999999999999999,"__proto__":{"a":1}}',
    ) as JsonObject;
    const { errors } = read(wrong);
    expect(errors.map(({ field }) => field)).toEqual(
      ['a', 'b', 'b:Long', 'v:Version', 't:Color', 'l:List<Long>', 'x=y', 'n:Long', '__proto__'].map(
        (name) => `attributes.${name}`,
      ),
    );
    expect(errors.find(({ field }) => field.endsWith('t:Color'))!.reason).toContain('String, Boolean, Long, Double, Version');
    expect(read({ a: 1, A: 2 }).errors[0]!.reason).toContain('twice');
  });
});
