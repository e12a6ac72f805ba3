import type { Readable } from 'node:stream';
import type { Command, CommandOptions, CommandResult } from '../command.js';
import { MINIMAL_ENV, collect, orThrow } from '../local/local-command.js';
import { startProgram } from './program.js';
import { detachLine, runLine } from './script.js';
import type { ShellHost } from './shell-host.js';

/**
 * Programs at a host with a POSIX shell and util-linux. As on this machine each runs in a process group of its own, which a time limit or an
 * abort ends. Besides what is said of {@link Command}: names of variables are such as a shell takes; where the way there is cut, a program
 * that ran fails, and what is left of it is ended when the host is reached again.
 */
export function shellCommand(host: ShellHost): Command {
  const exec = (command: readonly string[], options?: CommandOptions) => run(host, command, options);
  return {
    exec,
    execOrThrow: async (command, options) => orThrow(command, await exec(command, options)),
    spawnDetached: (command, options) => spawnDetached(host, command, options),
  };
}

async function run(host: ShellHost, command: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  const { cwd, env = MINIMAL_ENV, input = '', signal, timeoutMs = 60_000, onLine } = options;
  const running = await startProgram(host, command, (nonce) => runLine(nonce, command, { cwd, env }), {
    input,
    timeoutMs,
    isRead: true,
    ...(signal && { signal }),
    paths: { ...(cwd !== undefined && { cwd }) },
  });
  const stdout = collect(running.stdout, 'stdout', onLine);
  const stderr = collect(running.stderr, 'stderr', onLine);
  try {
    const exitCode = await running.ended;
    return { exitCode, stdout: stdout.text(), stderr: stderr.text() };
  } finally {
    stdout.end();
    stderr.end();
  }
}

async function spawnDetached(
  host: ShellHost,
  command: readonly string[],
  options: { cwd: string; env: Record<string, string>; logFile: string },
): Promise<number> {
  const running = await startProgram(host, command, (nonce) => detachLine(nonce, command, options), {
    input: '',
    isRead: true,
    paths: options,
  });
  drain(running.stdout, running.stderr);
  await running.ended;
  return running.group.pid;
}

const drain = (...streams: Readable[]): void => void streams.forEach((stream) => stream.resume());
