import { fork, type ChildProcess } from 'node:child_process';
import { SlipwayError, causeOf } from '@slipway/contracts/public';
import type { Command, CommandOptions, CommandResult } from '../../command.js';
import { abortReason, orThrow } from '../local-command.js';
import type { Asked, Told } from './messages.js';

/** After so long without work it is let go, in ms. */
const IDLE_MS = 30_000;

/** Sources (which Jest reads) stand in `src/`, what a process can run in `dist/`. */
const STARTER = new URL(
  './starter.js',
  import.meta.url.endsWith('.ts') ? import.meta.url.replace(/\/src\/(?!.*\/src\/)/, '/dist/') : import.meta.url,
);

type Answer = Extract<Told, { result: unknown } | { pid: number }>;

interface Call {
  onLine: CommandOptions['onLine'];
  resolve(answer: Answer): void;
  reject(error: SlipwayError): void;
}

/**
 * Programs on this machine, started by a small process beside ours, so that it does not matter to them or to us how large we
 * are. It is there while there is something to do. If it is killed, what it runs fails (`driver-failed`) and the next program
 * has a new one.
 */
export function apartCommand({ idleMs = IDLE_MS } = {}): Command {
  const starter = new Starter(idleMs);
  const exec = (command: readonly string[], options: CommandOptions = {}) => starter.exec(command, options);
  return {
    exec,
    execOrThrow: async (command, options) => orThrow(command, await exec(command, options)),
    spawnDetached: (command, options) => starter.spawnDetached(command, options),
  };
}

class Starter {
  readonly #calls = new Map<number, Call>();
  #process: ChildProcess | undefined;
  #idle: NodeJS.Timeout | undefined;
  #ids = 0;

  constructor(private readonly idleMs: number) {}

  async exec(command: readonly string[], { signal, onLine, ...options }: CommandOptions): Promise<CommandResult> {
    if (signal?.aborted) throw abortReason(signal);
    const id = ++this.#ids;
    const onAbort = () => this.#send({ id, do: 'abort', cause: causeOf(abortReason(signal!)) });
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      const told = await this.#call({ id, do: 'exec', command, options, lines: onLine !== undefined }, onLine);
      return (told as Extract<Told, { result: CommandResult }>).result;
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  async spawnDetached(
    command: readonly string[],
    options: { cwd: string; env: Record<string, string>; logFile: string },
  ): Promise<number> {
    const told = await this.#call({ id: ++this.#ids, do: 'spawn', command, options });
    return (told as Extract<Told, { pid: number }>).pid;
  }

  #call(asked: Asked, onLine?: CommandOptions['onLine']): Promise<Answer> {
    const answer = new Promise<Answer>((resolve, reject) => this.#calls.set(asked.id, { onLine, resolve, reject }));
    this.#send(asked);
    return answer.finally(() => this.#ended(asked.id));
  }

  #send(asked: Asked): void {
    const process = (this.#process ??= this.#start());
    clearTimeout(this.#idle);
    process.ref();
    process.channel?.ref();
    // What can't be told any more ends with the process.
    process.send(asked, () => {});
  }

  #ended(id: number): void {
    this.#calls.delete(id);
    if (this.#calls.size > 0) return;
    this.#process?.unref();
    this.#process?.channel?.unref();
    this.#idle = setTimeout(() => this.#letGo(), this.idleMs).unref();
  }

  #letGo(): void {
    const process = this.#process;
    this.#process = undefined;
    process?.disconnect();
  }

  #start(): ChildProcess {
    // A session of its own: Ctrl-C is meant for us, who may have programs to start until the end.
    const started = fork(STARTER, {
      env: {},
      execArgv: [],
      serialization: 'advanced',
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    started.on('message', (told: Told) => this.#heard(told));
    const lost = (reason: string) => {
      if (this.#process !== started) return;
      this.#process = undefined;
      for (const { reject } of this.#calls.values())
        reject(new SlipwayError('driver-failed', `The process that starts programs ${reason}`, { reason }));
    };
    started.once('error', (error) => lost(error.message));
    started.once('disconnect', () => lost('has ended'));
    return started;
  }

  #heard(told: Told): void {
    const call = this.#calls.get(told.id);
    if (!call) return;
    if ('line' in told) call.onLine?.(told.line, told.from);
    else if ('failed' in told) call.reject(SlipwayError.from(told.failed));
    else call.resolve(told);
  }
}
