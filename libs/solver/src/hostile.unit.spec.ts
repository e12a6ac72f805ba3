import type { ResourceDefinition } from '@slipway/contracts';
import { LINEAR, growthOf } from '@slipway/contracts/testing';
import { describe, expect, it } from '@jest/globals';
import { readAttributes } from './attribute/attributes.js';
import { parseFilter } from './attribute/filter.js';
import { matchesFilter } from './attribute/match.js';
import { parseRange } from './attribute/range.js';
import { parseVersion } from './attribute/version.js';
import { fillingErrors, offeringsNamed, withChoices } from './definition/offerings.js';

const repeated = (piece: string) => (length: number) => piece.repeat(length / piece.length);
const says = (text: string) => ({ spec: { environment: { TEXT: text } } }) as unknown as ResourceDefinition;
const attributes = (name: string, value = 'x') => readAttributes({ [name]: value }, 'attributes', []);

describe('a hostile text', () => {
  it.each<[string, (length: number) => string, (text: string) => unknown]>([
    ['placeholders that are never closed', repeated('${offering.a'), (text) => offeringsNamed(text)],
    ['placeholders that are never closed, filled in', repeated('${offering.a'), (text) => withChoices(says(text), { a: 1 })],
    [
      'placeholders that are never closed, behind one that is',
      (length) => '${offering.a}' + '${'.repeat(length / 2),
      (text) => fillingErrors(says(text), { a: 'x' }),
    ],
    [
      'placeholders that are all different',
      (length) => '${offering.a}' + Array.from({ length: length / 8 }, (_, index) => `\${${index}}`).join(''),
      (text) => fillingErrors(says(text), { a: 'x' }),
    ],
    ['a filter that is never closed', repeated('(&'), parseFilter],
    ['a filter’s value that is never closed', (length) => `(a=${'*b'.repeat(length / 2)}`, parseFilter],
    [
      'a filter’s decimal number of digits',
      (length) => `(a=${'1'.repeat(length)}x)`,
      (text) => matchesFilter(readAttributes({ 'a:Double': 1.5 }, 'attributes', []), parseFilter(text)),
    ],
    ['a range of blanks', (length) => `[1${' '.repeat(length)}`, parseRange],
    ['a version of zeros', repeated('0'), parseVersion],
    ['a version of dots', (length) => `1.0.0-${'a.'.repeat(length / 2)}`, parseVersion],
    ['an attribute’s name of colons', repeated('a:'), attributes],
    ['an attribute’s name of blanks', (length) => `a${' '.repeat(length)}=`, attributes],
    ['an attribute’s list of words', (length) => `a:List<${'b'.repeat(length)}`, attributes],
  ])('is gone through once: %s', (_what, text, parse) => {
    expect(growthOf(text, parse)).toBeLessThan(LINEAR);
  });

  it('keeps what stands behind its last placeholder', () => {
    expect(withChoices(says('${offering.a}${offering.a${'), { a: 'b' }).spec).toEqual({
      environment: { TEXT: 'b${offering.a${' },
    });
  });
});
