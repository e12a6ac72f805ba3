import { lstat, readFile, symlink } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';
import type { Setting } from './setting.js';

/** Files and folders: written, read, renamed, removed, in one go. */
export function filesContract({ filesystem, at }: Setting): void {
  test('text, bytes and streams are written with their mode and read back', async () => {
    await filesystem.writeFile(at('text'), 'grüße', { mode: 0o400 });
    await filesystem.writeFile(at('bytes'), new Uint8Array([0, 255]));
    await filesystem.writeFile(at('stream'), Readable.from([Buffer.from('one '), Buffer.from('two')]));
    expect(String(await filesystem.readFile(at('text')))).toBe('grüße');
    expect([...(await filesystem.readFile(at('bytes')))!]).toEqual([0, 255]);
    expect(await text(await filesystem.openRead(at('stream')))).toBe('one two');
    expect(await filesystem.stat(at('text'))).toMatchObject({ type: 'file', mode: 0o400, bytes: 7 });
    expect(await filesystem.list(at())).toEqual(['bytes', 'stream', 'text']);
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
    expect(await filesystem.list(at())).toEqual(['one']);
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
    expect(await filesystem.list(at())).toEqual(['file']);
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
    expect(await filesystem.list(at())).toEqual(['file', 'moved', 'other']);
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
    expect(await filesystem.list(at())).toEqual(['out']);
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

  test('tells how much is free where a path is, or will be', async () => {
    const free = await filesystem.freeBytes(at());
    expect(free).toBeGreaterThan(0);
    expect(await filesystem.freeBytes(at('not', 'there', 'yet'))).toBeGreaterThan(0);
  });
}
