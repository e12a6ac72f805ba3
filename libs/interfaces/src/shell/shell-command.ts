import type { Readable } from 'node:stream';
import type { Command, CommandOptions, CommandResult } from '../command.js';
import { collect } from '../local/collect.js';
import { Linger } from '../local/linger.js';
import { MINIMAL_ENV, orThrow } from '../local/local-command.js';
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
  const { cwd, env = MINIMAL_ENV, input = '', signal, timeoutMs = 60_000 } = options;
  const linger = new Linger();
  const running = await startProgram(host, command, (nonce) => runLine(nonce, command, { cwd, env }), {
    input,
    timeoutMs,
    linger,
    ...(signal && { signal }),
    paths: { ...(cwd !== undefined && { cwd }) },
  });
  const stdout = collect(running.stdout, 'stdout', { ...options, linger });
  const stderr = collect(running.stderr, 'stderr', { ...options, linger });
  const rest = () => Promise.all([stdout.end(), stderr.end()]);
  const exitCode = await running.ended.catch((error: unknown) => {
    // Its end is not held up by who does not take what it has said.
    rest().catch(() => {});
    throw error;
  });
  await rest();
  return { exitCode, stdout: stdout.text(), stderr: stderr.text() };
}

async function spawnDetached(
  host: ShellHost,
  command: readonly string[],
  options: { cwd: string; env: Record<string, string>; logFile: string },
): Promise<number> {
  const running = await startProgram(host, command, (nonce) => detachLine(nonce, command, options), {
    input: '',
    linger: new Linger(),
    paths: options,
  });
  drain(running.stdout, running.stderr);
  await running.ended;
  return running.group.pid;
}

const drain = (...streams: Readable[]): void => void streams.forEach((stream) => stream.resume());
