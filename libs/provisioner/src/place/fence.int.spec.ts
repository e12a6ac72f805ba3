import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { localCommand, type Command } from '@slipway/interfaces';
import { Fence } from './fence.js';

describe('a fence around what is changed', () => {
  let folder: string;
  const fence = (epoch: number, command: Command = localCommand()) => new Fence(folder, epoch, command);
  const write = (words: string) => ['sh', '-c', `printf %s ${words} > "$0"`, join(folder, 'written')];
  const written = () => readFile(join(folder, 'written'), 'utf8');

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'slipway-fence-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('runs programs of who has claimed it last, and of who came later; what they say is told as it is', async () => {
    await fence(3).claim();
    await fence(3).command.execOrThrow(write('third'));
    expect(await written()).toBe('third');
    await fence(4).command.execOrThrow(write('fourth'));
    await fence(3).command.execOrThrow(write('third'));
    expect(await written()).toBe('third');
    expect(await fence(3).command.exec(['sh', '-c', 'echo out; echo err >&2; exit 7'])).toEqual({
      ...{ exitCode: 7, stdout: 'out\n', stderr: 'err\n' },
    });
    await expect(fence(3).command.execOrThrow(['sh', '-c', 'echo why >&2; exit 7'])).rejects.toThrow('sh ended with 7: why');
  });

  test('runs nothing of an older epoch, however it is asked', async () => {
    await fence(2).claim();
    await fence(4).claim();
    const { command } = fence(2);
    for (const attempt of [() => command.exec(write('late')), () => command.execOrThrow(write('late')), () => fence(2).claim()])
      await expect(attempt()).rejects.toMatchObject({ code: 'generation-old' });
    const logFile = join(folder, 'log');
    await command.spawnDetached(write('late'), { cwd: folder, env: { PATH: process.env.PATH! }, logFile });
    await fence(4).command.execOrThrow(write('newest'));
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await written()).toBe('newest');
  });

  test('that has been looked at by who is about to change something keeps that apart from a claim', async () => {
    await fence(1).claim();
    const begun = join(folder, 'begun');
    const script = 'touch "$1"; sleep 0.3; printf %s first > "$0"';
    const long = fence(1).command.execOrThrow(['sh', '-c', script, join(folder, 'written'), begun]);
    while (!existsSync(begun)) await new Promise((resolve) => setTimeout(resolve, 10));
    await fence(2).claim();
    expect(await written()).toBe('first');
    await long;
  });

  test('what runs on holds nobody up', async () => {
    await fence(1).claim();
    const started = fence(1).command.spawnDetached(['sleep', '30'], {
      ...{ cwd: folder, env: { PATH: process.env.PATH! }, logFile: join(folder, 'log') },
    });
    const pid = await started;
    try {
      await fence(2).claim();
    } finally {
      process.kill(pid);
    }
  });

  test('around what is not there says so', async () => {
    folder = join(folder, 'gone');
    await expect(fence(1).claim()).rejects.toMatchObject({ code: 'driver-failed' });
    await expect(stat(folder)).rejects.toThrow('ENOENT');
    folder = join(folder, '..');
  });
});
