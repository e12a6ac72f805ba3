import { Readable } from 'node:stream';
import { createGunzip, gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { pack } from 'tar-stream';
import { gathered } from '../content.js';
import { fileOfTar, TAR_LIMITS } from '../tar/file-of-tar.js';
import { check, refusalFrom, refusalOf, SEED } from '../testing/seed.js';
import { parsePackageJson, readNpmPackage } from './npm-package.js';

type File = [name: string, content: string, type?: 'file' | 'symlink'];
const JSON_TEXT = JSON.stringify({ name: '@acme/shop', version: '1.2.3', scripts: { install: 'never run' } });

async function tgz(...files: File[]): Promise<Buffer> {
  const archive = pack();
  for (const [name, content, type = 'file'] of files) {
    if (type === 'symlink') archive.entry({ name, type, linkname: content });
    else archive.entry({ name }, content);
  }
  archive.finalize();
  return gzipSync((await gathered(archive as AsyncIterable<Uint8Array>, 2 ** 24))!);
}

describe('a package of npm', () => {
  test.each(['package', 'shop-1.2.3'])('says its name and version in package.json, below the folder %s', async (folder) => {
    const bytes = await tgz(
      [`${folder}/index.js`, 'x'.repeat(100_000)],
      [`${folder}/package.json`, JSON_TEXT],
      [`${folder}/node_modules/a/package.json`, '{}'],
    );
    expect(await readNpmPackage('shop.tgz', bytes)).toEqual({
      kind: 'npm',
      file: 'shop.tgz',
      name: '@acme/shop',
      version: '1.2.3',
    });
  });

  test.each([
    [{ dependencies: { a: '1', '@b/c': '2' } }, ['a', '@b/c']],
    [{ dependencies: { a: '1', '@b/c': '2' }, bundleDependencies: ['a'] }, ['@b/c']],
    [{ dependencies: { a: '1' }, bundledDependencies: ['a'] }, undefined],
    [{ dependencies: { a: '1' }, bundleDependencies: true }, undefined],
    [{ dependencies: null, devDependencies: { a: '1' } }, undefined],
  ])('that says %j needs %j beside it', (more, needs) => {
    expect(parsePackageJson(JSON.stringify({ name: 'x', version: '1.0.0', ...more })).needs).toEqual(needs);
  });

  test.each<[what: string, files: File[], reason: RegExp]>([
    ['no package.json', [['package/index.js', '']], /package\.json: there is none in the folder/],
    [
      'a name that leads out',
      [
        ['package/../../x', ''],
        ['package/package.json', JSON_TEXT],
      ],
      /"package\/\.\.\/\.\.\/x": its name leads out/,
    ],
    ['an absolute name', [['/etc/passwd', '']], /"\/etc\/passwd": its name leads out/],
    ['a package.json that is a link', [['package/package.json', '/etc/passwd', 'symlink']], /it is no file/],
    [
      'two of them',
      [
        ['package/package.json', JSON_TEXT],
        ['package/package.json', JSON_TEXT],
      ],
      /it is there twice/,
    ],
    ['one that is too long', [['package/package.json', ' '.repeat(2 ** 20 + 1)]], /it has more than 1048576 bytes/],
  ])('with %s is refused', async (_what, files, reason) => {
    const bytes = await tgz(...files);
    expect(await refusalFrom(() => readNpmPackage('shop.tgz', bytes))).toMatch(reason);
  });

  test.each([
    [{ entries: 1 }, /the archive: it has more than 1 entries/],
    [{ contentBytes: 10_000 }, /the archive: unpacked it has more than 10000 bytes/],
  ])('of more than %j is refused: a bomb ends', async (limits, reason) => {
    const bytes = await tgz(['package/zeros', '0'.repeat(100_000)], ['package/package.json', JSON_TEXT]);
    const read = () => fileOfTar(Readable.from([bytes]), createGunzip(), () => false, 0, { ...TAR_LIMITS, ...limits });
    expect(await refusalFrom(read)).toMatch(reason);
  });

  test(`that is cut off or damaged anywhere is refused clearly, or read as it was (SLIPWAY_SEED=${SEED})`, async () => {
    const bytes = await tgz(['package/package.json', JSON_TEXT], ['package/long', 'x'.repeat(2000)]);
    const damaged = fc.tuple(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean()).map(([at, flip, cut]) => {
      if (cut) return bytes.subarray(0, at);
      const copy = Buffer.from(bytes);
      copy[at]! ^= flip;
      return copy;
    });
    await check(
      fc.asyncProperty(damaged, async (one) => {
        await refusalFrom(async () =>
          expect(await readNpmPackage('shop.tgz', one)).toMatchObject({ name: '@acme/shop', version: '1.2.3' }),
        );
      }),
      150,
    );
  });

  test.each([
    ['{', /package\.json: it is no JSON/],
    ['[]', /package\.json: it is no object/],
    ['null', /package\.json: it is no object/],
    ['{"version":"1.0.0"}', /package\.json: name: it is not there/],
    ['{"name":"../evil","version":"1.0.0"}', /package\.json: name: it is "\.\.\/evil"/],
    ['{"name":".","version":"1.0.0"}', /package\.json: name: it is/],
    ['{"name":"@a/..","version":"1.0.0"}', /package\.json: name: it is/],
    ['{"name":"a"}', /package\.json: version: it is not there/],
    ['{"name":"a","version":"1"}', /package\.json: version: it is "1"/],
    ['{"name":"a","version":1}', /package\.json: version: it is no text/],
  ])('whose package.json is %s is refused', (text, reason) => expect(refusalOf(() => parsePackageJson(text))).toMatch(reason));
});
