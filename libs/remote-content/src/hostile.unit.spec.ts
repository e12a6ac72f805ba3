import { LINEAR, growthOf } from '@slipway/contracts/testing';
import { describe, expect, it } from '@jest/globals';
import { checksum, strongestOf } from './cache/checksum.js';
import { coordinateOf, semanticOf } from './maven/coordinate.js';
import { versionsIn } from './maven/layout.js';
import { definitionName } from './npm/npm-name.js';

const repeated = (piece: string) => (length: number) => piece.repeat(length / piece.length);

describe('a hostile text', () => {
  it.each<[string, (length: number) => string, (text: string) => unknown]>([
    ['lists of versions that are never closed', repeated('<versions>'), versionsIn],
    ['versions that are never closed', (length) => `<versions>${'<version>'.repeat(length / 9)}</versions>`, versionsIn],
    ['versions of blanks', (length) => `<versions><version>${' '.repeat(length)}</versions>`, versionsIn],
    ['a version of Maven that ends well', repeated('.final'), semanticOf],
    ['a coordinate of dots', repeated('a.'), coordinateOf],
    ['a name of a package of npm', (length) => `@${'a'.repeat(length)}`, definitionName],
    ['a checksum', (length) => `sha512-${'='.repeat(length)}`, strongestOf],
    ['checksums', repeated('sha512- '), strongestOf],
    ['a checksum of blanks', repeated(' '), (text) => checksum('sha256', text, 'x')],
  ])('is gone through once: %s', (_what, text, parse) => {
    expect(growthOf(text, parse)).toBeLessThan(LINEAR);
  });

  it('of 8 MiB in the place of versions of Maven has none, and hides none', () => {
    const open = '<versions>'.repeat((8 * 1024 ** 2) / 10);
    expect(versionsIn(open)).toEqual([]);
    expect(versionsIn(`${open}<version>1.0</version></versions><version>2.0</version>`)).toEqual(['1.0']);
  });
});
