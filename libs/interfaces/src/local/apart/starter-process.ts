import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { SlipwayError, causeOf } from '@slipway/contracts/public';
import type { CommandOptions, CommandResult } from '../../command.js';
import { abortReason } from '../local-command.js';
import { MARK, endLeftovers, groupOf, type Group } from './leftovers.js';
import type { Asked, Told } from './messages.js';

/** Sources (which Jest reads) stand in `src/`, what a process can run in `dist/`. */
const STARTER = new URL(
  './starter.js',
  import.meta.url.endsWith('.ts') ? import.meta.url.replace(/\/src\/(?!.*\/src\/)/, '/dist/') : import.meta.url,
);

type Answer = Extract<Told, { result: unknown } | { pid: number }>;

type Heard = Pick<CommandOptions, 'onLine' | 'onLines'>;

interface Call extends Heard {
  group?: Group;
  resolve(answer: Answer): void;
  reject(error: SlipwayError): void;
}

/**
 * One process that starts programs, from its start to its end.
 *
 * P1. What it runs ends with it: when it is killed we end what it has left, when we are killed it does.
 * P2. A call fails for its end only when nothing of that call runs any more: who tries again is alone.
 */
export class StarterProcess {
  readonly #name = randomUUID();
  readonly #calls = new Map<number, Call>();
  readonly #process: ChildProcess;
  #ended = false;
  #idle: NodeJS.Timeout | undefined;
  #ids = 0;

  constructor(private readonly idleMs: number) {
    // A session of its own: Ctrl-C is meant for us, who may have programs to start until the end.
    this.#process = fork(STARTER, {
      env: { [MARK]: this.#name },
      execArgv: [],
      serialization: 'advanced',
      detached: true,
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#process.on('message', (told: Told) => this.#heard(told));
    this.#process.once('error', (error) => void this.#lost(error.message));
    this.#process.once('disconnect', () => void this.#lost('has ended'));
  }

  /** Whether nothing can be asked of it any more. */
  get ended(): boolean {
    return this.#ended;
  }

  async exec(command: readonly string[], { signal, onLine, onLines, ...options }: CommandOptions): Promise<CommandResult> {
    if (signal?.aborted) throw abortReason(signal);
    const id = ++this.#ids;
    const onAbort = () => this.#send({ id, do: 'abort', cause: causeOf(abortReason(signal!)) });
    signal?.addEventListener('abort', onAbort, { once: true });
    const mark = `${this.#name}.${id}`;
    const lines = onLine !== undefined || onLines !== undefined;
    const heard = { ...(onLine && { onLine }), ...(onLines && { onLines }) };
    try {
      const told = await this.#call({ id, do: 'exec', command, options, mark, lines }, heard);
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

  #call(asked: Asked, heard: Heard = {}): Promise<Answer> {
    const answer = new Promise<Answer>((resolve, reject) => this.#calls.set(asked.id, { ...heard, resolve, reject }));
    clearTimeout(this.#idle);
    this.#process.ref();
    this.#process.channel?.ref();
    this.#send(asked);
    return answer.finally(() => this.#done(asked.id));
  }

  #send(asked: Asked): void {
    // What can't be told any more ends with the process.
    if (!this.#ended) this.#process.send(asked, () => {});
  }

  #done(id: number): void {
    this.#calls.delete(id);
    if (this.#calls.size > 0 || this.#ended) return;
    this.#process.unref();
    this.#process.channel?.unref();
    this.#idle = setTimeout(() => this.#letGo(), this.idleMs).unref();
  }

  #letGo(): void {
    this.#ended = true;
    this.#process.disconnect();
  }

  async #lost(reason: string): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    // Whatever its channel ended for.
    this.#process.kill('SIGKILL');
    await endLeftovers(this.#name, new Map([...this.#calls].map(([id, { group }]) => [id, group])));
    for (const { reject } of this.#calls.values())
      reject(new SlipwayError('driver-failed', `The process that starts programs ${reason}`, { reason }));
  }

  async #handOn({ id, lines, from }: Extract<Told, { lines: unknown }>, { onLine, onLines, reject }: Call): Promise<void> {
    try {
      if (onLine) for (const line of lines) onLine(line, from);
      await onLines?.(lines, from);
      this.#send({ id, do: 'more', from });
    } catch (error) {
      this.#send({ id, do: 'abort', cause: causeOf(error) });
      reject(SlipwayError.from(causeOf(error)));
    }
  }

  #heard(told: Told): void {
    const call = this.#calls.get(told.id);
    if (!call) return;
    if ('lines' in told) void this.#handOn(told, call);
    else if ('begun' in told) call.group = groupOf(told.begun);
    else if ('failed' in told) call.reject(SlipwayError.from(told.failed));
    else call.resolve(told);
  }
}
