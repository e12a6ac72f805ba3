import { link, lstat, readFile, readlink, symlink, writeFile } from 'node:fs/promises';
import { PassThrough, Readable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { SlipwayError } from '@slipway/contracts';
import { checkTar } from '../../tar/check-tar.js';
import { HOSTILE, HOSTILE_DATA, tarOf } from './hostile-tars.js';
import type { Setting } from './setting.js';

/** Archives that are unpacked, hostile ones too. */
export function unpackContract({ filesystem, at }: Setting): void {
  test('an archive is unpacked: files, folders, modes and links that stay inside', async () => {
    await filesystem.unpack(
      at('new'),
      tarOf(
        { name: './', type: 'directory' },
        { name: 'bin/run', mode: 0o4755, content: '#!/bin/sh' },
        { name: 'bin/.links/run', type: 'symlink', linkname: '../run' },
        { name: 'same', type: 'link', linkname: 'bin/run' },
        { name: 'empty', type: 'directory', mode: 0o700 },
        { name: `${'long/'.repeat(40)}name`, content: 'deep' },
      ),
    );
    expect(await filesystem.list(at('new'))).toEqual(['bin', 'empty', 'long', 'same']);
    // No setuid comes out of an archive.
    expect(await filesystem.stat(at('new', 'bin', 'run'))).toMatchObject({ type: 'file', mode: 0o755, bytes: 9 });
    expect(await readlink(at('new', 'bin', '.links', 'run'))).toBe('../run');
    expect(await readFile(at('new', 'same'), 'utf8')).toBe('#!/bin/sh');
    expect(await readFile(at('new', 'long/'.repeat(40), 'name'), 'utf8')).toBe('deep');
  });

  test.each(HOSTILE)('an archive with %s is refused, and nothing outside changes', async (_what, entries) => {
    await filesystem.writeFile(at('outside'), 'untouched');
    await filesystem.mkdir(at('new'));
    await filesystem.writeFile(at('new', 'there'), 'mine');
    await expect(filesystem.unpack(at('new'), tarOf(...entries))).rejects.toMatchObject({
      code: 'bad-input',
      details: { reason: expect.any(String) },
    });
    expect(await filesystem.list(at())).toEqual(['new', 'outside']);
    expect(await readFile(at('outside'), 'utf8')).toBe('untouched');
    expect((await lstat(at('outside'))).nlink).toBe(1);
  });

  test('an archive does not write through a link or onto a file that was there before', async () => {
    await filesystem.mkdir(at('new'));
    await filesystem.mkdir(at('out'));
    await symlink(at('out'), at('new', 'l'));
    await expect(filesystem.unpack(at('new'), tarOf({ name: 'l/x', content: 'x' }))).rejects.toMatchObject({
      code: 'bad-input',
    });
    await writeFile(at('out', 'file'), 'mine');
    await link(at('out', 'file'), at('new', 'file'));
    await expect(filesystem.unpack(at('new'), tarOf({ name: 'file', content: 'x' }))).rejects.toMatchObject({
      code: 'bad-input',
    });
    expect(await filesystem.list(at('out'))).toEqual(['file']);
    expect(await readFile(at('out', 'file'), 'utf8')).toBe('mine');
  });

  test.each(HOSTILE_DATA)('data with %s are refused, read or unpacked, and nothing outside changes', async (_what, entries) => {
    await filesystem.writeFile(at('outside'), 'untouched');
    await expect(checkTar(tarOf(...entries))).rejects.toMatchObject({ code: 'archive-invalid' });
    await expect(filesystem.unpack(at('new'), tarOf(...entries), { portable: true })).rejects.toMatchObject({
      code: 'archive-invalid',
      details: { entry: expect.any(String), reason: expect.any(String) },
    });
    expect(await filesystem.list(at())).toEqual(['new', 'outside']);
    expect(await readFile(at('outside'), 'utf8')).toBe('untouched');
  });

  test('a source that fails in the middle of a file is the reason, read or unpacked', async () => {
    const whole = Buffer.concat(await tarOf({ name: 'a', content: 'x'.repeat(50_000) }).toArray());
    const broken = () => {
      const source = new PassThrough();
      source.write(whole.subarray(0, 20_000));
      setTimeout(() => source.destroy(new SlipwayError('step-cancelled', 'enough')), 20);
      return source;
    };
    await expect(checkTar(broken())).rejects.toMatchObject({ code: 'step-cancelled' });
    for (const portable of [true, false]) {
      await expect(filesystem.unpack(at('new'), broken(), { portable })).rejects.toMatchObject({ code: 'step-cancelled' });
      await filesystem.remove(at('new'));
    }
  });

  test('an archive that is cut off, or is none, is refused', async () => {
    const whole = Buffer.concat(await tarOf({ name: 'a', content: 'x'.repeat(5000) }).toArray());
    await expect(filesystem.unpack(at('cut'), Readable.from([whole.subarray(0, 3000)]))).rejects.toMatchObject({
      code: 'bad-input',
    });
    await expect(filesystem.unpack(at('none'), Readable.from([Buffer.alloc(2048, 'x')]))).rejects.toMatchObject({
      code: 'bad-input',
    });
    for (const broken of [whole.subarray(0, 3000), Buffer.alloc(2048, 'x')]) {
      await expect(checkTar(Readable.from([broken]))).rejects.toMatchObject({ code: 'archive-invalid' });
      await expect(filesystem.unpack(at('data'), Readable.from([broken]), { portable: true })).rejects.toMatchObject({
        code: 'archive-invalid',
      });
    }
  });
}
