import { randomFillSync } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { check, refusalFrom, SEED } from '../testing/seed.js';
import { zipOf, type WrittenEntry } from '../testing/zip.js';
import { ZIP_LIMITS } from './limits.js';
import { readZip } from './read-zip.js';

const all = () => 2 ** 20;
const refusal = (zip: Buffer, limits = {}) => refusalFrom(() => readZip(zip, all, { ...ZIP_LIMITS, ...limits }));

const FILE: WrittenEntry = { name: 'a.txt', data: 'hello hello hello' };
const LINK = 0o120777;

describe('a ZIP', () => {
  test('gives the entries that are wanted', async () => {
    const zip = zipOf([{ name: 'b/' }, FILE, { name: 'b/c', data: 'stored', method: 0 }]);
    const { found, entries } = await readZip(zip, (name) => (name === 'b/c' ? 100 : undefined));
    expect([entries, [...found].map(([name, bytes]) => [name, bytes.toString()])]).toEqual([3, [['b/c', 'stored']]]);
  });

  test('may stand behind something else, as that of a program that unpacks itself does', async () => {
    expect((await readZip(zipOf([FILE], { prefix: '#!/bin/sh\nexec java -jar "$0"\n' }), all)).found.size).toBe(1);
  });

  test.each<[what: string, zip: Buffer, reason: RegExp]>([
    ['a name that leads up', zipOf([{ name: '../evil' }]), /invalid relative path: \.\.\/evil/],
    ['a name that leads up from within', zipOf([{ name: 'a/../../evil' }]), /invalid relative path/],
    ['an absolute name', zipOf([{ name: '/etc/passwd' }]), /absolute path: \/etc\/passwd/],
    ['a name with a drive', zipOf([{ name: 'C:/evil' }]), /absolute path/],
    ['a name with backslashes', zipOf([{ name: '..\\evil' }]), /invalid characters in fileName/],
    ['a name with a control character', zipOf([{ name: 'a\u001b[2J' }]), /its name is none that a file can have/],
    ['a name with NUL', zipOf([{ name: 'a\0.jar' }]), /its name is none that a file can have/],
    ['a name that is no UTF-8', zipOf([{ name: Buffer.from([0x61, 0xff]) }]), /its name is none that a file can have/],
    ['a name with an empty part', zipOf([{ name: 'a//b' }]), /its name is none that a file can have/],
    ['an empty name', zipOf([{ name: '' }]), /its name is none that a file can have/],
    ['a name of more than 100 folders', zipOf([{ name: 'a/'.repeat(101) }]), /more than 100 folders deep/],
    ['a name that is there twice', zipOf([FILE, FILE]), /"a\.txt": it is there twice/],
    ['a file that is a folder too', zipOf([FILE, { name: 'a.txt/' }]), /it is there twice/],
    ['a file with something in it', zipOf([{ name: 'a.txt/b' }, FILE]), /"a\.txt" is a file, so nothing can stand in it/],
    ['a symbolic link', zipOf([{ name: 'l', data: '/etc', mode: LINK }]), /"l": it is a symbolic link/],
    ['a device', zipOf([{ name: 'd', mode: 0o020666 }]), /neither a file nor a folder/],
    ['an encrypted entry', zipOf([{ ...FILE, flags: 1 }]), /"a\.txt": it is encrypted/],
    ['an unknown compression', zipOf([{ ...FILE, method: 12 }]), /compression \(method 12\) is not known to Java/],
    ['two names of one entry', zipOf([{ ...FILE, localName: 'b.txt' }]), /in front of its content it is called "b\.txt"/],
    ['another checksum', zipOf([{ ...FILE, crc: 1 }]), /damaged: the checksum \(CRC-32\) is another one/],
    ['a size that is too small', zipOf([{ ...FILE, uncompressedSize: 3 }]), /damaged: too many bytes/],
    ['a size that is too large', zipOf([{ ...FILE, uncompressedSize: 30 }]), /damaged: not enough bytes/],
    ['a size that cannot be', zipOf([{ ...FILE, uncompressedSize: 10 ** 9 }]), /it cannot have 1000000000 bytes/],
    [
      'entries that are not counted',
      zipOf([FILE, { name: 'hidden' }], { announced: 1 }),
      /its directory goes on behind the 1 entries/,
    ],
    ['fewer entries than counted', zipOf([FILE], { announced: 2 }), /cannot be taken as a ZIP/],
    ['no ZIP', Buffer.from('hello'.repeat(100)), /cannot be taken as a ZIP/],
    ['nothing', Buffer.alloc(0), /cannot be taken as a ZIP/],
    ['a ZIP with something behind it', Buffer.concat([zipOf([FILE]), Buffer.from('more')]), /cannot be taken as a ZIP/],
  ])('with %s is refused', async (_what, zip, reason) => {
    expect(await refusal(zip)).toMatch(reason);
  });

  test('whose contents lie over each other is refused, though all names are right', async () => {
    const one = zipOf([FILE]);
    const inner = zipOf([{ name: 'inner', data: one, method: 0 }, FILE]);
    // The second is found within the first: a bomb's content is counted once and unpacked often.
    const offset = inner.indexOf(one);
    expect(
      await refusal(
        zipOf([
          { name: 'inner', data: one, method: 0 },
          { ...FILE, offset },
        ]),
      ),
    ).toMatch(/lie over each other/);
  });

  test.each<[what: string, zip: Buffer, limits: Partial<typeof ZIP_LIMITS>, reason: RegExp]>([
    [
      'that is a bomb',
      zipOf([{ name: 'zeros', data: Buffer.alloc(300_000) }]),
      { smallBytes: 1000 },
      /more than 100 times as large .* \(a ZIP bomb\)/,
    ],
    [
      'with more content than is taken',
      zipOf([FILE, { ...FILE, name: 'b' }]),
      { contentBytes: 20 },
      /unpacked it has more than 20 bytes/,
    ],
    [
      'with more entries than are taken',
      zipOf([FILE, { ...FILE, name: 'b' }]),
      { entries: 1 },
      /it has 2 entries; at most 1 are taken/,
    ],
    [
      'with a directory that is too long',
      zipOf([{ name: 'a'.repeat(2000) }]),
      { directoryBytes: 1000 },
      /directory has more than 1000 bytes/,
    ],
    [
      'with a wanted entry that is too long',
      zipOf([{ name: 'long', data: randomFillSync(Buffer.alloc(2 ** 20 + 1)) }]),
      {},
      /at most 1048576 are read/,
    ],
  ])('%s is refused', async (_what, zip, limits, reason) => {
    expect(await refusal(zip, limits)).toMatch(reason);
  });

  test(`cut off or damaged anywhere is refused clearly, or its content is what it was (SLIPWAY_SEED=${SEED})`, async () => {
    const zip = zipOf([FILE, { name: 'b', data: 'x'.repeat(500) }]);
    const damaged = fc.tuple(fc.nat(zip.length - 1), fc.integer({ min: 1, max: 255 }), fc.boolean()).map(([at, flip, cut]) => {
      if (cut) return zip.subarray(0, at);
      const copy = Buffer.from(zip);
      copy[at]! ^= flip;
      return copy;
    });
    await check(
      fc.asyncProperty(damaged, async (bytes) => {
        const text = await refusalFrom(async () => {
          const { found } = await readZip(bytes, all);
          // What is left to change are names and times.
          expect([...found.values()].map(String)).toEqual(['hello hello hello', 'x'.repeat(500)]);
        });
        if (text !== undefined) expect(text.length).toBeGreaterThan(10);
      }),
      300,
    );
  });

  test(`round trip of any names and contents (SLIPWAY_SEED=${SEED})`, async () => {
    const name = fc.stringMatching(/^[a-zé]{1,8}(\/[a-z0-9]{1,5}){0,3}\.x$/);
    const entries = fc.uniqueArray(fc.record({ name, data: fc.string({ maxLength: 300 }), method: fc.constantFrom(0, 8) }), {
      selector: (one) => one.name,
    });
    await check(
      fc.asyncProperty(entries, async (written) => {
        const { found } = await readZip(zipOf(written), all);
        expect([...found].map(([key, bytes]) => [key, bytes.toString()])).toEqual(written.map((one) => [one.name, one.data]));
      }),
      100,
    );
  });
});
