import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
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

  test('does not end by the signals of a terminal, and ends with the one it works for', async () => {
    const built = new URL('../../../dist/index.js', import.meta.url).href;
    const script = `
      const { apartCommand } = await import(${JSON.stringify(built)});
      const command = apartCommand();
      const starter = Number((await command.exec(['sh', '-c', 'echo $PPID'])).stdout);
      for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.kill(starter, signal);
      const { stdout } = await command.exec(['echo', 'still there']);
      console.log(starter, stdout.trim());
      setInterval(() => {}, 1_000);
    `;
    const worksFor = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = (await once(worksFor.stdout, 'data')) as [Buffer];
    const [, pid, rest] = /^(\d+) (.*)\n$/.exec(String(said))!;
    expect(rest).toBe('still there');
    worksFor.kill('SIGKILL');
    await gone(Number(pid));
  }, 30_000);
});
