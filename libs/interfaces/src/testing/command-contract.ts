import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import type { Command } from '../command.js';

/** Waits until `look` finds something. */
async function eventually<T>(look: () => Promise<T | undefined> | T | undefined): Promise<T> {
  const end = Date.now() + 30_000;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (Date.now() > end) throw new Error('It did not come to that within 30 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The state letter of a process (proc(5)), `undefined` when there is none or only its remains. */
const alive = async (pid: number): Promise<string | undefined> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  const state = stat?.slice(stat.lastIndexOf(')') + 2, stat.lastIndexOf(')') + 3);
  return state === 'Z' ? undefined : state;
};

/** The contract of {@link Command}: every maker runs it. `make` is asked for one whose place is this machine (Linux). */
export function describeCommand(maker: string, make: () => Command): void {
  describe(`command contract: ${maker}`, () => {
    const command = make();
    let folder: string;
    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'slipway-command-'));
    });
    afterEach(() => rm(folder, { recursive: true, force: true }));

    test('gives exit code, output and error output', async () => {
      const result = await command.exec(['sh', '-c', 'echo out; echo err >&2; exit 3']);
      expect(result).toEqual({ exitCode: 3, stdout: 'out\n', stderr: 'err\n' });
    });

    test('an argument is one argument, whatever it holds: no shell takes it apart', async () => {
      const args = ['a b', '$(touch x)', '`id`', "'", '"', ';', '*', '', '\n', '&&'];
      const { stdout } = await command.exec([process.execPath, '-p', 'JSON.stringify(process.argv.slice(1))', '--', ...args], {
        cwd: folder,
      });
      expect(JSON.parse(stdout)).toEqual(args);
    });

    test('the environment is what is given, and minimal when nothing is', async () => {
      process.env.SLIPWAY_CANARY = 'ours';
      const given = await command.exec(['/usr/bin/env'], { env: { A: '1' } });
      expect(given.stdout.split('\n').filter((line) => line && !line.startsWith('SLIPWAY_STARTER='))).toEqual(['A=1']);
      const minimal = await command.exec(['/usr/bin/env']);
      expect(minimal.stdout).not.toContain('SLIPWAY_CANARY');
      expect(minimal.stdout).toContain('PATH=');
      delete process.env.SLIPWAY_CANARY;
    });

    test('input arrives, the working folder is the one named', async () => {
      const { stdout } = await command.exec(['sh', '-c', 'pwd; cat'], { cwd: folder, input: 'grüße' });
      expect(stdout).toBe(`${folder}\ngrüße`);
    });

    test('a program that does not read its input is no failure', async () => {
      const result = await command.exec(['true'], { input: 'x'.repeat(1_000_000) });
      expect(result.exitCode).toBe(0);
    });

    test('lines come one by one and whole, the last one also without its end', async () => {
      const lines: string[] = [];
      const script = 'process.stdout.write("grü\\r\\nße"); process.stdout.write("!\\n\\nlast"); process.stderr.write("e\\n")';
      await command.exec([process.execPath, '-e', script], { onLine: (line, from) => lines.push(`${from}:${line}`) });
      expect(lines.filter((line) => line.startsWith('stdout'))).toEqual(['stdout:grü', 'stdout:ße!', 'stdout:', 'stdout:last']);
      expect(lines).toContain('stderr:e');
    });

    test('whoever does not take the lines makes the program wait: it gets all of them, in order, and one that never takes them can end it', async () => {
      let [lines, underWay] = [0, 0];
      const { exitCode } = await command.exec(['seq', '1', '300000'], {
        async onLines(said) {
          underWay += 1;
          expect(underWay).toBe(1);
          await new Promise((resolve) => void setImmediate(resolve));
          expect(said).toEqual(said.map(() => `${(lines += 1)}`));
          underWay -= 1;
        },
      });
      expect([exitCode, lines]).toEqual([0, 300_000]);
      const ending = new AbortController();
      let times = 0;
      const onLines = () => {
        times += 1;
        ending.abort();
        return new Promise<void>(() => {});
      };
      await expect(command.exec(['yes'], { signal: ending.signal, onLines })).rejects.toMatchObject({ code: 'step-cancelled' });
      expect(times).toBe(1);
    });

    test('of very much output the last MiB is kept', async () => {
      const { stdout } = await command.exec([process.execPath, '-e', 'process.stdout.write("x".repeat(5e6) + "the end")']);
      expect(stdout.length).toBe(1024 * 1024);
      expect(stdout.endsWith('xthe end')).toBe(true);
    });

    test('execOrThrow names program, exit code and what it said last, but no argument', async () => {
      const failing = command.execOrThrow(['sh', '-c', 'echo the reason >&2; exit 7', 'topsecret']);
      await expect(failing).rejects.toMatchObject({
        code: 'driver-failed',
        message: 'sh ended with exit code 7: the reason',
        details: { program: 'sh', exitCode: 7 },
      });
      await expect(failing).rejects.not.toMatchObject({ message: expect.stringContaining('topsecret') });
    });

    test('a program that is not there is named', async () => {
      await expect(command.exec(['/nowhere/program'])).rejects.toMatchObject({
        code: 'driver-failed',
        message: expect.stringContaining('there is no program /nowhere/program'),
        details: { lacks: 'program' },
      });
      await expect(command.exec([])).rejects.toMatchObject({ code: 'bad-input' });
    });

    test('a folder that is not there is named, and not the program', async () => {
      await expect(command.exec(['pwd'], { cwd: join(folder, 'nowhere') })).rejects.toMatchObject({
        code: 'driver-failed',
        message: expect.stringContaining(`there is no folder ${join(folder, 'nowhere')}`),
        details: { lacks: 'folder' },
      });
    });

    test('a program ended by a signal has 128 and the signal as its exit code', async () => {
      expect((await command.exec(['sh', '-c', 'kill -TERM $$'])).exitCode).toBe(143);
    });

    test('the time limit ends it with all that it has started', async () => {
      const pids: number[] = [];
      const running = command.exec(['sh', '-c', 'sleep 300 & echo $!; echo $$; wait'], {
        timeoutMs: 700,
        onLine: (line) => pids.push(Number(line)),
      });
      await expect(running).rejects.toMatchObject({ code: 'timed-out', message: expect.stringContaining('700 ms') });
      expect(pids).toHaveLength(2);
      for (const pid of pids) await eventually(async () => ((await alive(pid)) === undefined ? true : undefined));
    });

    test('an abort ends it with all that it has started', async () => {
      const cancel = new AbortController();
      const pids: number[] = [];
      const running = command.exec(['sh', '-c', 'sleep 300 & echo $!; wait'], {
        signal: cancel.signal,
        onLine: (line) => {
          pids.push(Number(line));
          cancel.abort();
        },
      });
      await expect(running).rejects.toMatchObject({ code: 'step-cancelled' });
      await eventually(async () => ((await alive(pids[0]!)) === undefined ? true : undefined));
      await expect(command.exec(['true'], { signal: cancel.signal })).rejects.toMatchObject({ code: 'step-cancelled' });
    });

    test('what a program leaves behind does not hold up its result', async () => {
      const began = Date.now();
      const { stdout } = await command.exec(['setsid', 'sh', '-c', 'sleep 20 & echo $!']);
      expect(Date.now() - began).toBeLessThan(20_000);
      process.kill(Number(stdout), 'SIGKILL');
    });

    test('a detached program has its own session, no input, and its output in the file', async () => {
      const logFile = join(folder, 'log');
      const script = `echo "stdin=[$(cat)]"; cut -d' ' -f6 /proc/$$/stat; echo to stderr >&2; echo $A; exec sleep 300`;
      const pid = await command.spawnDetached(['sh', '-c', script], {
        cwd: folder,
        env: { PATH: process.env.PATH!, A: 'b' },
        logFile,
      });
      try {
        const log = await eventually(async () => {
          const text = await readFile(logFile, 'utf8');
          return text.includes('b\n') ? text : undefined;
        });
        expect(log).toBe(`stdin=[]\n${pid}\nto stderr\nb\n`);
        await eventually(async () => ((await alive(pid)) === 'S' ? true : undefined));
      } finally {
        process.kill(pid, 'SIGKILL');
      }
      await eventually(async () => ((await alive(pid)) === undefined ? true : undefined));
    });

    test('a detached program that is not there is named', async () => {
      const start = command.spawnDetached(['/nowhere/program'], { cwd: folder, env: {}, logFile: join(folder, 'log') });
      await expect(start).rejects.toMatchObject({ code: 'driver-failed', message: expect.stringContaining('/nowhere/program') });
    });
  });
}
