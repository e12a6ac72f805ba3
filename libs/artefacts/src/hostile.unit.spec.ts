import { SlipwayError } from '@slipway/contracts';
import { LINEAR, growthOf } from '@slipway/contracts/testing';
import { describe, expect, it } from '@jest/globals';
import { parseControl } from './debian/control.js';
import { parseManifest } from './jar/manifest.js';
import { parsePackageJson } from './npm/npm-package.js';
import { readBundle } from './osgi/bundle.js';
import { filterFault } from './osgi/filter-syntax.js';

const bundle = (header: string, value: string) => {
  const text = `Bundle-ManifestVersion: 2\nBundle-SymbolicName: a\n${header}: ${value}\n`;
  return readBundle(parseManifest(Buffer.from(text)).main);
};
const repeated = (piece: string) => (length: number) => piece.repeat(length / piece.length);

describe('a hostile text', () => {
  it.each<[string, (length: number) => string, (text: string) => unknown]>([
    ['a field of a package of Debian that is full of blanks', (length) => `A:${' '.repeat(length)}x\u2028`, parseControl],
    ['a field of a package of Debian that blanks end', (length) => `A: x${' \t'.repeat(length / 2)}x\u2028`, parseControl],
    ['a line of a package of Debian without a colon', repeated('a'), parseControl],
    ['a manifest without a colon', repeated('a'), (text) => parseManifest(Buffer.from(text))],
    ['a manifest of lines that go on', repeated('\n a'), (text) => parseManifest(Buffer.from(`A: b${text}`))],
    ['a decimal number of digits', (length) => `a;b:Double=${'1'.repeat(length)}x`, (text) => bundle('Provide-Capability', text)],
    ['blanks before a type', (length) => `a;b:List${' '.repeat(length)}<x=1`, (text) => bundle('Provide-Capability', text)],
    [
      'an environment of dashes',
      (length) => `${'-1'.repeat(length / 2)}!`,
      (text) => bundle('Bundle-RequiredExecutionEnvironment', text),
    ],
    ['a package of dots', (length) => `${'a.'.repeat(length / 2)}-`, (text) => bundle('Import-Package', text)],
    ['a range of commas', (length) => `a;version="[${','.repeat(length)}"`, (text) => bundle('Import-Package', text)],
    [
      'a quotation mark that is never closed',
      (length) => `a;b="${'\\"'.repeat(length / 2)}`,
      (text) => bundle('Import-Package', text),
    ],
    ['a filter that is never closed', repeated('(&'), filterFault],
    ['a filter of blanks', (length) => `(${' '.repeat(length)}=`, filterFault],
    ['a filter whose value is never closed', (length) => `(a=${'\\('.repeat(length / 2)}`, filterFault],
    ['a name of a package of npm', (length) => `{"name": "@${'a'.repeat(length)}", "version": "1.0.0"}`, parsePackageJson],
  ])('is gone through once: %s', (_what, text, parse) => {
    expect(growthOf(text, parse)).toBeLessThan(LINEAR);
  });

  it('of a MiB in a field of a package of Debian is its value, without the blanks around it', () => {
    const value = `x${' '.repeat(1024 ** 2)}x`;
    expect(parseControl(`Description: \t${value} \t\nPackage: a`)).toEqual(
      new Map([
        ['description', value],
        ['package', 'a'],
      ]),
    );
    expect(() => parseControl('a'.repeat(1024 ** 2))).toThrow(SlipwayError);
  });
});
