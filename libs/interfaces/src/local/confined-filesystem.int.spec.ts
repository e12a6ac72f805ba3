import { execFileSync } from 'node:child_process';
import { mkdtemp, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Filesystem } from '../filesystem.js';
import { confinedFilesystem } from './confined-filesystem.js';

jest.setTimeout(60_000);

describe('files below a folder', () => {
  let outside: string;
  let folder: string;
  let files: Filesystem;
  const at = (...names: string[]) => join(folder, ...names);
  beforeEach(async () => {
    outside = await mkdtemp(join(tmpdir(), 'slipway-confined-'));
    folder = join(outside, 'folder');
    await mkdir(folder);
    await writeFile(join(outside, 'secret'), 'of somebody else');
    files = confinedFilesystem(folder);
  });
  afterEach(() => rm(outside, { recursive: true, force: true }));

  test('are written, read, listed, renamed, packed and removed as any', async () => {
    await files.mkdir(at('a', 'b'), { mode: 0o750 });
    await files.writeFile(at('a', 'b', 'file'), Readable.from([Buffer.from('one '), Buffer.from('two')]));
    expect(String(await files.readFile(at('a', 'b', 'file')))).toBe('one two');
    expect(await text(await files.openRead(at('a', 'b', 'file')))).toBe('one two');
    expect(String((await files.readPart(at('a', 'b', 'file'), 4, 3))!.content)).toBe('two');
    await files.chmod(at('a', 'b', 'file'), 0o600);
    expect(await files.stat(at('a', 'b', 'file'))).toMatchObject({ type: 'file', mode: 0o600, bytes: 7 });
    await files.rename(at('a', 'b', 'file'), at('a', 'other'));
    expect(await files.list(at('a'))).toEqual(['b', 'other']);
    const tar = await buffer(files.pack(at('a')));
    await files.unpack(at('copy'), Readable.from([tar]));
    expect(await readFile(at('copy', 'other'), 'utf8')).toBe('one two');
    await files.remove(at('a'));
    expect(await files.list(folder)).toEqual(['copy']);
    expect(await files.readFile(at('a', 'other'))).toBeNull();
    expect(await files.list(at('a'))).toEqual([]);
    await expect(files.openRead(at('a'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  test('end at the folder: no name and no link leads out of it, to read or to write', async () => {
    await symlink(outside, at('out'));
    await symlink(join(outside, 'secret'), at('link'));
    for (const refused of [
      () => files.readFile(join(folder, '..', 'secret')),
      () => files.readFile('/etc/hostname'),
      () => files.readFile(at('out', 'secret')),
      () => files.readFile(at('link')),
      () => files.openRead(at('link')),
      () => files.list(at('out')),
      () => files.writeFile(at('out', 'secret'), 'ours'),
      () => files.rename(at('out', 'secret'), at('mine')),
      () => files.mkdir(at('out', 'new')),
      () => files.chmod(at('link'), 0o777),
      () => files.remove(at('out', 'secret')),
    ])
      await expect((async () => refused())()).rejects.toMatchObject({ code: 'bad-input' });
    await expect(buffer(files.pack(at('out')))).rejects.toMatchObject({ code: 'bad-input' });
    await files.writeFile(at('link'), 'in its place');
    expect(await readFile(join(outside, 'secret'), 'utf8')).toBe('of somebody else');
    await files.remove(at('out'));
    expect(await files.list(folder)).toEqual(['link']);
  });

  test('stay below it when a folder on the way becomes a link while they are read', async () => {
    await mkdir(at('way'));
    await writeFile(at('way', 'secret'), 'his own');
    let going = true;
    const swapping = (async () => {
      while (going) {
        await rename(at('way'), at('aside'));
        await symlink(outside, at('way'));
        await rm(at('way'));
        await rename(at('aside'), at('way'));
      }
    })();
    const seen = new Set<string>();
    for (let n = 0; n < 400; n += 1)
      seen.add(await files.readFile(at('way', 'secret')).then(String, (error: { code: string }) => error.code));
    going = false;
    await swapping;
    expect([...seen].filter((one) => !['his own', 'null', 'bad-input'].includes(one))).toEqual([]);
  });

  test('a pipe keeps no reader waiting', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    await expect(files.readFile(at('pipe'))).rejects.toMatchObject({ code: 'bad-input' });
  });
});
