import { Worker } from 'node:worker_threads';
import { SlipwayError, type Cause, type Json } from '@slipway/contracts';
import type { OpenEventLogOptions } from '../open.js';
import type { Upcasters } from '../upcasters.js';
import type { Projection } from './projection.js';
import type { ModelsState, Whole } from './projector.js';

/** What a registry module exports: the projections of a file, in one place that the worker imports by its URL. */
export interface Registry {
  projections: readonly Projection[];
  upcasters?: Upcasters;
  /** Opens what parts of events stand in, by {@link WorkerSettings.elsewhere}. */
  wholeFrom?(elsewhere: Json): Promise<Whole>;
}

export interface WorkerSettings {
  file: string;
  /** URL of the built registry module. */
  registry: string;
  /** How the worker opens the log for itself. */
  log: Pick<OpenEventLogOptions, 'eventLog' | 'folder'>;
  keepHistory?: number;
  /** Where parts of events stand that were too large for the log, as the registry means it. */
  elsewhere?: Json;
}

/** What runs a projector and passes on what it says. */
export interface Projecting {
  skip(view: string, eventId: string): Promise<void>;
  snapshotTo(file: string): Promise<void>;
  close(): Promise<void>;
}

export interface Told {
  changed(state: ModelsState): void;
  /** The worker died; it is started again. */
  died(reason: string): void;
}

type Order = { do: 'skip'; view: string; event: string } | { do: 'snapshot'; file: string } | { do: 'close' };
export type Call = Order & { call: number };
export type Answer = { call: number; error?: Cause };

const RESTART_AFTER = 1_000;

/** Runs the projector in a worker thread, from the built sources; a worker that dies is started again. */
export class InWorker implements Projecting {
  private worker!: Worker;
  private closing = false;
  private calls = 0;
  private readonly waiting = new Map<number, { resolve(): void; reject(error: unknown): void }>();
  private restart?: NodeJS.Timeout;

  constructor(
    private readonly settings: WorkerSettings,
    private readonly told: Told,
  ) {
    this.begin();
  }

  skip(view: string, event: string): Promise<void> {
    return this.order({ do: 'skip', view, event });
  }

  snapshotTo(file: string): Promise<void> {
    return this.order({ do: 'snapshot', file });
  }

  async close(): Promise<void> {
    this.closing = true;
    clearTimeout(this.restart);
    const exited = new Promise((resolve) => this.worker.once('exit', resolve));
    if (this.worker.threadId < 0) return;
    await this.order({ do: 'close' }).catch(() => this.worker.terminate());
    await exited;
  }

  private begin(): void {
    const source = import.meta.url.endsWith('.ts') ? '../../dist/read-models/worker.js' : './worker.js';
    let failure = 'it ended';
    this.worker = new Worker(new URL(source, import.meta.url), { name: 'read-models', workerData: this.settings });
    this.worker.on('message', (message: Answer | { state: ModelsState }) => {
      if ('state' in message) this.told.changed(message.state);
      else this.settle(message);
    });
    this.worker.on('error', (error: unknown) => (failure = error instanceof Error ? error.message : String(error)));
    this.worker.on('exit', () => {
      const error = new SlipwayError('shutting-down', `The worker of the read models has ended: ${failure}`);
      for (const { reject } of this.waiting.values()) reject(error);
      this.waiting.clear();
      if (this.closing) return;
      this.told.died(failure);
      this.restart = setTimeout(() => this.begin(), RESTART_AFTER);
    });
  }

  private order(order: Order): Promise<void> {
    return new Promise((resolve, reject) => {
      this.calls += 1;
      this.waiting.set(this.calls, { resolve, reject });
      this.worker.postMessage({ ...order, call: this.calls } satisfies Call);
    });
  }

  private settle({ call, error }: Answer): void {
    const waiting = this.waiting.get(call);
    this.waiting.delete(call);
    if (error) waiting?.reject(SlipwayError.from(error));
    else waiting?.resolve();
  }
}
