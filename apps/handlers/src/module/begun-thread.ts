import { Worker } from 'node:worker_threads';
import { SlipwayError } from '@slipway/contracts';
import type { FromThread, ThreadSettings, ToThread } from './messages.js';

/** Threads run what was built: sources, which Jest reads, stand in `src/`. */
const PROGRAM = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/module/thread.worker.js' : './thread.worker.js',
  import.meta.url,
);
const LOAD_MS = 30_000;
/** What a handler may keep in memory: one that keeps everything ends its own thread, not the service. */
const HEAP_MB = 256;

/** Takes what the thread says until it is `done`, or has `failed`. */
type Hear<Value> = (message: FromThread, done: (value: Value) => void, failed: (error: SlipwayError) => void) => void;

/** One thread of a handler, from its beginning to its end: what is over is not begun again. */
export class BegunThread {
  /** What it listens to, once it is loaded; `handler-failed` says what is wrong with it, and it is ended. */
  readonly names: Promise<string[]>;
  readonly #worker: Worker;
  /** Why it answers nothing any more. */
  #over: SlipwayError | undefined;
  /** End what is waited for. */
  readonly #cuts = new Set<(error: SlipwayError) => void>();

  /** `file` is its module as configuration names it; `said` gets the lines that it writes, `exited` that it is no more. */
  constructor(settings: ThreadSettings, file: string, { said, exited }: { said(line: string): void; exited(): void }) {
    const worker = new Worker(PROGRAM, {
      name: `handler ${settings.handler}`,
      workerData: settings,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
      stdout: true,
      stderr: true,
    });
    this.#worker = worker;
    for (const stream of [worker.stdout, worker.stderr]) {
      stream.on('data', (text: Buffer) => String(text).trimEnd().split('\n').forEach(said));
    }
    let reason = 'it has ended its thread';
    worker.on('error', (error: unknown) => (reason = error instanceof Error ? error.message : String(error)));
    worker.on('exit', () => {
      this.#cut(unusable(reason));
      exited();
    });
    this.names = this.#load(file);
  }

  /** Whether it answers nothing any more: another is to be begun. */
  get over(): boolean {
    return this.#over !== undefined;
  }

  post(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  /** What it answers within a time limit; one that does not is ended. */
  answer<Value>(limitMs: number, hear: Hear<Value>): Promise<Value> {
    return new Promise<Value>((resolve, reject) => {
      if (this.#over) return reject(this.#over);
      const settle = () => {
        clearTimeout(timer);
        this.#worker.off('message', listen);
        this.#cuts.delete(failed);
      };
      const done = (value: Value) => {
        settle();
        resolve(value);
      };
      const failed = (error: SlipwayError) => {
        settle();
        reject(error);
      };
      const listen = (message: FromThread) => hear(message, done, failed);
      const timer = setTimeout(() => void this.end(unusable(`it did not end within ${limitMs / 1000} s`)), limitMs);
      this.#worker.on('message', listen);
      this.#cuts.add(failed);
    });
  }

  /** Ends it, and what it is at; resolves when it has exited. */
  async end(reason: SlipwayError): Promise<void> {
    this.#cut(reason);
    await this.#worker.terminate();
  }

  async #load(file: string): Promise<string[]> {
    try {
      return await this.answer<string[]>(LOAD_MS, (message, done, failed) => {
        if (message.told === 'loaded') done(message.names);
        else if (message.told === 'unusable') failed(unusable(`${file} ${message.reason}`));
      });
    } catch (error) {
      await this.end(error as SlipwayError);
      throw error;
    }
  }

  #cut(reason: SlipwayError): void {
    this.#over ??= reason;
    for (const failed of this.#cuts) failed(this.#over);
  }
}

export const unusable = (reason: string): SlipwayError => new SlipwayError('handler-failed', reason);
