import { Worker } from 'node:worker_threads';
import type { Part } from '@slipway/contracts';
import { SlipwayError, causeOf } from '@slipway/contracts/public';
import { holdsMore } from './holds-more.js';
import type { Asked, Failure, Told } from './messages.js';
import type { Telling, Transfers } from './transfers.js';

/** From so many bytes on. */
const MUCH = 8 * 1024 ** 2;

/** After so long without work the thread is let go, in ms. */
const IDLE_MS = 30_000;

/**
 * Of the thread's heap what is collected cheaply, and with it the buffers that lived shortly: the smaller, the more often, the fewer
 * of them wait for it.
 */
const YOUNG_MB = 1;

/** Sources (which Jest reads) stand in `src/`, what a thread can run in `dist/`. */
const PROGRAM = new URL(
  './thread.js',
  import.meta.url.endsWith('.ts') ? import.meta.url.replace(/\/src\/(?!.*\/src\/)/, '/dist/') : import.meta.url,
);

type Call = Exclude<Asked, { do: 'abort' }> extends infer One ? (One extends unknown ? Omit<One, 'id'> : never) : never;
type Answer = Extract<Told, { kept: unknown } | { given: true }>;

interface Waiting {
  progress: Telling['progress'];
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

/**
 * Transfers between this machine's files and a store of blobs in a folder, by a thread that all of the process share: what many
 * bytes leave behind is then collected in its small heap, and no hash of theirs holds up anybody else. It is there while there is
 * something to do. If it ends by itself, what it did fails (`driver-failed`), and the next transfer has a new one.
 */
export const threadTransfers = (blobs: string, { much = MUCH } = {}): Transfers => ({
  isMuch: (what) => holdsMore(what, much),
  async keep(what, holder, telling) {
    const answer = await thread.call({ do: 'keep', blobs, what, holder }, telling);
    return (answer as Extract<Told, { kept: unknown }>).kept;
  },
  give(part: Part, telling: Telling) {
    if (part.contentBytes <= much) return undefined;
    return {
      unpackTo: async (folder) => void (await thread.call({ do: 'give', blobs, part, to: { folder } }, telling)),
      writeTo: async (file, { mode } = {}) =>
        void (await thread.call({ do: 'give', blobs, part, to: { file }, ...(mode !== undefined && { mode }) }, telling)),
    };
  },
});

class TransferThread {
  readonly #calls = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #ids = 0;

  async call(asked: Call, { signal, progress }: Telling): Promise<Answer> {
    signal.throwIfAborted();
    const id = ++this.#ids;
    const onAbort = () => this.#send({ id, do: 'abort', cause: causeOf(signal.reason) });
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await new Promise<Answer>((resolve, reject) => {
        this.#calls.set(id, { progress, resolve, reject });
        this.#send({ ...asked, id });
      });
    } catch (error) {
      // With the reason itself, as everywhere.
      signal.throwIfAborted();
      throw error;
    } finally {
      signal.removeEventListener('abort', onAbort);
      this.#ended(id);
    }
  }

  #send(asked: Asked): void {
    clearTimeout(this.#idle);
    const worker = (this.#worker ??= this.#start());
    worker.ref();
    worker.postMessage(asked);
  }

  #ended(id: number): void {
    this.#calls.delete(id);
    if (this.#calls.size > 0) return;
    this.#worker?.unref();
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#letGo(), IDLE_MS).unref();
  }

  #letGo(): void {
    const worker = this.#worker;
    this.#worker = undefined;
    void worker?.terminate();
  }

  #start(): Worker {
    const started = new Worker(PROGRAM, { name: 'transfers', resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB } });
    started.on('message', (told: Told) => this.#heard(told));
    const lost = (reason: string) => {
      if (this.#worker !== started) return;
      this.#worker = undefined;
      for (const { reject } of this.#calls.values())
        reject(new SlipwayError('driver-failed', `The thread that transfers data ${reason}`, { reason }));
    };
    started.once('error', (error) => lost(`failed: ${(error as Error).message}`));
    started.once('exit', () => lost('has ended'));
    return started;
  }

  #heard(told: Told): void {
    const call = this.#calls.get(told.id);
    if (!call) return;
    if ('progress' in told) call.progress(undefined, told.progress);
    else if ('failed' in told) call.reject(errorOf(told.failed));
    else call.resolve(told);
  }
}

const thread = new TransferThread();

function errorOf(failure: Failure): Error {
  if ('cause' in failure) return SlipwayError.from(failure.cause);
  const { message, code, syscall } = failure;
  return Object.assign(new Error(message), { ...(code !== undefined && { code }), ...(syscall !== undefined && { syscall }) });
}
