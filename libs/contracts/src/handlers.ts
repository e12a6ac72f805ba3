import type { Completion } from './completions.js';
import type { JobKind } from './job.js';
import type { JsonObject } from './json.js';
import type { EventView } from './live.js';

/** An event as a handler gets it. */
export interface EventToHandle {
  id: string;
  /** What it was heard under: `dfe.provisioned`, `events.request.failed`. */
  name: string;
  /** Under `dfe.…` a {@link Completion}, under `events.…` an {@link EventView}. */
  data: Completion | EventView;
}

/** What a handler may use. */
export interface HandlerContext {
  /** The event's id: the same each time the same event comes, so that what was done once can be recognised. */
  key: string;
  /** The handler's name in the configuration. */
  handler: string;
  /** Grows with each try, from 1. */
  try: number;
  /** Its `options` in the configuration. */
  options: JsonObject;
  /**
   * Asks for a job in the handler's name. Its key is made of handler, event and the how-manieth call this is, so that the same
   * event that comes again asks for nothing twice. Throws what the orchestrator refuses with, by its `code`.
   */
  send(job: JobKind, body: object): Promise<{ requestId: string; position: string; repeated?: boolean }>;
}

/** What a handler's file or package exports. */
export interface HandlerModule {
  /** Names that it listens to: `dfe.<completion>`, `events.<category>.<event>`; `*` stands for one part, `>` for all that follow. */
  names: string[];
  /** Resolves when the event is handled. When it throws, it is called again, then the event is parked. */
  handle(event: EventToHandle, context: HandlerContext): unknown;
}

/** Which events a handler hears: parts apart by dots, `*` for any one, `>` at the end for all that follow. */
export const EVENT_NAME = /^(dfe|events)(\.([a-z0-9-]+|\*))*(\.([a-z0-9-]+|\*|>))$/;
