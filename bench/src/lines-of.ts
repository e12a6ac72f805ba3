import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

/** A program that answers lines with lines, one to one. */
export class LinesOf {
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  constructor(command: string, words: readonly string[]) {
    this.#child = spawn(command, words, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  /** The next line that it writes, after it was given some; undefined when that takes longer than so many milliseconds: it is gone then. */
  async ask(text: string, milliseconds: number): Promise<string | undefined> {
    this.#child.stdin!.write(text);
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), milliseconds);
    try {
      const { value, done } = await this.#lines.next();
      return done ? undefined : value;
    } finally {
      clearTimeout(timer);
    }
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }
}
