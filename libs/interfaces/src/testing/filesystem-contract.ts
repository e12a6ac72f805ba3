import { link, lstat, mkdtemp, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { pack, type Header } from 'tar-stream';
import type { Filesystem } from '../filesystem.js';

type TarEntry = Partial<Header> & Pick<Header, 'name'> & { content?: string };

/** A tar stream of these entries, as they are: hostile ones too. */
function tarOf(...entries: TarEntry[]): Readable {
  const archive = pack();
  for (const { content, ...header } of entries) archive.entry(header, content ?? '');
  archive.finalize();
  return Readable.from(archive as AsyncIterable<Buffer>);
}

/** The contract of {@link Filesystem}: every maker runs it. `make` is asked for one whose place is this machine. */
export function describeFilesystem(maker: string, make: () => Filesystem): void {
  describe(`filesystem contract: ${maker}`, () => {
    const filesystem = make();
    let folder: string;
    const at = (...names: string[]) => join(folder, ...names);
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'slipway-filesystem-'));
    });
    afterEach(() => rm(folder, { recursive: true, force: true }));

    test('text, bytes and streams are written with their mode and read back', async () => {
      await filesystem.writeFile(at('text'), 'grüße', { mode: 0o400 });
      await filesystem.writeFile(at('bytes'), new Uint8Array([0, 255]));
      await filesystem.writeFile(at('stream'), Readable.from([Buffer.from('one '), Buffer.from('two')]));
      expect(String(await filesystem.readFile(at('text')))).toBe('grüße');
      expect([...(await filesystem.readFile(at('bytes')))!]).toEqual([0, 255]);
      expect(await text(await filesystem.openRead(at('stream')))).toBe('one two');
      expect(await filesystem.stat(at('text'))).toMatchObject({ type: 'file', mode: 0o400, bytes: 7 });
      expect(await filesystem.list(folder)).toEqual(['bytes', 'stream', 'text']);
    });

    test('a mode that was asked for does not depend on the umask', async () => {
      const before = process.umask(0o077);
      try {
        await filesystem.writeFile(at('file'), '', { mode: 0o664 });
        await filesystem.mkdir(at('a', 'b'), { mode: 0o775 });
      } finally {
        process.umask(before);
      }
      expect((await filesystem.stat(at('file')))!.mode).toBe(0o664);
      expect((await filesystem.stat(at('a', 'b')))!.mode).toBe(0o775);
    });

    test('an exclusive write loses against what is there, and leaves nothing beside it', async () => {
      const writers = Array.from({ length: 8 }, (_, n) =>
        filesystem.writeFile(at('one'), `${n}`, { exclusive: true }).then(
          () => n,
          (error: { code?: string }) => error.code,
        ),
      );
      const outcomes = await Promise.all(writers);
      const winner = outcomes.filter((outcome) => typeof outcome === 'number');
      expect(winner).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome === 'EEXIST')).toHaveLength(7);
      expect(await readFile(at('one'), 'utf8')).toBe(`${winner[0]}`);
      expect(await filesystem.list(folder)).toEqual(['one']);
    });

    test('a write replaces in one go, and one whose source fails changes nothing', async () => {
      await filesystem.writeFile(at('file'), 'before');
      async function* broken() {
        yield Buffer.from('half');
        throw new Error('the source broke');
      }
      await expect(filesystem.writeFile(at('file'), Readable.from(broken()))).rejects.toThrow('the source broke');
      expect(await readFile(at('file'), 'utf8')).toBe('before');
      await filesystem.writeFile(at('file'), 'after');
      expect(await readFile(at('file'), 'utf8')).toBe('after');
      expect(await filesystem.list(folder)).toEqual(['file']);
    });

    test('what does not exist is null, empty, or nothing to do; also below a file', async () => {
      await filesystem.writeFile(at('file'), '');
      for (const path of [at('nothing'), at('file', 'below')]) {
        expect(await filesystem.readFile(path)).toBeNull();
        expect(await filesystem.stat(path)).toBeNull();
      }
      expect(await filesystem.list(at('nothing'))).toEqual([]);
      await filesystem.remove(at('nothing'));
      await expect(filesystem.openRead(at('nothing'))).rejects.toMatchObject({ code: 'ENOENT' });
    });

    test('a file beyond the limit is refused', async () => {
      await filesystem.writeFile(at('file'), 'x'.repeat(1001));
      await expect(filesystem.readFile(at('file'), 1000)).rejects.toMatchObject({ code: 'too-large' });
      expect((await filesystem.readFile(at('file'), 1001))!.length).toBe(1001);
    });

    test('a file that does not say how long it is, is read whole', async () => {
      expect(String(await filesystem.readFile('/proc/self/status'))).toContain('VmRSS');
    });

    test('a path that is not absolute is refused', async () => {
      for (const refused of [
        () => filesystem.readFile('file'),
        () => filesystem.writeFile('./file', ''),
        () => filesystem.remove('..'),
        () => filesystem.mkdir('a'),
      ]) {
        await expect((async () => refused())()).rejects.toMatchObject({ code: 'bad-input' });
      }
    });

    test('rename is atomic: it never replaces a folder with something in it, nor a file by a folder', async () => {
      await filesystem.mkdir(at('full', 'inner'));
      await filesystem.mkdir(at('other'));
      await filesystem.writeFile(at('file'), '');
      await expect(filesystem.rename(at('other'), at('full'))).rejects.toMatchObject({ code: 'ENOTEMPTY' });
      await expect(filesystem.rename(at('other'), at('file'))).rejects.toMatchObject({ code: 'ENOTDIR' });
      await expect(filesystem.rename(at('gone'), at('anything'))).rejects.toMatchObject({ code: 'ENOENT' });
      await filesystem.rename(at('full'), at('moved'));
      expect(await filesystem.list(folder)).toEqual(['file', 'moved', 'other']);
    });

    test('making a folder again is fine', async () => {
      await filesystem.mkdir(at('a', 'b'), { mode: 0o700 });
      await filesystem.mkdir(at('a', 'b'), { mode: 0o755 });
      expect((await filesystem.stat(at('a', 'b')))!.mode).toBe(0o700);
    });

    test('removing takes all that is in it, and no more: a link goes, what it leads to stays', async () => {
      await filesystem.mkdir(at('out'));
      await filesystem.writeFile(at('out', 'kept'), 'kept');
      await filesystem.mkdir(at('tree', 'deep'));
      await filesystem.writeFile(at('tree', 'deep', 'file'), '');
      await symlink(at('out'), at('tree', 'link'));
      await filesystem.remove(at('tree'));
      expect(await filesystem.list(folder)).toEqual(['out']);
      expect(await readFile(at('out', 'kept'), 'utf8')).toBe('kept');
    });

    test('mode and owner change; an owner recursively, without following links', async () => {
      await filesystem.mkdir(at('tree', 'inner'));
      await filesystem.writeFile(at('tree', 'inner', 'file'), '');
      await filesystem.writeFile(at('outside'), '');
      await symlink(at('outside'), at('tree', 'link'));
      await filesystem.chmod(at('tree'), 0o711);
      expect((await filesystem.stat(at('tree')))!.mode).toBe(0o711);
      const [uid, gid] = process.getuid!() === 0 ? [12345, 23456] : [process.getuid!(), process.getgid!()];
      await filesystem.chown(at('tree'), uid, gid, { recursive: true });
      for (const path of ['tree', 'tree/inner', 'tree/inner/file', 'tree/link']) {
        expect(await filesystem.stat(at(path))).toMatchObject({ uid, gid });
      }
      expect((await lstat(at('outside'))).uid).toBe(process.getuid!());
    });

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

    const hostile: [string, TarEntry[]][] = [
      ['an absolute name', [{ name: '/tmp/slipway-evil', content: 'x' }]],
      ['a name with ..', [{ name: 'a/../../evil', content: 'x' }]],
      ['a link that leads out', [{ name: 'l', type: 'symlink', linkname: '../evil' }]],
      ['a link to an absolute name', [{ name: 'l', type: 'symlink', linkname: '/etc' }]],
      [
        'a file through a link',
        [
          { name: 'l', type: 'symlink', linkname: '.' },
          { name: 'l/x', content: 'x' },
        ],
      ],
      [
        'a chain of links that leads out',
        [
          { name: 'a/b/file', content: 'x' },
          { name: 'a/b/up', type: 'symlink', linkname: '../..' },
          { name: 'out', type: 'symlink', linkname: 'a/b/up/..' },
        ],
      ],
      ['a link that leads nowhere', [{ name: 'l', type: 'symlink', linkname: 'nothing' }]],
      ['a hard link to something outside', [{ name: 'l', type: 'link', linkname: '../outside' }]],
      ['a hard link to what is not in the archive', [{ name: 'l', type: 'link', linkname: 'there' }]],
      ['a device', [{ name: 'd', type: 'character-device', devmajor: 1, devminor: 3 }]],
      ['a pipe', [{ name: 'p', type: 'fifo' }]],
      [
        'a name that comes twice',
        [
          { name: 'a', content: '1' },
          { name: './a', content: '2' },
        ],
      ],
      [
        'a file below a file',
        [
          { name: 'a', content: '1' },
          { name: 'a/b', content: '2' },
        ],
      ],
    ];
    test.each(hostile)('an archive with %s is refused, and nothing outside changes', async (_what, entries) => {
      await filesystem.writeFile(at('outside'), 'untouched');
      await filesystem.mkdir(at('new'));
      await filesystem.writeFile(at('new', 'there'), 'mine');
      await expect(filesystem.unpack(at('new'), tarOf(...entries))).rejects.toMatchObject({
        code: 'bad-input',
        details: { reason: expect.any(String) },
      });
      expect(await filesystem.list(folder)).toEqual(['new', 'outside']);
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

    test('an archive that is cut off, or is none, is refused', async () => {
      const whole = Buffer.concat(await tarOf({ name: 'a', content: 'x'.repeat(5000) }).toArray());
      await expect(filesystem.unpack(at('cut'), Readable.from([whole.subarray(0, 3000)]))).rejects.toMatchObject({
        code: 'bad-input',
      });
      await expect(filesystem.unpack(at('none'), Readable.from([Buffer.alloc(2048, 'x')]))).rejects.toMatchObject({
        code: 'bad-input',
      });
    });
  });
}
