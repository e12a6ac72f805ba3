import { describe, expect, test } from '@jest/globals';
import { ContentDocument, problemLine } from './document.js';

const problems = (text: string, file = 'p.yaml') => new ContentDocument(file, text).problems.map(problemLine);

/** One list more in each line. */
const nest = `a0: &a0 []\n${Array.from({ length: 80 }, (_, n) => `a${n + 1}: &a${n + 1} [*a${n}]\n`).join('')}`;

/** 9^8 times "x", in 8 lines. */
const bomb = `a0: &a0 x\n${[0, 1, 2, 3, 4, 5, 6, 7].map((n) => `a${n + 1}: &a${n + 1} [${Array(9).fill(`*a${n}`).join(', ')}]\n`).join('')}`;

describe('a content file', () => {
  test('is read as JSON values, from YAML and from JSON', () => {
    const value = { name: 'p', when: '2026-01-01', list: [1, true, null] };
    expect(new ContentDocument('p.yaml', 'name: p\nwhen: 2026-01-01\nlist: [1, true, null]\n').value).toEqual(value);
    expect(new ContentDocument('p.json', JSON.stringify(value)).value).toEqual(value);
  });

  test('may say something once and mean it twice', () => {
    const value = new ContentDocument('p.yaml', 'a: &x {y: 1}\nb: *x\n').value as { a: object; b: object };
    expect(value).toEqual({ a: { y: 1 }, b: { y: 1 } });
    expect(value.a).not.toBe(value.b);
  });

  test('knows where each field stands, and for a missing one where it should', () => {
    const document = new ContentDocument('p.yaml', 'name: p\ndefinitions:\n  - name: a\n    spec:\n      mode: "9"\n');
    const line = (...path: string[]) => problemLine(document.problemAt(path, 'is wrong'));
    expect(line('definitions', '0', 'spec', 'mode')).toBe('p.yaml:5:13: definitions.0.spec.mode is wrong');
    expect(line('definitions', '0', 'version')).toBe('p.yaml:3:5: definitions.0.version is wrong');
    expect(line('version')).toBe('p.yaml:1:1: version is wrong');
    expect(line()).toBe('p.yaml:1:1: is wrong');
  });

  test.each([
    ['a file that is not YAML', 'name: [p', /^p\.yaml:\d+:\d+: /],
    ['a field that stands twice', 'name: p\nname: q\n', /^p\.yaml:2:1: Map keys must be unique/],
    ['an alias of itself', 'a: &x [*x]\n', /^p\.yaml:1:8: \*x stands within what it names$/],
    ['an alias of nothing', 'a: *x\nb: &x 1\n', /^p\.yaml:1:4: \*x names nothing: its anchor, &x, must stand before it$/],
    ['aliases that multiply', bomb, /^p\.yaml:8:\d+: with \*a6 the aliases make more than 4194304 bytes/],
    ['few aliases of much', `a: &a ${'x'.repeat(1024 ** 2)}\nb: [${Array(5).fill('*a').join()}]\n`, /^p\.yaml:2:14: with \*a/],
    ['aliases that nest', nest, /^p\.yaml:64:\d+: with \*a62 it is nested more than 64 deep$/],
    [
      'more aliases than any needs',
      `a: &a 1\nb: [${Array(1000).fill('*a').join()}]\n`,
      /^p\.yaml:2:3002: has more than 1000 anchors/,
    ],
    ['a tag of its own', 'a: !!js/function "x"\n', /^p\.yaml:1:4: .*tag/],
    ['a date, a set or bytes by tag', 'a: !!binary aGk=\n', /tag/],
    ['a prototype key', 'a:\n  __proto__: {x: 1}\n', /^p\.yaml:2:3: "__proto__" cannot be a field’s name$/],
    ['a constructor key', 'constructor: {x: {}}\n', /"constructor" cannot/],
    ['a key that is a list', '? [a, b]\n: 1\n', /must be a text/],
    ['a key that is a number', '1: a\n', /^p\.yaml:1:1: a field’s name must be a text$/],
    ['a number that JSON does not have', 'a: .inf\n', /^p\.yaml:1:4: must be a finite number$/],
    ['two documents', 'a: 1\n---\nb: 2\n', /document/],
    ['a list', '- a\n', /^p\.yaml:1:1: must be an object .*, not a list$/],
    ['nothing', '', /must be an object/],
    ['more than 4 MiB', `a: ${'x'.repeat(4 * 1024 * 1024)}`, /^p\.yaml: has more than 4194304 bytes$/],
  ])('with %s is refused', (_what, text, expected) => {
    expect(problems(text)).toEqual([expect.stringMatching(expected)]);
    expect(new ContentDocument('p.yaml', text).value).toBeUndefined();
  });

  test('in JSON must be JSON, not YAML that looks like it', () => {
    expect(problems('{"a": 1,}', 'p.json')[0]).toMatch(/^p\.json: is not JSON: /);
    expect(problems('{a: 1}', 'p.json')[0]).toMatch(/is not JSON/);
    expect(problems('{"a": 1, "a": 2}', 'p.json')[0]).toMatch(/^p\.json:1:10: Map keys must be unique/);
  });

  test('with thousands of nested brackets is refused, not a crash', () => {
    expect(problems(`a: ${'['.repeat(20_000)}`).length).toBeGreaterThan(0);
  });
});
