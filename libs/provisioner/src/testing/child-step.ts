import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ChildAnswer, ChildTask } from './child.js';

/** The built program, also when this file runs from its source. */
const PROGRAM = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? '../../dist/testing/child.js' : './child.js', import.meta.url),
);

export type Ended = Exclude<ChildAnswer, { type: 'began' | 'at' }> | { type: 'killed' };

/** A driver call in a process of its own. */
export class ChildStep {
  /** Resolves when the driver has been called. */
  readonly began: Promise<void>;
  /** Resolves with the effect before which it stops or ends itself; `undefined` when it ended without. */
  readonly at: Promise<string | undefined>;
  /** How it ended. */
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;

  constructor(task: ChildTask) {
    if (!existsSync(PROGRAM)) throw new Error(`${PROGRAM} is missing: build first (npm run build)`);
    this.#child = fork(PROGRAM, {
      execArgv: [], // Without source maps: to read them takes a fifth of its start.
      env: { PATH: process.env.PATH, NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE },
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const answers: ChildAnswer[] = [];
    // A process may be seen to have ended before the last that it said is read: the channel closes after that.
    const over = Promise.all([once(this.#child, 'exit'), once(this.#child, 'disconnect')]);
    const heard = <Type extends ChildAnswer['type']>(type: Type) =>
      new Promise<Extract<ChildAnswer, { type: Type }> | undefined>((resolve) => {
        this.#child.on('message', (answer: ChildAnswer) => answer.type === type && resolve(answer as never));
        void over.then(() => resolve(undefined));
      });
    this.#child.on('message', (answer: ChildAnswer) => void answers.push(answer));
    this.began = heard('began').then(() => undefined);
    this.at = heard('at').then((answer) => answer?.effect);
    this.ended = over.then(
      () => (answers.find(({ type }) => type === 'done' || type === 'failed') as Ended | undefined) ?? { type: 'killed' },
    );
    this.#child.send(task);
  }

  kill(): void {
    this.#child.kill('SIGKILL');
  }

  /** Wakes it up, and again until it has ended: the first signal may come before it has stopped. */
  async wake(): Promise<Ended> {
    const again = setInterval(() => this.#child.kill('SIGCONT'), 50);
    this.#child.kill('SIGCONT');
    return this.ended.finally(() => clearInterval(again));
  }
}
