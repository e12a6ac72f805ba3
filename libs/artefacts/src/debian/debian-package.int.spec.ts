import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { check, refusalFrom, refusalOf, SEED } from '../testing/seed.js';
import { membersOf } from './ar.js';
import { identityOf, parseControl } from './control.js';
import { readDebianPackage } from './debian-package.js';

const CONTROL = `Package: slipway-agent
Version: 1:2.0~rc1-3
Architecture: all
Maintainer: Ada <ada@example.org>
Description: answers when it is asked
 and says nothing
 .
 otherwise
`;

const folder = mkdtempSync(join(tmpdir(), 'slipway-deb-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A package that dpkg itself has made; its path. */
function debOf(compression: string, control = CONTROL): string {
  const [tree, path] = [mkdtempSync(join(folder, 'tree-')), join(folder, `${compression}.deb`)];
  mkdirSync(join(tree, 'DEBIAN'));
  chmodSync(tree, 0o755);
  writeFileSync(join(tree, 'DEBIAN/control'), control);
  writeFileSync(join(tree, 'agent'), 'x'.repeat(10_000));
  execFileSync('dpkg-deb', ['--uniform-compression', `-Z${compression}`, '--build', '--root-owner-group', tree, path], {
    stdio: 'pipe',
  });
  return path;
}

const hasDpkg = spawnSync('dpkg-deb', ['--version']).status === 0;
const skipped = hasDpkg ? '' : ' (skipped: no dpkg-deb on this machine)';

describe('a package of Debian', () => {
  (hasDpkg ? test : test.skip).each(['xz', 'gzip', 'none', 'zstd'])(
    `that dpkg has made with %s is read, as a file and in memory${skipped}`,
    async (compression) => {
      const path = debOf(compression);
      const read = { kind: 'deb', file: 'a.deb', name: 'slipway-agent', version: '1:2.0~rc1-3', architecture: 'all' };
      expect(await readDebianPackage('a.deb', { path })).toEqual(read);
      expect(await readDebianPackage('a.deb', readFileSync(path))).toEqual(read);
    },
  );

  (hasDpkg ? test : test.skip)(
    `that is cut off or damaged anywhere is refused clearly, or read as it was (SLIPWAY_SEED=${SEED})${skipped}`,
    async () => {
      const bytes = readFileSync(debOf('xz'));
      const damaged = fc
        .tuple(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean())
        .map(([at, flip, cut]) => {
          if (cut) return bytes.subarray(0, at);
          const copy = Buffer.from(bytes);
          copy[at]! ^= flip;
          return copy;
        });
      await check(
        fc.asyncProperty(damaged, async (one) => {
          await refusalFrom(async () =>
            expect(await readDebianPackage('a.deb', one)).toMatchObject({ name: 'slipway-agent', version: '1:2.0~rc1-3' }),
          );
        }),
        100,
      );
    },
  );

  test.each<[what: string, bytes: Buffer, reason: RegExp]>([
    ['no ar archive', Buffer.from('hello'), /it is no ar archive/],
    ['nothing in it', arOf([]), /debian-binary: a package of Debian begins with it/],
    ['another format', arOf([['debian-binary', '3.0\n']]), /says format 2/],
    [
      'no data',
      arOf([
        ['debian-binary', '2.0\n'],
        ['control.tar', ''],
      ]),
      /data\.tar: it is missing/,
    ],
    [
      'an unknown compression',
      arOf([
        ['debian-binary', '2.0\n'],
        ['control.tar.rar', ''],
        ['data.tar', ''],
      ]),
      /"control\.tar\.rar": it stands where one of control\.tar, control\.tar\.gz/,
    ],
    [
      'no control file',
      arOf([
        ['debian-binary', '2.0\n'],
        ['control.tar', Buffer.alloc(1024).toString()],
        ['data.tar', ''],
      ]),
      /control: there is none in control\.tar/,
    ],
    [
      'what is no xz',
      arOf([
        ['debian-binary', '2.0\n'],
        ['control.tar.xz', 'hello'],
        ['data.tar', ''],
      ]),
      /it is no tar that can be read/,
    ],
    ['a member that breaks off', arOf([['debian-binary', '2.0\n']]).subarray(0, -2), /"debian-binary": it breaks off/],
    ['too many members', arOf(Array.from({ length: 40 }, () => ['_x', ''])), /more than 32 members/],
    ['a member without a header', Buffer.concat([arOf([]), Buffer.alloc(60, 0x20)]), /at byte 8: there is no header of a member/],
  ])('with %s is refused', async (_what, bytes, reason) => {
    expect(await refusalFrom(() => readDebianPackage('a.deb', bytes))).toMatch(reason);
  });
});

describe('a control file', () => {
  const read = (text: string) => identityOf(parseControl(text));

  test('has fields that go on over lines, and capitals make no difference', () => {
    const fields = parseControl(CONTROL);
    expect(fields.get('description')).toBe('answers when it is asked\nand says nothing\n.\notherwise');
    expect(read(CONTROL.replace('Package', 'PACKAGE'))).toEqual({
      name: 'slipway-agent',
      version: '1:2.0~rc1-3',
      architecture: 'all',
    });
  });

  test.each([
    ['Package: a\n', /control: Package: "a" is none that a package has/],
    ['Package: ../etc\n', /control: Package: "\.\.\/etc" is none/],
    ['Package: ok\nVersion: a\n', /control: Version: "a" is none/],
    ['Package: ok\nVersion: 1/..\n', /control: Version: "1\/\.\." is none/],
    ['Package: ok\nVersion: 1\n', /control: Architecture: it is not there/],
    ['Package: ok\nPackage: ok\n', /control: line 2: Package is there twice/],
    ['Package: ok\n\nPackage: ok\n', /control: line 2: a binary package has one paragraph only/],
    [' x\n', /control: line 1: it continues nothing/],
    ['Package\n', /control: line 1: expected a field, ":" and its value, but it is "Package"/],
  ])('%j is refused', (text, reason) => expect(refusalOf(() => read(text))).toMatch(reason));

  test(`any text is read or refused clearly (SLIPWAY_SEED=${SEED})`, () => {
    const text = fc
      .array(fc.constantFrom('Package', ':', ' ', '\n', '\t', 'a', '__proto__', '1'), { maxLength: 25 })
      .map((words) => words.join(''));
    return check(fc.property(text, (one) => void refusalOf(() => read(one))));
  });
});

test(`any bytes are members or refused clearly (SLIPWAY_SEED=${SEED})`, () =>
  check(
    fc.asyncProperty(
      fc.uint8Array({ maxLength: 200 }),
      async (bytes) => void (await refusalFrom(() => membersOf(Buffer.concat([Buffer.from('!<arch>\n'), bytes])))),
    ),
  ));

function arOf(members: readonly (readonly [name: string, content: string])[]): Buffer {
  const parts = members.map(([name, content]) => {
    const header = `${name.padEnd(16)}${'0'.padEnd(12)}${'0'.padEnd(6)}${'0'.padEnd(6)}${'100644'.padEnd(8)}${String(content.length).padEnd(10)}\`\n`;
    return Buffer.from(`${header}${content}${content.length % 2 ? '\n' : ''}`, 'latin1');
  });
  return Buffer.concat([Buffer.from('!<arch>\n'), ...parts]);
}
