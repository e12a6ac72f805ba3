import { execFile } from 'node:child_process';
import { lstat, mkdir, mkdtemp, readFile, readdir, readlink, symlink, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { PortableEntries } from '../../tar/portable-entries.js';
import type { Setting } from './setting.js';

/** Folders that are packed, to be unpacked elsewhere. */
export function packContract({ filesystem, at }: Setting): void {
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

  test('any tree of files comes back as it was', async () => {
    const seed = Number(process.env.SLIPWAY_SEED ?? Date.now() % 2 ** 31);
    const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }).map((letters) => letters.replaceAll(/[/\0]/g, '-'));
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
  }, 240_000);

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
        (path) => path.startsWith(at()),
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
}
