import { createRequire } from 'node:module';
import { isAbsolute, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { SlipwayError, causeOf, type EventToHandle, type JobKind, type JsonObject } from '@slipway/contracts';
import type { Accepted } from '@slipway/contracts/http';
import type { HandlerConfig } from '@slipway/mesh';
import { BegunThread, unusable } from './begun-thread.js';

/** Where this clone stands: its node_modules hold packages of handlers, unless configuration names another folder. */
const CLONE = join(import.meta.dirname, '../../../..');

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
 *
 * T1. One stands at a time; whatever else was begun is being ended.
 * T2. When `end` has resolved, all that were begun have exited, and none is begun any more.
 */
export class HandlerThread {
  /** The one that stands or is being loaded, until it is over. */
  #thread: BegunThread | undefined;
  /** All that have not exited. */
  readonly #begun = new Set<BegunThread>();
  #ended = false;

  constructor(private readonly options: ThreadOptions) {}

  /**
   * Loads the module unless it is; what it listens to. Throws `handler-failed` that says what is wrong with it, `shutting-down` when it
   * was renewed meanwhile, or ended.
   */
  async load(): Promise<string[]> {
    return this.#standing().names;
  }

  /** Resolves when the event is handled; throws why it was not. */
  async handle(event: EventToHandle, count: number, send: Send): Promise<void> {
    const thread = this.#standing();
    await thread.names;
    const handled = thread.answer<void>(this.options.config.timeoutSeconds * 1000, (message, done, failed) => {
      if (message.told === 'handled') {
        if (message.cause) failed(SlipwayError.from(message.cause));
        else done();
      } else if (message.told === 'send') {
        const { event: id, number, job, body } = message;
        const asked =
          id === event.id
            ? send(number, job, body)
            : Promise.reject(new SlipwayError('not-possible', `It sends ${job} for ${id}, which has ended`));
        asked.then(
          (accepted) => thread.post({ do: 'answer', event: id, number, accepted }),
          (error: unknown) => thread.post({ do: 'answer', event: id, number, cause: causeOf(error) }),
        );
      }
    });
    thread.post({ do: 'handle', event, try: count });
    await handled;
  }

  /** The next event is handled by the module as it is now. */
  async renew(): Promise<void> {
    await this.#thread?.end(new SlipwayError('shutting-down'));
  }

  /** Ends it, and what it is at. */
  async end(): Promise<void> {
    this.#ended = true;
    await Promise.all([...this.#begun].map((thread) => thread.end(new SlipwayError('shutting-down'))));
  }

  #standing(): BegunThread {
    if (this.#ended) throw new SlipwayError('shutting-down');
    if (!this.#thread || this.#thread.over) this.#thread = this.#begin();
    return this.#thread;
  }

  #begin(): BegunThread {
    const { name, config, said } = this.options;
    const settings = { module: this.#module(), handler: name, options: config.options ?? {} };
    const thread = new BegunThread(settings, config.file, { said, exited: () => this.#begun.delete(thread) });
    this.#begun.add(thread);
    return thread;
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
}
