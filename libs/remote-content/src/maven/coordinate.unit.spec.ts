import { describe, expect, it } from '@jest/globals';
import { coordinateOf, definitionNameOf, semanticOf } from './coordinate.js';

describe('a coordinate of Maven', () => {
  it.each([
    ['org.example:shop', { group: 'org.example', artifact: 'shop', ending: 'jar' }],
    ['org.example:shop:^1.2', { group: 'org.example', artifact: 'shop', range: '^1.2', ending: 'jar' }],
    ['org.example:shop@war', { group: 'org.example', artifact: 'shop', ending: 'war' }],
    ['org.example:shop:>=1 <2@war', { group: 'org.example', artifact: 'shop', range: '>=1 <2', ending: 'war' }],
  ])('%s is read', (said, expected) => {
    expect(coordinateOf(said)).toEqual(expected);
  });

  it.each(['shop', 'org..example:shop', 'org.example:..', 'org/example:shop', 'a:b@../c', 'a:b:not a range', ''])(
    '%j is none',
    (said) => {
      expect(() => coordinateOf(said)).toThrow();
    },
  );

  it('is the name of a definition in lower case', () => {
    expect(definitionNameOf(coordinateOf('org.Example:Shop-Core'))).toBe('org.example.shop-core');
  });
});

describe('a version of Maven', () => {
  it.each([
    ['1.2.3', '1.2.3'],
    ['1.2', '1.2.0'],
    ['1', '1.0.0'],
    ['01.02.03', '1.2.3'],
    ['2.3.4.Final', '2.3.4'],
    ['5.0.0.RELEASE', '5.0.0'],
    ['1.0-GA', '1.0.0'],
    ['1.2-beta1', '1.2.0-beta1'],
    ['1.2.3-rc-1', '1.2.3-rc-1'],
    ['1.2.3.4', undefined],
    ['1.0-SNAPSHOT', undefined],
    ['20040616', '20040616.0.0'],
    ['r09', undefined],
    ['', undefined],
    ['9'.repeat(40), undefined],
  ])('%j is %j', (version, semantic) => {
    expect(semanticOf(version)).toBe(semantic);
  });
});
