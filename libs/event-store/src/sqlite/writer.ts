import { Worker } from 'node:worker_threads';
import { SlipwayError } from '@slipway/contracts';
import type { LogLogger } from '../adapter.js';
import type { AdmittedEvent } from '../admission.js';
import { builtFile } from './built-file.js';
import { monotonicMs, type Job, type Outcome } from './commit.js';
import { failureOf, unavailable } from './failure.js';
import type { WriterData } from './writer-thread.js';

/** Milliseconds from the call to the answer, whatever happens: the thread gives up first, then whoever waits for it. */
export const TIME_LIMIT = 750;
const GRACE = 100;
const CHECK_EVERY = 50;

/** An append that was recorded. */
export interface Commit {
  job: Job;
  /** Of its last event; those of one append stand one after another. */
  position: number;
  recordedAt: number;
}

interface Waiting {
  job: Job;
  /** Handed to a thread that died: it may have been recorded. */
  uncertain: boolean;
  resolve(outcome: Extract<Outcome, { kind: 'committed' | 'repeated' }>): void;
  reject(error: Error): void;
}

/**
 * Hands appends to the writer thread and keeps them until they are answered. When the thread dies it is started anew and
 * given what is still open once more: an append that it had committed already is then recognised as a repeat.
 */
export class Writer {
  /** The living thread; replaced when it dies. */
  worker: Worker;
  private readonly open = new Map<number, Waiting>();
  private outbox: Job[] = [];
  private posting = false;
  private nextId = 1;
  private timer: NodeJS.Timeout | undefined;
  private closing: (() => void) | undefined;
  private deaths = 0;
  private lastDeath = '';

  constructor(
    private readonly data: Omit<WriterData, 'signal'>,
    private readonly onCommitted: (commits: Commit[]) => void,
    private readonly now: () => number,
    private readonly timeLimitMs: number,
    private readonly logger?: LogLogger,
  ) {
    this.worker = this.start();
  }
  private signal: Int32Array;

  append(
    stream: string,
    expected: number,
    events: AdmittedEvent[],
  ): Promise<Extract<Outcome, { kind: 'committed' | 'repeated' }>> {
    return new Promise((resolve, reject) => {
      if (this.closing) return reject(unavailable('it was closed'));
      const id = this.nextId++;
      const job: Job = { id, deadline: monotonicMs() + this.timeLimitMs, now: this.now(), stream, expected, events };
      if (this.open.size === 0) this.worker.ref();
      this.open.set(id, { job, uncertain: false, resolve, reject });
      this.outbox.push(job);
      // After a turn for what has come: when it was this thread that was held up, the answers are waiting for it.
      this.timer ??= setInterval(() => setImmediate(() => this.giveUp()), CHECK_EVERY).unref();
      if (this.posting) return;
      this.posting = true;
      setImmediate(() => this.post());
    });
  }

  /** Answers what is open, then ends the thread. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.closing = resolve;
      this.worker.ref();
      this.worker.postMessage('close');
      this.ring();
    });
  }

  private post(): void {
    this.posting = false;
    this.worker.postMessage(this.outbox);
    this.outbox = [];
    this.ring();
  }

  private ring(): void {
    Atomics.add(this.signal, 0, 1);
    Atomics.notify(this.signal, 0);
  }

  private start(): Worker {
    this.signal = new Int32Array(new SharedArrayBuffer(4));
    const worker = new Worker(builtFile(import.meta.url, 'writer-thread.js'), {
      workerData: { ...this.data, signal: this.signal } satisfies WriterData,
    });
    worker.on('message', (outcomes: Outcome[]) => this.answer(outcomes));
    worker.on('error', (error) => (this.lastDeath = (error as Error).message));
    worker.on('exit', () => this.died());
    if (this.open.size === 0) worker.unref();
    return worker;
  }

  private answer(outcomes: Outcome[]): void {
    this.deaths = 0;
    const commits: Commit[] = [];
    for (const outcome of outcomes) {
      const waiting = this.open.get(outcome.id);
      this.open.delete(outcome.id);
      if (!waiting) continue;
      if (outcome.kind === 'committed') commits.push({ job: waiting.job, ...outcome });
      if (outcome.kind === 'failed')
        waiting.reject(waiting.uncertain ? unknown(outcome.message) : failureOf(outcome, this.data.file));
      else if (outcome.kind === 'wrong-revision') waiting.reject(wrongRevision(waiting.job, outcome.actual));
      else waiting.resolve(outcome);
    }
    this.letGo();
    if (commits.length > 0) this.onCommitted(commits);
  }

  private giveUp(): void {
    const now = monotonicMs();
    for (const [id, waiting] of this.open) {
      if (now < waiting.job.deadline + GRACE) break;
      this.open.delete(id);
      waiting.reject(
        unknown(this.deaths > 0 ? `the writer thread has died: ${this.lastDeath}` : 'the writer did not answer in time'),
      );
    }
    if (this.open.size > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
    this.letGo();
  }

  /** An idle thread keeps no process alive; one that is being closed does, until it has ended. */
  private letGo(): void {
    if (this.open.size === 0 && !this.closing) this.worker.unref();
  }

  private died(): void {
    if (this.closing) return this.finish();
    this.deaths += 1;
    this.lastDeath ||= 'it ended';
    this.logger?.warn(
      { file: this.data.file, reason: this.lastDeath, deaths: this.deaths },
      'The log writer died; starting it anew',
    );
    if (this.deaths === 1) this.startAgain();
    else setTimeout(() => this.startAgain(), Math.min(50 * 2 ** this.deaths, 2_000)).unref();
  }

  private startAgain(): void {
    if (this.closing) return this.finish();
    this.worker = this.start();
    this.outbox = [];
    for (const waiting of this.open.values()) waiting.uncertain = true;
    this.worker.postMessage([...this.open.values()].map(({ job }) => job));
    this.ring();
  }

  private finish(): void {
    clearInterval(this.timer);
    for (const waiting of this.open.values()) waiting.reject(unknown('it was closed'));
    this.open.clear();
    this.closing!();
  }
}

const unknown = (reason: string) =>
  unavailable(`${reason}; whether it was recorded is not known, so repeat it with the same ids`, reason);

const wrongRevision = ({ stream, expected }: Job, actual: number) =>
  new SlipwayError('wrong-revision', `${stream} is at revision ${actual}, not ${expected}`, { stream, expected, actual });
