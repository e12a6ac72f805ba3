import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, readdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import type { Command } from '../../command.js';
import { describeCommand } from '../../testing/index.js';
import { apartCommand } from './apart-command.js';

describeCommand('apart', apartCommand);

/** The process that starts our programs: the parent of one of them. */
const starterOf = async (command: Command): Promise<number> => Number((await command.exec(['sh', '-c', 'echo $PPID'])).stdout);

async function gone(pid: number): Promise<void> {
  for (;;) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
    if (stat === undefined || stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z')) return;
    await sleep(10);
  }
}

/** The process ids of programs whose command line holds the text. */
async function runningWith(text: string): Promise<number[]> {
  const pids = (await readdir('/proc')).map(Number).filter((pid) => Number.isInteger(pid) && pid !== process.pid);
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return pids.filter((_, index) => lines[index]!.includes(text));
}

/** A time to sleep that nobody else on this machine sleeps, in seconds. */
const unlike = () => `300.${process.pid}${String(Math.random()).slice(2, 10)}`;

describe('the process that starts programs', () => {
  test('is one for all of them, and not ours', async () => {
    const command = apartCommand();
    const starters = await Promise.all(Array.from({ length: 8 }, () => starterOf(command)));
    expect(new Set(starters).size).toBe(1);
    expect(starters[0]).not.toBe(process.pid);
  });

  test('is let go when there is nothing to do, and there again when there is', async () => {
    const command = apartCommand({ idleMs: 50 });
    const first = await starterOf(command);
    await gone(first);
    expect(await starterOf(command)).not.toBe(first);
  });

  test('when it is killed, what it runs fails and says so; the next program runs', async () => {
    const command = apartCommand();
    const starter = await starterOf(command);
    const running = command.exec(['sleep', '300'], { signal: AbortSignal.timeout(60_000) });
    const failed = expect(running).rejects.toMatchObject({
      code: 'driver-failed',
      message: expect.stringContaining('has ended'),
    });
    process.kill(starter, 'SIGKILL');
    await failed;
    expect((await command.exec(['echo', 'again'])).stdout).toBe('again\n');
  });

  test('when it is killed, a call fails only when nothing of it runs any more, also what left its group or its variables', async () => {
    const command = apartCommand();
    const starter = await starterOf(command);
    const seconds = unlike();
    const line = `sleep ${seconds} & setsid sleep ${seconds} & env -i sleep ${seconds} & echo all; wait`;
    let begun!: () => void;
    const all = new Promise<void>((resolve) => (begun = resolve));
    const failed = expect(command.exec(['sh', '-c', line], { onLine: () => begun() })).rejects.toMatchObject({
      code: 'driver-failed',
    });
    await all;
    while ((await runningWith(seconds)).length < 4) await sleep(10);
    process.kill(starter, 'SIGKILL');
    await failed;
    expect(await runningWith(seconds)).toEqual([]);
  }, 60_000);

  test('killed at any moment, it leaves nothing of a call running that has failed', async () => {
    const command = apartCommand();
    for (let round = 0; round < 12; round += 1) {
      const starter = await starterOf(command);
      const seconds = unlike();
      const calls = Array.from({ length: 6 }, () => command.exec(['sh', '-c', `sleep ${seconds} & exec sleep ${seconds}`]));
      const failed = Promise.all(calls.map((call) => expect(call).rejects.toMatchObject({ code: 'driver-failed' })));
      await sleep(round * 2);
      process.kill(starter, 'SIGKILL');
      await failed;
      expect(await runningWith(seconds)).toEqual([]);
    }
  }, 120_000);

  test('when it is killed, what an ended call left behind on purpose, and what was started to outlive us, runs on', async () => {
    const command = apartCommand();
    const starter = await starterOf(command);
    const left = Number((await command.exec(['setsid', 'sh', '-c', 'sleep 300 >/dev/null 2>&1 & echo $!'])).stdout);
    const detached = await command.spawnDetached(['sleep', '300'], { cwd: '/', env: {}, logFile: '/dev/null' });
    try {
      const failed = expect(command.exec(['sleep', '300'])).rejects.toMatchObject({ code: 'driver-failed' });
      process.kill(starter, 'SIGKILL');
      await failed;
      for (const pid of [left, detached]) expect(process.kill(pid, 0)).toBe(true);
    } finally {
      for (const pid of [left, detached]) process.kill(pid, 'SIGKILL');
    }
  }, 60_000);

  test('does not end by the signals of a terminal, and ends with the one it works for, with what it runs', async () => {
    const built = new URL('../../../dist/index.js', import.meta.url).href;
    const script = `
      const { apartCommand } = await import(${JSON.stringify(built)});
      const command = apartCommand();
      const starter = Number((await command.exec(['sh', '-c', 'echo $PPID'])).stdout);
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.kill(starter, signal);
      const { stdout } = await command.exec(['echo', 'still there']);
      command.exec(['sh', '-c', 'echo $$; exec sleep 300'], { onLine: (pid) => console.log(starter, pid, stdout.trim()) });
      setInterval(() => {}, 1_000);
    `;
    const worksFor = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = (await once(worksFor.stdout, 'data')) as [Buffer];
    const [, pid, program, rest] = /^(\d+) (\d+) (.*)\n$/.exec(String(said))!;
    expect(rest).toBe('still there');
    worksFor.kill('SIGKILL');
    await gone(Number(pid));
    await gone(Number(program));
  }, 30_000);
});
