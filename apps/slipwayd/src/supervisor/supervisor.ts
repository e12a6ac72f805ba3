import type { ChildProcess } from 'node:child_process';
import { startProgram, type ChildMessage, type Program, type SupervisorMessage } from './child.js';

export interface SupervisorEvents {
  /** A program ended by itself; it is started again after `restartInMs`. */
  died(program: Program, how: string, restartInMs: number): void;
  /** It serves again after it had died. */
  back(program: Program): void;
  /** A program is ready and says where it is called; after a restart that may be elsewhere. */
  serves(url: string): void;
  /** A program asks for the whole mesh to be started again (a restore was staged). */
  restart(reason: string): void;
}

interface Kept {
  program: Program;
  child: ChildProcess;
  startedAt: number;
  /** In a row, each shortly after its start. */
  failures: number;
  ready: Promise<void>;
  timer?: NodeJS.Timeout;
}

/** A program that ran at least this long has not failed at its start. */
const SETTLED_MS = 10_000;

/**
 * Keeps programs running.
 *
 * S1. A program that ends by itself is started again, at once the first time, then with a growing pause up to 10 s.
 * S2. After `stop` has begun nothing is started again.
 * S3. Programs are stopped in the reverse order of their start, each asked first and ended by force after a grace.
 */
export class Supervisor {
  private readonly kept: Kept[] = [];
  private stopping = false;

  constructor(private readonly events: SupervisorEvents) {}

  /** Starts a program; resolves when it says that it is ready (at once without a channel), rejects when it ends before. */
  async start(program: Program): Promise<void> {
    const kept = { program, failures: 0 } as Kept;
    this.kept.push(kept);
    this.run(kept);
    await kept.ready;
  }

  /** Process id of a running program, by name. */
  pid(name: string): number | undefined {
    return this.kept.find((kept) => kept.program.name === name)?.child.pid;
  }

  async stop(instances: 'stop' | 'leave', graceMs = 25_000): Promise<void> {
    this.stopping = true;
    for (const kept of [...this.kept].reverse()) {
      clearTimeout(kept.timer);
      await end(kept, instances, graceMs);
    }
    this.kept.length = 0;
  }

  private run(kept: Kept): void {
    const child = startProgram(kept.program);
    kept.child = child;
    kept.startedAt = Date.now();
    let said = '';
    kept.ready = new Promise<void>((resolve, reject) => {
      if (!kept.program.channel) child.once('spawn', resolve);
      child.on('message', (message: ChildMessage) => {
        if (message.type === 'ready') {
          if (message.url !== undefined) this.events.serves(message.url);
          resolve();
        }
        if (message.type === 'failed') said = message.message;
        if (message.type === 'restart') this.events.restart(message.reason);
      });
      child.once('error', (error) => reject(new Error(`${kept.program.command[0]}: ${error.message}`)));
      child.once('exit', (code, signal) =>
        reject(new Error(said || `${kept.program.name} ended with ${signal ?? `code ${code}`}; see ${kept.program.logFile}`)),
      );
    });
    // Whoever started it is told of an end before it was ready; an end after that is ours to mend.
    kept.ready.then(
      () => child.once('exit', (code, signal) => this.died(kept, signal ?? `code ${code}`)),
      () => {},
    );
  }

  private died(kept: Kept, how: string): void {
    if (this.stopping) return;
    kept.failures = Date.now() - kept.startedAt > SETTLED_MS ? 0 : kept.failures + 1;
    const pause = kept.failures === 0 ? 0 : Math.min(10_000, 100 * 2 ** kept.failures);
    this.events.died(kept.program, how, pause);
    kept.timer = setTimeout(() => {
      this.run(kept);
      kept.ready.then(
        () => this.events.back(kept.program),
        (error: Error) => this.died(kept, error.message),
      );
    }, pause);
  }
}

async function end(kept: Kept, instances: 'stop' | 'leave', graceMs: number): Promise<void> {
  const { child, program } = kept;
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const exited = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
  if (program.channel && child.connected) child.send({ type: 'stop', instances } satisfies SupervisorMessage);
  else child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), graceMs);
  await exited;
  clearTimeout(force);
}
