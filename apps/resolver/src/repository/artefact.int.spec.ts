import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { listArtefact, packArtefact } from './artefact.js';

describe('an artefact', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-artefact-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const archive = async () => buffer(packArtefact(folder, await listArtefact(folder)));
  const fill = async () => {
    await mkdir(join(folder, 'lib', 'deep'), { recursive: true });
    await writeFile(join(folder, 'server.mjs'), 'console.log(1)\n');
    await writeFile(join(folder, 'lib', 'deep', `${'long-'.repeat(30)}ü.txt`), 'x'.repeat(100_000));
    await writeFile(join(folder, 'lib', 'run'), '#!/bin/sh\n', { mode: 0o700 });
    await writeFile(join(folder, 'empty'), '');
  };

  test('becomes the same bytes whatever the order, times, and permissions of its files', async () => {
    await fill();
    const first = await archive();
    await rm(folder, { recursive: true });
    await mkdir(folder);
    await writeFile(join(folder, 'empty'), '', { mode: 0o600 });
    await fill();
    await utimes(join(folder, 'server.mjs'), new Date(0), new Date(0));
    expect((await archive()).equals(first)).toBe(true);
  });

  test('comes out of tar as it went in', async () => {
    await fill();
    const out = await mkdtemp(join(tmpdir(), 'slipway-artefact-out-'));
    try {
      execFileSync('tar', ['-x', '-C', out], { input: await archive() });
      execFileSync('diff', ['-r', folder, out]);
      expect(execFileSync('find', [out, '-type', 'f', '-perm', '-100', '-printf', '%P\n']).toString()).toBe('lib/run\n');
    } finally {
      await rm(out, { recursive: true });
    }
  });

  test('with a link, wherever it leads, is refused', async () => {
    await fill();
    await symlink('server.mjs', join(folder, 'lib', 'link'));
    await expect(listArtefact(folder)).rejects.toThrow('lib/link is a link');
  });

  test('with a socket or a pipe is refused', async () => {
    const server = createServer().listen(join(folder, 'socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    await expect(listArtefact(folder)).rejects.toThrow('socket is neither file nor folder');
    await new Promise((resolve) => server.close(resolve));
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    await expect(listArtefact(folder)).rejects.toThrow('pipe is neither file nor folder');
  });

  test.each([
    ['grows', 'x'.repeat(200)],
    ['shrinks', 'x'],
  ])('that %s while it is packed fails', async (_what, content) => {
    await writeFile(join(folder, 'file'), 'x'.repeat(100));
    const entries = await listArtefact(folder);
    await writeFile(join(folder, 'file'), content);
    await expect(buffer(packArtefact(folder, entries))).rejects.toThrow();
  });

  test('whose file vanishes while it is packed fails', async () => {
    await writeFile(join(folder, 'file'), 'x');
    const entries = await listArtefact(folder);
    await rm(join(folder, 'file'));
    await expect(buffer(packArtefact(folder, entries))).rejects.toThrow('ENOENT');
  });
});
