import { createRequire } from 'node:module';
import { isAbsolute, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { SlipwayError, causeOf, type EventToHandle, type JobKind, type JsonObject } from '@slipway/contracts';
import type { Accepted } from '@slipway/contracts/http';
import type { HandlerConfig } from '@slipway/mesh';
import type { FromThread, ThreadSettings, ToThread } from './messages.js';

/** Where this clone stands: its node_modules hold packages of handlers, unless configuration names another folder. */
const CLONE = join(import.meta.dirname, '../../../..');
/** Threads run what was built: sources, which Jest reads, stand in `src/`. */
const PROGRAM = new URL(
  import.meta.url.endsWith('.ts') ? '../../dist/module/thread.worker.js' : './thread.worker.js',
  import.meta.url,
);
const LOAD_MS = 30_000;
/** What a handler may keep in memory: one that keeps everything ends its own thread, not the service. */
const HEAP_MB = 256;

export type Send = (number: number, job: JobKind, body: JsonObject) => Promise<Accepted>;

export interface ThreadOptions {
  name: string;
  config: HandlerConfig;
  /** Whose `node_modules` hold a handler that is a package; the clone when left out. */
  packages: string | undefined;
  /** A line that it wrote. */
  said(line: string): void;
}

/**
 * A handler in a thread of its own, which is all that it can bring down: an endless loop is cut off, an exit, a crash or too much
 * memory ends the thread, and the next event begins another.
 */
export class HandlerThread {
  #worker: Worker | undefined;
  #loading: Promise<string[]> | undefined;
  #ended = false;
  /** Why threads have ended. */
  readonly #reasons = new WeakMap<Worker, string>();
  /** Ends what is waited for. */
  #cut = () => {};

  constructor(private readonly options: ThreadOptions) {}

  /** Loads the module unless it is; what it listens to. Throws `handler-failed` that says what is wrong with it. */
  load(): Promise<string[]> {
    return (this.#loading ??= this.#load().catch((error: unknown) => {
      this.#loading = undefined;
      throw error;
    }));
  }

  async #load(): Promise<string[]> {
    const { name, config } = this.options;
    const settings: ThreadSettings = { module: this.#module(), handler: name, options: config.options ?? {} };
    const worker = this.#begin(settings);
    const loaded = await this.#answer(worker, LOAD_MS, (message, done, failed) => {
      if (message.told === 'loaded') done(message.names);
      else if (message.told === 'unusable') failed(unusable(`${config.file} ${message.reason}`));
    }).catch(async (error: unknown) => {
      await worker.terminate();
      throw error;
    });
    return loaded as string[];
  }

  /** Resolves when the event is handled; throws why it was not. */
  async handle(event: EventToHandle, count: number, send: Send): Promise<void> {
    await this.load();
    const worker = this.#worker!;
    const post = (message: ToThread) => worker.postMessage(message);
    const { timeoutSeconds } = this.options.config;
    const handled = this.#answer(worker, timeoutSeconds * 1000, (message, done, failed) => {
      if (message.told === 'handled') {
        if (message.cause) failed(SlipwayError.from(message.cause));
        else done(undefined);
      } else if (message.told === 'send') {
        const { event: id, number, job, body } = message;
        const asked =
          id === event.id
            ? send(number, job, body)
            : Promise.reject(new SlipwayError('not-possible', `It sends ${job} for ${id}, which has ended`));
        asked.then(
          (accepted) => post({ do: 'answer', event: id, number, accepted }),
          (error: unknown) => post({ do: 'answer', event: id, number, cause: causeOf(error) }),
        );
      }
    });
    post({ do: 'handle', event, try: count });
    await handled;
  }

  /** The next event is handled by the module as it is now. */
  async renew(): Promise<void> {
    const worker = this.#worker;
    this.#worker = this.#loading = undefined;
    await worker?.terminate();
  }

  /** Ends it, and what it is at. */
  async end(): Promise<void> {
    this.#ended = true;
    this.#cut();
    await this.#worker?.terminate();
  }

  #module(): string {
    const { config, packages } = this.options;
    if (isAbsolute(config.file)) return pathToFileURL(config.file).href;
    try {
      const from = createRequire(join(packages ?? CLONE, 'package.json'));
      return pathToFileURL(from.resolve(config.file)).href;
    } catch (error) {
      throw unusable(`the package ${config.file} is not found: ${(error as Error).message.split('\n', 1)[0]}`);
    }
  }

  #begin(settings: ThreadSettings): Worker {
    const { name, said } = this.options;
    const worker = new Worker(PROGRAM, {
      name: `handler ${name}`,
      workerData: settings,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
      stdout: true,
      stderr: true,
    });
    this.#worker = worker;
    for (const stream of [worker.stdout, worker.stderr]) {
      stream.on('data', (text: Buffer) => String(text).trimEnd().split('\n').forEach(said));
    }
    worker.on('error', (error: unknown) => this.#reasons.set(worker, error instanceof Error ? error.message : String(error)));
    worker.on('exit', () => this.#forget(worker));
    return worker;
  }

  /** The next event begins another. */
  #forget(worker: Worker): void {
    if (this.#worker === worker) this.#worker = this.#loading = undefined;
  }

  /** What the thread answers within a time limit; one that does not is ended. */
  #answer(
    worker: Worker,
    limitMs: number,
    hear: (message: FromThread, done: (value: unknown) => void, failed: (error: SlipwayError) => void) => void,
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const settle = (end: () => void) => {
        clearTimeout(timer);
        worker.off('message', listen);
        worker.off('exit', exited);
        this.#cut = () => {};
        end();
      };
      const done = (value: unknown) => settle(() => resolve(value));
      const failed = (error: SlipwayError) => settle(() => reject(error));
      const listen = (message: FromThread) => hear(message, done, failed);
      const exited = () => failed(unusable(this.#reasons.get(worker) ?? 'it has ended its thread'));
      const timer = setTimeout(() => {
        this.#forget(worker);
        failed(unusable(`it did not end within ${limitMs / 1000} s`));
        void worker.terminate();
      }, limitMs);
      worker.on('message', listen);
      worker.on('exit', exited);
      this.#cut = () => failed(new SlipwayError('shutting-down'));
      if (this.#ended) this.#cut();
    });
  }
}

const unusable = (reason: string): SlipwayError => new SlipwayError('handler-failed', reason);
