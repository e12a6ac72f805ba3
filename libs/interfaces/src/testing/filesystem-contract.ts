import { execFile } from 'node:child_process';
import { link, lstat, mkdir, mkdtemp, readFile, readdir, readlink, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { pack, type Header } from 'tar-stream';
import { SlipwayError } from '@slipway/contracts';
import type { Filesystem } from '../filesystem.js';
import { checkTar } from '../tar/check-tar.js';
import { PortableEntries } from '../tar/portable-entries.js';

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
        expect(await filesystem.readPart(path, 0, 10)).toBeNull();
        expect(await filesystem.stat(path)).toBeNull();
      }
      expect(await filesystem.list(at('nothing'))).toEqual([]);
      await filesystem.remove(at('nothing'));
      await expect(filesystem.openRead(at('nothing'))).rejects.toMatchObject({ code: 'ENOENT' });
    });

    test('a part is of one file, which keeps its id under another name, and no other has it', async () => {
      await filesystem.writeFile(at('log'), 'one two');
      const part = (await filesystem.readPart(at('log'), 4, 100))!;
      expect([String(part.content), part.bytes]).toEqual(['two', 7]);
      expect(String((await filesystem.readPart(at('log'), 0, 3))!.content)).toBe('one');
      expect((await filesystem.readPart(at('log'), 100, 3))!.content).toHaveLength(0);
      await filesystem.rename(at('log'), at('log.1'));
      await filesystem.writeFile(at('log'), 'three');
      expect((await filesystem.readPart(at('log.1'), 0, 0))!.id).toBe(part.id);
      expect((await filesystem.readPart(at('log'), 0, 0))!.id).not.toBe(part.id);
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

    test('a folder is packed and unpacked elsewhere: content, modes, times, links and names of any length and script', async () => {
      const from = at('from');
      await filesystem.mkdir(join(from, 'deep', 'empty'), { mode: 0o750 });
      await filesystem.writeFile(join(from, 'deep', 'run'), '#!/bin/sh', { mode: 0o4755 });
      await filesystem.writeFile(join(from, 'deep', 'none'), '', { mode: 0o400 });
      await filesystem.writeFile(join(from, 'block'), 'x'.repeat(1024));
      await filesystem.writeFile(join(from, 'grüße-日本'), 'script');
      const long = `${'l'.repeat(200)}/${'n'.repeat(200)}`;
      await filesystem.mkdir(join(from, dirname(long)));
      await filesystem.writeFile(join(from, long), 'long');
      for (const [name, target] of [
        ['deep/link', '../block'],
        ['deep/nowhere', 'user@host:12'],
        [`${'l'.repeat(200)}/link`, `../${long}`],
      ] as const) {
        await symlink(target, join(from, name));
      }
      await filesystem.chmod(join(from, 'deep'), 0o700);
      await utimes(join(from, 'block'), 1_000_000_000, 1_000_000_000);
      await utimes(join(from, 'deep'), 1_100_000_000, 1_100_000_000);
      await filesystem.unpack(at('to'), filesystem.pack(from), { portable: true });
      const told = async (folderPath: string) => {
        const found = await readdir(folderPath, { recursive: true, withFileTypes: true });
        const all = found.map(async (entry) => {
          const path = join(entry.parentPath, entry.name);
          const { mode } = await lstat(path);
          const content = entry.isFile() ? await readFile(path, 'utf8') : entry.isSymbolicLink() ? await readlink(path) : null;
          return [path.slice(folderPath.length), mode & 0o777, content];
        });
        return (await Promise.all(all)).toSorted();
      };
      expect(await told(at('to'))).toEqual(await told(from));
      // No setuid comes out of an archive.
      expect((await filesystem.stat(at('to', 'deep', 'run')))!.mode).toBe(0o755);
      expect((await lstat(at('to', 'block'))).mtimeMs).toBe(1_000_000_000_000);
      expect((await lstat(at('to', 'deep'))).mtimeMs).toBe(1_100_000_000_000);
    });

    test('tells how much is free where a path is, or will be', async () => {
      const free = await filesystem.freeBytes(folder);
      expect(free).toBeGreaterThan(0);
      expect(await filesystem.freeBytes(at('not', 'there', 'yet'))).toBeGreaterThan(0);
    });

    test('any tree of files comes back as it was', async () => {
      const seed = Number(process.env.SLIPWAY_SEED ?? Date.now() % 2 ** 31);
      const name = fc
        .string({ unit: 'grapheme', minLength: 1, maxLength: 40 })
        .map((letters) => letters.replaceAll(/[/\0]/g, '-'));
      const file = fc.record({
        path: fc.array(name, { minLength: 1, maxLength: 4 }),
        content: fc.uint8Array({ maxLength: 3_000 }),
        mode: fc.constantFrom(0o400, 0o600, 0o644, 0o755),
      });
      const roundTrip = fc.asyncProperty(fc.array(file, { maxLength: 8 }), async (files) => {
        const [from, to] = [await mkdtemp(at('from-')), await mkdtemp(at('to-'))];
        const rules = new PortableEntries();
        const made: (typeof files)[number][] = [];
        for (const one of files) {
          const path = one.path.join('/');
          try {
            rules.add({ name: path, type: 'file' });
          } catch {
            continue;
          }
          await mkdir(dirname(join(from, path)), { recursive: true });
          await writeFile(join(from, path), one.content, { mode: one.mode });
          made.push(one);
        }
        await filesystem.unpack(to, filesystem.pack(from), { portable: true });
        for (const { path, content, mode } of made) {
          expect((await readFile(join(to, ...path))).equals(content)).toBe(true);
          expect((await lstat(join(to, ...path))).mode & 0o777).toBe(mode);
        }
        const count = async (folderPath: string) => (await readdir(folderPath, { recursive: true })).length;
        expect(await count(to)).toBe(await count(from));
      });
      await fc.assert(roundTrip, { seed, numRuns: 40 }); // a failure prints the seed; SLIPWAY_SEED replays it
    }, 60_000);

    const unpackable: [string, string, (folderPath: string) => Promise<unknown>][] = [
      ['a link to an absolute name', 'l', (path) => symlink('/etc/passwd', join(path, 'l'))],
      ['a link that leads out', 'l', (path) => symlink('../outside', join(path, 'l'))],
      [
        'two names that differ only in case',
        'Readme',
        async (path) => {
          await writeFile(join(path, 'README'), '');
          await writeFile(join(path, 'Readme'), '');
        },
      ],
      [
        'two names that differ only in their Unicode form',
        '\u00e9',
        async (path) => {
          await writeFile(join(path, 'e\u0301'), '');
          await writeFile(join(path, '\u00e9'), '');
        },
      ],
      ['a name that is no UTF-8', 'x', (path) => writeFile(Buffer.from(`${path}/x\xff`, 'latin1'), '')],
    ];
    test.each(unpackable)('%s is not packed, and is named', async (_what, name, put) => {
      await filesystem.mkdir(at('from'));
      await filesystem.writeFile(at('from', 'a'), 'first');
      await put(at('from'));
      const failed = filesystem.pack(at('from')).toArray();
      await expect(failed).rejects.toMatchObject({ code: 'not-portable', details: { entry: expect.stringContaining(name) } });
    });

    test('what holds no data is left out of a packed folder, and no link is followed while it is packed', async () => {
      await filesystem.mkdir(at('from'));
      await filesystem.writeFile(at('outside'), 'secret');
      const server = createServer().listen(at('from', 'socket'));
      await new Promise((resolve) => server.once('listening', resolve));
      await symlink(at('from'), at('link'));
      try {
        const packed = Buffer.concat((await filesystem.pack(at('from')).toArray()) as Buffer[]);
        expect(packed.toString('latin1')).not.toContain('socket');
        await expect(filesystem.pack(at('link')).toArray()).rejects.toMatchObject({
          code: expect.stringMatching(/ELOOP|ENOTDIR/),
        });
      } finally {
        server.close();
      }
    });

    test('packing that is given up leaves nothing open, also one that fails; what is not there fails', async () => {
      await filesystem.mkdir(at('from', 'inner'));
      await filesystem.writeFile(at('from', 'inner', 'long'), Buffer.alloc(3_000_000));
      const open = async () =>
        (await Promise.all((await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')))).filter(
          (path) => path.startsWith(folder),
        );
      for await (const chunk of filesystem.pack(at('from'))) {
        expect((chunk as Buffer).length).toBeGreaterThan(0);
        if ((chunk as Buffer).length > 10_000) break;
      }
      await symlink('/etc', at('from', 'z'));
      await expect(filesystem.pack(at('from')).toArray()).rejects.toMatchObject({ code: 'not-portable' });
      for (const end = Date.now() + 10_000; (await open()).length > 0 && Date.now() < end;) await new Promise(setImmediate);
      expect(await open()).toEqual([]);
      await expect(filesystem.pack(at('nothing')).toArray()).rejects.toMatchObject({ code: 'ENOENT' });
    });

    test('the system’s own tar takes a packed folder', async () => {
      await filesystem.mkdir(at('from', 'x'.repeat(150)));
      await filesystem.writeFile(at('from', 'x'.repeat(150), 'grüße'), 'content');
      await filesystem.writeFile(at('from', 'b'), 'b'.repeat(513));
      await filesystem.mkdir(at('to'));
      await filesystem.writeFile(at('packed.tar'), filesystem.pack(at('from')));
      await promisify(execFile)('tar', ['--extract', '--file', at('packed.tar'), '--directory', at('to')]);
      expect(await readFile(at('to', 'x'.repeat(150), 'grüße'), 'utf8')).toBe('content');
      expect(await readFile(at('to', 'b'), 'utf8')).toBe('b'.repeat(513));
    });

    const hostileData: [string, TarEntry[]][] = [
      ...hostile.filter(([what]) => what !== 'a link that leads nowhere'),
      [
        'a hard link',
        [
          { name: 'a', content: 'x' },
          { name: 'b', type: 'link', linkname: 'a' },
        ],
      ],
      [
        'names that differ only in case',
        [
          { name: 'a/File', content: '1' },
          { name: 'a/file', content: '2' },
        ],
      ],
      [
        'folders that differ only in case',
        [
          { name: 'dir/one', content: '1' },
          { name: 'DIR/two', content: '2' },
        ],
      ],
      [
        'names that differ only in their Unicode form',
        [
          { name: 'e\u0301', content: '1' },
          { name: '\u00e9', content: '2' },
        ],
      ],
      [
        'a folder that comes twice',
        [
          { name: 'd', type: 'directory' },
          { name: 'd/', type: 'directory' },
        ],
      ],
      [
        'a link whose target goes up after it has gone down',
        [
          { name: 'a/b/file', content: 'x' },
          { name: 'l', type: 'symlink', linkname: 'a/b/../../..' },
        ],
      ],
      ['a link to nothing', [{ name: 'l', type: 'symlink', linkname: '' }]],
      ['folders without end', [{ name: `${'a/'.repeat(1_000)}f`, content: 'x' }]],
      ['a part of a name that is too long', [{ name: 'n'.repeat(300), content: 'x' }]],
      ['a file as its top', [{ name: './', type: 'file', content: 'x' }]],
    ];
    test.each(hostileData)('data with %s are refused, read or unpacked, and nothing outside changes', async (_what, entries) => {
      await filesystem.writeFile(at('outside'), 'untouched');
      await expect(checkTar(tarOf(...entries))).rejects.toMatchObject({ code: 'archive-invalid' });
      await expect(filesystem.unpack(at('new'), tarOf(...entries), { portable: true })).rejects.toMatchObject({
        code: 'archive-invalid',
        details: { entry: expect.any(String), reason: expect.any(String) },
      });
      expect(await filesystem.list(folder)).toEqual(['new', 'outside']);
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
  });
}
