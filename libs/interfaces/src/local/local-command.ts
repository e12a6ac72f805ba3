import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { constants } from 'node:os';
import { SlipwayError } from '@slipway/contracts/public';
import type { Command, CommandOptions, CommandResult } from '../command.js';
import { collect } from './collect.js';
import { Linger } from './linger.js';

/** What a program gets when nothing else is said: where programs stand, and a locale that changes no output. */
export const MINIMAL_ENV = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LANG: 'C.UTF-8' };

/** Programs on this machine. Each runs in a process group of its own, so that ending it ends all that it has started. */
export function localCommand(): Command {
  const exec = (command: readonly string[], options?: CommandOptions) => run(command, options);
  return { exec, execOrThrow: async (command, options) => orThrow(command, await exec(command, options)), spawnDetached };
}

/** {@link Command.exec} on this machine; `onBegun` hears the process id of the program, which is that of its group too. */
export function run(
  command: readonly string[],
  options: CommandOptions = {},
  onBegun?: (pid: number) => void,
): Promise<CommandResult> {
  const [program, ...args] = command;
  if (!program) return Promise.reject(new SlipwayError('bad-input', 'The command is empty'));
  const { signal, timeoutMs = 60_000 } = options;
  if (signal?.aborted) return Promise.reject(abortReason(signal));

  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env ?? MINIMAL_ENV,
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    if (child.pid !== undefined) onBegun?.(child.pid);
    const linger = new Linger();
    const stdout = collect(child.stdout, 'stdout', { ...options, linger });
    const stderr = collect(child.stderr, 'stderr', { ...options, linger });
    let ended: SlipwayError | undefined;
    const end = (why: SlipwayError) => {
      ended ??= why;
      killGroup(child);
      linger.giveUp();
      // Also where nobody takes what it has said: its end is told only when all of that has been read.
      child.stdout.resume();
      child.stderr.resume();
    };
    const onAbort = () => end(abortReason(signal!));
    signal?.addEventListener('abort', onAbort, { once: true });
    const limit = setTimeout(
      () => end(new SlipwayError('timed-out', `${program} did not end within ${timeoutMs} ms`, { program, timeoutMs })),
      timeoutMs,
    );
    const done = () => {
      clearTimeout(limit);
      linger.stop();
      signal?.removeEventListener('abort', onAbort);
    };
    child.once('error', (error: NodeJS.ErrnoException) => {
      done();
      reject(notStarted(program, error, options.cwd));
    });
    child.once('exit', () => {
      linger.begin(() => {
        child.stdout.destroy();
        child.stderr.destroy();
      });
    });
    child.once('close', (code, name) => {
      done();
      // What was never started has failed already.
      if (child.pid === undefined) return;
      const exitCode = code ?? 128 + (name ? constants.signals[name] : 0);
      const whole = Promise.all([stdout.end(), stderr.end()]);
      whole.then(() => resolve({ exitCode, stdout: stdout.text(), stderr: stderr.text() }), reject);
      if (ended) reject(ended);
    });
    // A program that does not read its input ends the pipe early: that is its own business.
    child.stdin.on('error', () => {});
    child.stdin.end(options.input);
  });
}

/** The result of what ended well; throws what {@link Command.execOrThrow} throws. */
export function orThrow(command: readonly string[], result: CommandResult): CommandResult {
  if (result.exitCode === 0) return result;
  const program = command[0]!;
  const said = result.stderr.trim().slice(-2_000);
  const message = `${program} ended with exit code ${result.exitCode}${said ? `: ${said}` : ''}`;
  throw new SlipwayError('driver-failed', message, { program, exitCode: result.exitCode, stderr: said });
}

async function spawnDetached(
  command: readonly string[],
  options: { cwd: string; env: Record<string, string>; logFile: string },
): Promise<number> {
  const [program, ...args] = command;
  if (!program) throw new SlipwayError('bad-input', 'The command is empty');
  const log = await open(options.logFile, 'a', 0o640);
  try {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env,
      // setsid(2): no terminal, and no signal that is meant for us reaches it.
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', (error) => reject(notStarted(program, error, options.cwd)));
    });
    child.unref();
    return child.pid!;
  } finally {
    await log.close();
  }
}

/** Why a program was not started. The system says the same (ENOENT) of a program and of a folder that are not there. */
function notStarted(program: string, error: NodeJS.ErrnoException, cwd?: string): SlipwayError {
  const isThere = cwd === undefined || existsSync(cwd);
  const lacks = !isThere ? 'folder' : error.code === 'ENOENT' ? 'program' : undefined;
  const why = lacks === 'folder' ? `there is no folder ${cwd}` : lacks ? `there is no program ${program}` : error.message;
  const details = { program, ...(lacks && { lacks }) };
  return new SlipwayError('driver-failed', `${program} could not be started: ${why}`, details, { cause: error });
}

function killGroup(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // The group is gone already.
  }
}

export const abortReason = (signal: AbortSignal): SlipwayError =>
  signal.reason instanceof SlipwayError ? signal.reason : new SlipwayError('step-cancelled');
