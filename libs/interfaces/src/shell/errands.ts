import { randomBytes } from 'node:crypto';
import { SlipwayError } from '@slipway/contracts/public';
import { MINIMAL_ENV } from '../local/local-command.js';
import { startProgram, type Running } from './program.js';
import { readUntil, type Bound } from './read-until.js';
import { errandLine, runLine } from './script.js';
import type { ShellHost } from './shell-host.js';

/** What a shell that waits for lines is. It works in no folder that somebody may want to remove. */
const WAITING = ['sh', '-c', 'while IFS= read -r line; do eval "$line"; done'];

/** After so long without an errand the shell is let go, in ms. */
const IDLE_MS = 60_000;

/** What an errand may say of what went wrong, in bytes. */
const WORDS = 64 * 1024;

/** What came of an errand. */
export interface Done {
  exitCode: number;
  stdout: Buffer;
  stderr: string;
}

export interface ErrandOptions {
  /** Of its output; more is `too-large`. 64 KiB when left out. */
  bytes?: number;
  /** `timed-out` after so long, and what it runs is ended. 120,000 when left out. */
  timeoutMs?: number;
}

/**
 * Small things that are done at a host one after the other, by one shell that waits there for them: to start a program anew for each costs many
 * times what it does.
 *
 * E1. One at a time, in the order in which they are asked for.
 * E2. A line that does not arrive whole is not carried out.
 * E3. Where one is given up, its shell is ended with it: what comes next begins with another.
 */
export class Errands {
  #shell: Promise<Running> | undefined;
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #idle: NodeJS.Timeout | undefined;

  constructor(private readonly host: ShellHost) {}

  /** Runs one line of POSIX shell with these positional parameters. Throws what {@link startProgram} throws, `too-large` and `timed-out`. */
  run(script: string, args: readonly string[], options: ErrandOptions = {}): Promise<Done> {
    clearTimeout(this.#idle);
    this.#waiting += 1;
    // E1.
    const done = this.#last.then(() => this.#run(script, args, options)).finally(() => this.#rest());
    this.#last = done.catch(() => {});
    return done;
  }

  async #run(script: string, args: readonly string[], { bytes = WORDS, timeoutMs = 120_000 }: ErrandOptions): Promise<Done> {
    const nonce = `slipway-${randomBytes(12).toString('hex')}`;
    const line = errandLine(nonce, script, args);
    const shell = await (this.#shell ??= this.#start());
    const tooMany = (most: number): Bound => ({
      bytes: most,
      tooMany: () => new SlipwayError('too-large', `${this.host.name} says more than ${most} bytes`, { limit: most }),
    });
    const limit = setTimeout(
      () =>
        this.#giveUp(
          shell,
          new SlipwayError('timed-out', `${this.host.name} did not do it within ${timeoutMs} ms`, { timeoutMs }),
        ),
      timeoutMs,
    );
    try {
      shell.input.write(line);
      const said = Promise.all([readUntil(shell.stdout, nonce, tooMany(bytes)), readUntil(shell.stderr, nonce, tooMany(WORDS))]);
      const over = shell.ended.then(() => {
        throw new SlipwayError('driver-failed', `The shell at ${this.host.name} has ended in the middle of something`);
      });
      const [stdout, stderr] = await Promise.race([said, over]);
      return { exitCode: Number(stdout.words), stdout: stdout.before, stderr: stderr.before.toString('utf8') };
    } catch (error) {
      this.#giveUp(shell, error as SlipwayError);
      throw error;
    } finally {
      clearTimeout(limit);
    }
  }

  #start(): Promise<Running> {
    const shell = startProgram(this.host, WAITING, (nonce) => runLine(nonce, WAITING, { cwd: '/', env: MINIMAL_ENV }));
    const forget = () => {
      if (this.#shell === shell) this.#shell = undefined;
    };
    shell.then(({ ended }) => ended).then(forget, forget);
    return shell;
  }

  /** E3. */
  #giveUp(shell: Running, why: SlipwayError): void {
    this.#shell = undefined;
    shell.end(why);
  }

  #rest(): void {
    this.#waiting -= 1;
    if (this.#waiting > 0) return;
    this.#idle = setTimeout(() => this.close(), IDLE_MS).unref();
  }

  /** Lets the shell go once all is done that was asked for; the next errand begins with another. */
  close(): void {
    clearTimeout(this.#idle);
    this.#last = this.#last.then(() => this.#letGo());
  }

  async #letGo(): Promise<void> {
    const shell = await this.#shell?.catch(() => undefined);
    this.#shell = undefined;
    // Its end is told only when all of it has been read.
    for (const output of [shell?.stdout, shell?.stderr]) output?.resume();
    shell?.input.end();
  }
}
